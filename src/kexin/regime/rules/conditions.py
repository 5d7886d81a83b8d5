"""The closed condition language: one small tree, parsed from plain data with its types checked, bound to a purpose.

    {all: [{in: [subject.age_status, [minor, under14]]}, {not: {granted: [minor_approval]}}]}

Operators: eq ne in lt le gt ge is_set granted has_consent state_is all any not. Nothing else will be added: what
compiles to two languages with one meaning stays small. No patterns, casts, arithmetic, recursion or functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from kexin.regime.rules.facts import FACET, FACTS, Fact
from kexin.regime.types.rulebook import PurposeDef, Relation

MAX_DEPTH = 8
MAX_NODES = 64
MAX_VALUES = 200
MAX_TEXT = 200
#: Stand for the purpose of the question and for its channel; bound when a bundle is compiled.
THIS_PURPOSE = "$purpose"
THIS_CHANNEL = "$channel"


class ConditionInvalid(ValueError):
    """A condition that cannot be compiled. ``path`` leads to it (``all[1].not``), ``remedy`` says what would do."""

    def __init__(self, path: str, detail: str, remedy: str = "") -> None:
        super().__init__(f"{path or 'when'}: {detail}" + (f" ({remedy})" if remedy else ""))
        self.path = path
        self.detail = detail
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Compare:
    """``fact op value`` with op eq | ne | lt | le | gt | ge. UNKNOWN while the fact is."""

    op: str
    fact: str
    value: str | bool | datetime


@dataclass(frozen=True, slots=True)
class In:
    """Whether the fact is one of the values. Empty values are FALSE even for an unknown fact."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsSet:
    """Whether the fact is known. Always TRUE or FALSE."""

    fact: str


@dataclass(frozen=True, slots=True)
class Granted:
    """Whether the asker holds one of these relations now. Always TRUE or FALSE; empty relations are FALSE."""

    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasConsent:
    """TRUE: given and valid. FALSE: refused, withdrawn, expired, stale. UNKNOWN: never asked (no consent state)."""

    purpose: str
    channel: str


@dataclass(frozen=True, slots=True)
class All:
    """FALSE wins, then UNKNOWN; an empty one is TRUE."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """TRUE wins, then UNKNOWN; an empty one is FALSE."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """UNKNOWN stays UNKNOWN."""

    part: Node


Node: TypeAlias = Compare | In | IsSet | Granted | HasConsent | All | Any_ | Not

ALWAYS = All(())
_ORDER = ("lt", "le", "gt", "ge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a condition may name: attributes stored as facets with their closed choices, purposes, relations."""

    facets: Mapping[str, tuple[str, ...]]
    purposes: Mapping[str, PurposeDef]
    relations: frozenset[str] = frozenset(relation.value for relation in Relation)


def parse(data: Any, words: Words) -> Node:
    """Read a condition from plain data (None = always). Raises ConditionInvalid, nothing else, whatever comes in."""
    if data is None:
        return ALWAYS
    return _Reader(words).node(data, "when", 1)


