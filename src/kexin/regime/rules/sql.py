"""The condition tree as SQL over alias ``s``. Each node becomes two questions that are never NULL: is it TRUE, is it
FALSE. So nothing outside a leaf ever meets a NULL, and `NOT` never has to be trusted with one.

What belongs to the asker and the instant is a parameter; words of the rulebook are quoted by `literal` alone, because a
statement whose only unknowns are an asker and an instant is planned once, and planning a governed list costs more than
running it. Names come from `facts.register`, written by programmers. Consents and grants are questions over data, never
rule text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kexin.regime.rules.conditions import All, Any_, Compare, Granted, HasConsent, In, IsSet, Node, Not
from kexin.regime.rules.evaluator import GIVEN
from kexin.regime.rules.facts import FACET, UnknownFact
from kexin.regime.types.decision import Actor, Sql

TRUE = Sql("TRUE")
FALSE = Sql("FALSE")

_OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_STATE = "subject.state"

#: Grants that an asker holds to a row now.
_GRANTS = (
    "FROM regime_grant g WHERE g.subject_id = s.id AND g.principal_id = ANY({who}) AND g.purpose = ANY({purposes})"
    " AND (g.until IS NULL OR g.until > {at})"
)
#: The same for the asker of a frame: three parameters (`Frame.asker`).
_MINE = _GRANTS.format(who="%s::uuid[]", purposes="%s::text[]", at="%s::timestamptz")
#: The columns that `held` and `consents` bring to rows of alias ``s``.
RELATIONS, CONSENTS = "s.held_relations", "s.held_consents"
_HELD = "ARRAY(SELECT g.relation {grants})::text[] AS held_relations"
_CONSENTS = (
    "(SELECT json_agg(json_build_array(c.purpose, c.channel, CASE WHEN c.status = 'given' AND c.valid_until <= {at}"
    " THEN 'expired' ELSE c.status END))::text FROM regime_consentstate c WHERE c.subject_id = s.id) AS held_consents"
)
_CONSENT = "EXISTS (SELECT 1 FROM regime_consentstate c WHERE c.subject_id = s.id AND c.purpose = {} AND c.channel = {}"
_GIVEN = f"(c.status = '{GIVEN}' AND (c.valid_until IS NULL OR c.valid_until > %s::timestamptz))"


def literal(text: str) -> str:
    """A word of the rulebook inside a statement that is sent with parameters. The backslash form means the same
    whatever a server thinks of backslashes. Raises ValueError for what no PostgreSQL can take."""
    if "\x00" in text:
        raise ValueError("a text with NUL cannot be asked for")
    quoted = text.replace("'", "''").replace("%", "%%")
    return "E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in text else f"'{quoted}'"


def literals(texts: Iterable[str]) -> str:
    """Words of the rulebook as a text array."""
    return f"ARRAY[{', '.join(literal(text) for text in texts)}]::text[]"


def array(texts: Iterable[str]) -> str:
    """A parameter that PostgreSQL reads as an array: one text for the driver, which would ask every element its type."""
    return "{" + ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts) + "}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a compilation is bound to. ``asker``: the principals, purposes and instant of a question about grants, as
    parameters (none where the asker has no principal). ``states``: what `subject.state` can be on the rows in question;
    empty: anything. ``held``: the rows bring what `held` says, so that a relation is a look into it."""

    asker: tuple[str, ...]
    at: str
    standing: frozenset[str]
    facts: Mapping[str, str]
    states: frozenset[str] = frozenset()
    held: bool = False


def frame(actor: Actor, *, at: datetime, facts: Mapping[str, str], states: Iterable[str] = ()) -> Frame:
    """The frame of an asker at an instant."""
    instant = at.isoformat()
    return Frame(
        asker=_asker(actor.principal_ids, actor.purpose, instant) if actor.principal_ids else (),
        at=instant,
        standing=actor.standing,
        facts=facts,
        states=frozenset(states),
    )


def _asker(principals: Iterable[uuid.UUID], purpose: str, instant: str) -> tuple[str, ...]:
    return array(str(one) for one in principals), array(purposes(purpose)), instant


def purposes(purpose: str) -> list[str]:
    """Purposes of a grant that hold under this one. A purpose that no database can hold holds nowhere."""
    return ["", purpose] if purpose and purpose.isprintable() else [""]


def held(actor: Actor, *, at: datetime) -> Sql:
    """The column that brings to a row ``s`` what the asker holds to it."""
    return Sql(_HELD.format(grants=_MINE), _asker(actor.principal_ids, actor.purpose, at.isoformat()))


def consents(*, at: datetime) -> Sql:
    """The column that brings the consents of a row ``s`` for a single decision."""
    return Sql(_CONSENTS.format(at="%s::timestamptz"), (at.isoformat(),))


def brought(*, who: str, purposes: str, at: str) -> str:
    """Both columns for an asker whom the same statement finds: expressions instead of parameters."""
    return f"{_HELD.format(grants=_GRANTS.format(who=who, purposes=purposes, at=at))}, {_CONSENTS.format(at=at)}"


