"""A rule's condition in a form: the common shapes as ticks, everything else as it is written.

The common shape is one level of *all of* or *any of*: a relation, a consent for the rule's own purpose, a kind, an age, a
state of the record, an unknown source, each of them so or not so. Conditions of other shapes keep their own notation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Raw = dict[str, tuple[str, ...]]
Plain = Any

#: Inputs of the common shape below the field's key.
PARTS = ("relation", "consent", "kind", "age", "state", "unproven")
OWN_CONSENT = ("$purpose", "$channel")
_FACTS = {"kind": "subject.kind", "age": "subject.age_status", "state": "subject.state"}
WRITTEN = "text"


def raw_of(key: str, when: Plain) -> Raw:
    """The condition as inputs: ``when.join`` all | any | text | none, then its parts, or the notation in ``when.text``."""
    if when is None:
        return {f"{key}.join": ("none",)}
    join, parts = _split(when)
    found: Raw = {f"{key}.join": (join,)}
    for part in parts:
        told = _told(part)
        if told is None or f"{key}.{told[0]}.is" in found:
            return {f"{key}.join": (WRITTEN,), f"{key}.{WRITTEN}": (notation(when),)}
        name, is_so, values = told
        found |= {f"{key}.{name}.is": ("yes" if is_so else "no",), f"{key}.{name}": values}
    return found


def _split(when: Plain) -> tuple[str, tuple[Plain, ...]]:
    if isinstance(when, Mapping) and len(when) == 1:
        (op, operand), *_rest = when.items()
        if op in ("all", "any") and isinstance(operand, (list, tuple)) and len(operand) > 1:
            return op, tuple(operand)
    return "all", (when,)


def _told(part: Plain) -> tuple[str, bool, tuple[str, ...]] | None:
    """(input, so or not, values) of one part; None where the common shape has no word for it."""
    if not isinstance(part, Mapping) or len(part) != 1:
        return None
    (op, operand), *_rest = part.items()
    if op == "not":
        inner = _told(operand) if isinstance(operand, Mapping) and "not" not in operand else None
        return (inner[0], not inner[1], inner[2]) if inner else None
    if op == "granted" and operand:
        return "relation", True, (operand,) if isinstance(operand, str) else tuple(map(str, operand))
    if op == "has_consent" and not isinstance(operand, str) and tuple(operand) == OWN_CONSENT:
        return "consent", True, ("own",)
    if op == "state_is" and operand:
        return "state", True, (operand,) if isinstance(operand, str) else tuple(map(str, operand))
    return _fact(op, operand)


def _fact(op: str, operand: Plain) -> tuple[str, bool, tuple[str, ...]] | None:
    if not isinstance(operand, (list, tuple)) or len(operand) != 2:
        return None
    name, value = operand
    if name == "subject.unproven" and op in ("eq", "ne") and isinstance(value, bool):
        return "unproven", (op == "eq") == value, ("yes",)
    part = next((part for part, fact in _FACTS.items() if fact == name and part != "state"), None)
    if part is None:
        return None
    if op == "in" and isinstance(value, (list, tuple)) and value and all(isinstance(one, str) for one in value):
        return part, True, tuple(value)
    return (part, op == "eq", (value,)) if op in ("eq", "ne") and isinstance(value, str) else None


def plain_of(key: str, raw: Raw) -> Plain:
    """The inputs as a condition, None for none. What was written is read; what cannot be read stays text, and the check
    says what is wrong with it."""
    join = _first(raw, f"{key}.join")
    if join == WRITTEN:
        return read(_first(raw, f"{key}.{WRITTEN}"))
    if join not in ("all", "any"):
        return None
    named = [name.removeprefix(f"{key}.") for name in raw]
    parts = [
        part for name in named
        if name in PARTS and (part := _part(name, raw.get(f"{key}.{name}", ()), _first(raw, f"{key}.{name}.is")))
    ]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {join: tuple(parts)}


def said(key: str, raw: Raw) -> Raw:
    """The inputs that say something: a form also sends 是/不是 of parts that nobody ticked, and a text that is not used."""
    join = _first(raw, f"{key}.join")
    if join == WRITTEN:
        return {f"{key}.join": (join,), f"{key}.{WRITTEN}": raw.get(f"{key}.{WRITTEN}", ())}
    ticked = [name for name in PARTS if raw.get(f"{key}.{name}")] if join in ("all", "any") else []
    found: Raw = {f"{key}.join": (join,)} if join else {}
    for name in [name.removeprefix(f"{key}.") for name in raw]:
        if name in ticked:
            found |= {f"{key}.{name}.is": raw.get(f"{key}.{name}.is", ("yes",)), f"{key}.{name}": raw[f"{key}.{name}"]}
    return found


def _part(name: str, values: tuple[str, ...], is_so: str) -> Plain:
    if not values:
        return None
    if name == "relation":
        part: Plain = {"granted": values}
    elif name == "consent":
        part = {"has_consent": OWN_CONSENT}
    elif name == "unproven":
        return {"eq": ("subject.unproven", is_so != "no")}
    elif name == "state":
        part = {"state_is": values}
    elif name == "kind" and len(values) == 1:
        part = {"eq": (_FACTS[name], values[0])}
    else:
        part = {"in": (_FACTS[name], values)}
    return {"not": part} if is_so == "no" else part


def _first(raw: Raw, name: str) -> str:
    return next(iter(raw.get(name, ())), "")


def notation(when: Plain) -> str:
    """A condition as the file has it, on one line."""
    from kexin.regime.queries import notation as written

    return written(when)


def read(text: str) -> Plain:
    """A condition as somebody wrote it; text that is none stays text."""
    from kexin.regime.queries import read_notation

    return read_notation(text)