class _Reader:
    """One reading of one condition; counts nodes so that no rulebook can be a bomb."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.nodes = 0

    def node(self, data: Any, path: str, depth: int) -> Node:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ConditionInvalid(path, f"more than {MAX_DEPTH} levels or {MAX_NODES} parts", "split the rule")
        if not isinstance(data, Mapping) or len(data) != 1:
            raise ConditionInvalid(path, "one operator with its operands is expected", "like {granted: [owner]}")
        op, operand = next(iter(data.items()))
        here = f"{path}.{op}" if isinstance(op, str) else path
        reader = self._readers().get(op) if isinstance(op, str) else None
        if reader is None:
            raise ConditionInvalid(path, f"unknown operator {str(op)[:40]!r}", "use one of " + ", ".join(OPERATORS))
        node: Node = reader(op, operand, here, depth)
        return node

    def _readers(self) -> Mapping[str, Any]:
        return {
            **dict.fromkeys(("eq", "ne", *_ORDER), self._compare),
            "in": self._in,
            "is_set": self._is_set,
            "granted": self._granted,
            "has_consent": self._has_consent,
            "state_is": self._state_is,
            "all": self._group,
            "any": self._group,
            "not": self._not,
        }

    def _group(self, op: str, operand: Any, path: str, depth: int) -> Node:
        items = _sequence(operand, path)
        parts = tuple(self.node(item, f"{path}[{place}]", depth + 1) for place, item in enumerate(items))
        return All(parts) if op == "all" else Any_(parts)

    def _not(self, op: str, operand: Any, path: str, depth: int) -> Node:
        return Not(self.node(operand, path, depth + 1))

    def _compare(self, op: str, operand: Any, path: str, depth: int) -> Node:
        pair = _sequence(operand, path)
        if len(pair) != 2:
            raise ConditionInvalid(path, "a fact and a value are expected", "like [subject.kind, person]")
        name, fact = self._fact(pair[0], path)
        if op in _ORDER and fact.kind != "instant":
            raise ConditionInvalid(path, f"{name} has no order", "use eq, ne or in")
        return Compare(op, name, _value(pair[1], name, fact, path))

    def _in(self, op: str, operand: Any, path: str, depth: int) -> Node:
        pair = _sequence(operand, path)
        if len(pair) != 2:
            raise ConditionInvalid(path, "a fact and a list are expected", "like [subject.kind, [person]]")
        name, fact = self._fact(pair[0], path)
        if fact.kind != "text":
            raise ConditionInvalid(path, f"{name} is not a text", "use eq or ne")
        return In(name, tuple(str(_value(item, name, fact, path)) for item in _sequence(pair[1], path)))

    def _is_set(self, op: str, operand: Any, path: str, depth: int) -> Node:
        name, _ = self._fact(operand, path)
        return IsSet(name)

    def _granted(self, op: str, operand: Any, path: str, depth: int) -> Node:
        relations = [operand] if isinstance(operand, str) else _sequence(operand, path)
        for relation in relations:
            if not isinstance(relation, str) or relation not in self.words.relations:
                known = ", ".join(sorted(self.words.relations))
                raise ConditionInvalid(path, f"unknown relation {str(relation)[:40]!r}", f"use one of {known}")
        return Granted(tuple(dict.fromkeys(str(relation) for relation in relations)))

    def _has_consent(self, op: str, operand: Any, path: str, depth: int) -> Node:
        items = [operand] if isinstance(operand, str) else _sequence(operand, path)
        if len(items) not in (1, 2) or not all(isinstance(item, str) for item in items):
            raise ConditionInvalid(path, "a purpose, and if it has several ways a channel", "like [mkt_sms, sms]")
        purpose = items[0]
        if purpose != THIS_PURPOSE and purpose not in self.words.purposes:
            raise ConditionInvalid(path, f"unknown purpose {purpose[:40]!r}", f"a purpose code or {THIS_PURPOSE}")
        channel = items[1] if len(items) == 2 else THIS_CHANNEL
        if channel == THIS_CHANNEL and purpose != THIS_PURPOSE:
            channel = self.words.purposes[purpose].channel
        return HasConsent(purpose, _text(channel, path))

    def _state_is(self, op: str, operand: Any, path: str, depth: int) -> Node:
        states = [operand] if isinstance(operand, str) else operand
        return self._in(op, ["subject.state", states], path, depth)

    def _fact(self, name: Any, path: str) -> tuple[str, Fact]:
        if isinstance(name, str) and name in FACTS:
            return name, FACTS[name]
        room, _, key = name.partition(".") if isinstance(name, str) else ("", "", "")
        if room == FACET and key in self.words.facets:
            return str(name), Fact(kind="text", values=self.words.facets[key], nullable=True)
        known = ", ".join(FACTS)
        raise ConditionInvalid(path, f"unknown fact {str(name)[:60]!r}", f"{known} or {FACET}.<open attribute>")


OPERATORS = ("eq", "ne", *_ORDER, "in", "is_set", "granted", "has_consent", "state_is", "all", "any", "not")


def _sequence(value: Any, path: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise ConditionInvalid(path, "a list is expected")
    if len(value) > MAX_VALUES:
        raise ConditionInvalid(path, f"more than {MAX_VALUES} values")
    return value


def _text(value: Any, path: str) -> str:
    """A text that PostgreSQL can hold: no NUL, no lone surrogate."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\x00" in value:
        raise ConditionInvalid(path, f"a text of at most {MAX_TEXT} characters is expected")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ConditionInvalid(path, "the text is not valid Unicode") from None
    return value


def _value(value: Any, name: str, fact: Fact, path: str) -> str | bool | datetime:
    if fact.kind == "boolean":
        if not isinstance(value, bool):
            raise ConditionInvalid(path, f"{name} is true or false")
        return value
    if fact.kind == "instant":
        return _instant(value, name, path)
    text = _text(value, path)
    if fact.values and text not in fact.values:
        raise ConditionInvalid(path, f"{name} is never {text[:40]!r}", "one of " + ", ".join(fact.values))
    return text


def _instant(value: Any, name: str, path: str) -> datetime:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        instant = None
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise ConditionInvalid(path, f"{name} is compared with an instant", "like 2026-01-01T00:00:00+08:00")
    return instant


def bind(node: Node, purpose: PurposeDef) -> Node:
    """The same condition for one purpose: ``$purpose`` and ``$channel`` become that purpose and its channel."""
    if isinstance(node, HasConsent):
        bound = purpose.key if node.purpose == THIS_PURPOSE else node.purpose
        return HasConsent(bound, purpose.channel if node.channel == THIS_CHANNEL else node.channel)
    if isinstance(node, Not):
        return replace(node, part=bind(node.part, purpose))
    if isinstance(node, (All, Any_)):
        return replace(node, parts=tuple(bind(part, purpose) for part in node.parts))
    return node


def atoms(node: Node) -> Iterator[Node]:
    """The leaves of a condition, in reading order, repeats included."""
    if isinstance(node, Not):
        yield from atoms(node.part)
    elif isinstance(node, (All, Any_)):
        for part in node.parts:
            yield from atoms(part)
    else:
        yield node


def describe(node: Node) -> str:
    """One line for people and snapshots."""
    match node:
        case Compare(op, fact, value):
            return f"{fact} {op} {value.isoformat() if isinstance(value, datetime) else value}"
        case In(fact, values):
            return f"{fact} in [{', '.join(values)}]"
        case IsSet(fact):
            return f"{fact} is set"
        case Granted(relations):
            return f"granted [{', '.join(relations)}]"
        case HasConsent(purpose, channel):
            return f"consent {purpose}" + (f"/{channel}" if channel else "")
        case Not(part):
            return f"not ({describe(part)})"
        case All(parts):
            return " and ".join(_braced(part) for part in parts) or "always"
        case Any_(parts):
            return " or ".join(_braced(part) for part in parts) or "never"


def _braced(node: Node) -> str:
    many = isinstance(node, (All, Any_)) and len(node.parts) > 1
    return f"({describe(node)})" if many else describe(node)