def is_true(node: Node, frame: Frame) -> Sql:
    """SQL that is TRUE exactly where the evaluator says True, else FALSE."""
    return _compile(node, frame, wanted=True)


def is_false(node: Node, frame: Frame) -> Sql:
    """SQL that is TRUE exactly where the evaluator says False, else FALSE."""
    return _compile(node, frame, wanted=False)


def _compile(node: Node, frame: Frame, *, wanted: bool) -> Sql:
    match node:
        case Not(part):
            return _compile(part, frame, wanted=not wanted)
        case All(parts):
            return (conjunction if wanted else disjunction)(_compile(one, frame, wanted=wanted) for one in parts)
        case Any_(parts):
            return (disjunction if wanted else conjunction)(_compile(one, frame, wanted=wanted) for one in parts)
        case Granted(relations):
            found = _granted(relations, frame)
            return found if wanted else negation(found)
        case HasConsent(purpose, channel):
            given = _GIVEN if wanted else f"NOT {_GIVEN}"
            asked = _CONSENT.format(literal(purpose), literal(channel))
            return Sql(f"{asked} AND {given})", (frame.at,))
        case IsSet(fact):
            return Sql(f"({_fact(fact, frame)} IS {'NOT NULL' if wanted else 'NULL'})")
        case In(fact, values):
            return _in(fact, values, frame, wanted=wanted)
        case Compare(op, fact, value):
            return Sql(f"(({_fact(fact, frame)}{_compared(op, value)}) IS {'TRUE' if wanted else 'FALSE'})")
    raise TypeError(f"not a condition: {node!r}")


def _compared(op: str, value: str | bool | datetime) -> str:
    """Operator and value. Byte order: a text is equal only to itself, whatever the collation of the database thinks."""
    if isinstance(value, bool):
        return f" {_OPERATORS[op]} {str(value).upper()}"
    if isinstance(value, datetime):
        return f" {_OPERATORS[op]} {literal(value.isoformat())}::timestamptz"
    return f' COLLATE "C" {_OPERATORS[op]} {literal(value)}'


def _granted(relations: tuple[str, ...], frame: Frame) -> Sql:
    if not relations:
        return FALSE
    if not frame.standing.isdisjoint(relations):
        return TRUE
    if not frame.asker:
        return FALSE
    if frame.held:
        return Sql(f"({RELATIONS} && {literals(relations)})")
    return Sql(f"EXISTS (SELECT 1 {_MINE} AND g.relation = ANY({literals(relations)}))", frame.asker)


def _in(fact: str, values: tuple[str, ...], frame: Frame, *, wanted: bool) -> Sql:
    """A state that the rows in question cannot have, or must have, is no question to them."""
    inside = frame.states.intersection(values) if fact == _STATE else frozenset()
    if not values or (fact == _STATE and frame.states and not inside):
        return FALSE if wanted else TRUE
    if inside and inside == frame.states:
        return TRUE if wanted else FALSE
    test = f'({_fact(fact, frame)} COLLATE "C" = ANY({literals(values)}))'
    return Sql(f"({test} IS {'TRUE' if wanted else 'FALSE'})")


def _fact(fact: str, frame: Frame) -> str:
    """The expression of a fact. A facet counts as a fact only while it is a JSON text, as in the evaluator."""
    room, _, key = fact.partition(".")
    column = frame.facts.get(FACET if room == FACET else fact)
    if column is None:
        raise UnknownFact(fact)
    if room == FACET:
        return f"(CASE WHEN jsonb_typeof({column}->{literal(key)}) = 'string' THEN {column}->>{literal(key)} END)"
    return f"({column})"


def conjunction(parts: Iterable[Sql]) -> Sql:
    """AND of questions that are never NULL; empty is TRUE."""
    kept = [one for one in dict.fromkeys(parts) if one.text != TRUE.text]
    if any(one.text == FALSE.text for one in kept):
        return FALSE
    return _join(" AND ", kept, empty=TRUE)


def disjunction(parts: Iterable[Sql]) -> Sql:
    """OR of questions that are never NULL; empty is FALSE."""
    kept = [one for one in dict.fromkeys(parts) if one.text != FALSE.text]
    if any(one.text == TRUE.text for one in kept):
        return TRUE
    return _join(" OR ", kept, empty=FALSE)


def negation(part: Sql) -> Sql:
    """NOT of a question that is never NULL."""
    if part.text in (TRUE.text, FALSE.text):
        return FALSE if part.text == TRUE.text else TRUE
    return Sql(f"(NOT {part.text})", part.params)


def _join(word: str, parts: list[Sql], *, empty: Sql) -> Sql:
    if not parts:
        return empty
    if len(parts) == 1:
        return parts[0]
    return Sql("(" + word.join(one.text for one in parts) + ")", tuple(p for one in parts for p in one.params))
