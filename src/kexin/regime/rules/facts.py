"""The facts of a subject that a condition may name: kind, closed values, and whether they may be unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kexin.regime.types.decision import SubjectFacts

#: Prefix of facts that stand for an attribute with ``storage: facet``: ``facet.city``.
FACET = "facet"
#: TRUE while a record lies in the 回收站. Not for conditions: the decision itself closes such a record.
DISCARDED = "subject.discarded"


class UnknownFact(ValueError):
    """The rulebook or a programmer names a fact that does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown fact {name!r}; known: {', '.join(FACTS)} and {FACET}.<attribute>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact. ``kind`` text | boolean | instant; ``values`` closes a text; ``nullable``: a row may not know it."""

    kind: str
    values: tuple[str, ...] = ()
    nullable: bool = False


FACTS: Mapping[str, Fact] = {
    "subject.kind": Fact(kind="text", values=("person", "organisation")),
    "subject.state": Fact(kind="text", values=("active", "frozen", "erasing", "erased")),
    "subject.age_status": Fact(kind="text", values=("adult", "minor", "under14", "unknown")),
    "subject.unproven": Fact(kind="boolean"),
    "subject.contact_at": Fact(kind="instant", nullable=True),
    "subject.created_at": Fact(kind="instant"),
}


def fact_value(subject: SubjectFacts, name: str) -> Any:
    """The value of a fact, None when unknown. A value of another kind than declared is unknown, as it is in SQL."""
    room, _, key = name.partition(".")
    if room == FACET:
        value = subject.facets.get(key)
        return value if isinstance(value, str) else None
    value = getattr(subject, key)
    kind = FACTS[name].kind
    if kind == "text":
        return value if isinstance(value, str) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    return value if isinstance(value, datetime) else None
