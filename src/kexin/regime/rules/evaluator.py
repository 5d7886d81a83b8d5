"""The condition tree against one subject, in three values: True, False, None (UNKNOWN). Kleene's strong logic."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from kexin.regime.rules.conditions import All, Any_, Compare, Granted, HasConsent, In, IsSet, Node, Not
from kexin.regime.rules.facts import fact_value
from kexin.regime.types.decision import SubjectFacts

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}

GIVEN = "given"


def evaluate(node: Node, subject: SubjectFacts) -> bool | None:
    """The truth of a condition for one subject; None where a fact that matters is not known."""
    kind = type(node)
    if kind is Granted:
        return not subject.grants.isdisjoint(node.relations)  # type: ignore[union-attr]
    if kind is All:
        return _all(node.parts, subject)  # type: ignore[union-attr]
    if kind is Any_:
        return _any(node.parts, subject)  # type: ignore[union-attr]
    if kind is Not:
        truth = evaluate(node.part, subject)  # type: ignore[union-attr]
        return None if truth is None else not truth
    return _leaf(node, subject)


def _leaf(node: Node, subject: SubjectFacts) -> bool | None:
    if isinstance(node, HasConsent):
        status = subject.consents.get((node.purpose, node.channel))
        return None if status is None else status == GIVEN
    if isinstance(node, IsSet):
        return fact_value(subject, node.fact) is not None
    if isinstance(node, In):
        if not node.values:
            return False
        value = fact_value(subject, node.fact)
        return None if value is None else value in node.values
    if isinstance(node, Compare):
        value = fact_value(subject, node.fact)
        return None if value is None else _COMPARE[node.op](value, node.value)
    raise TypeError(f"not a condition: {node!r}")


def _all(parts: tuple[Node, ...], subject: SubjectFacts) -> bool | None:
    result: bool | None = True
    for part in parts:
        truth = evaluate(part, subject)
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def _any(parts: tuple[Node, ...], subject: SubjectFacts) -> bool | None:
    result: bool | None = False
    for part in parts:
        truth = evaluate(part, subject)
        if truth is True:
            return True
        if truth is None:
            result = None
    return result


def missing_facts(node: Node, subject: SubjectFacts) -> tuple[str, ...]:
    """The facts that made a condition UNKNOWN, named so that somebody can go and find them out."""
    names: list[str] = []
    _collect(node, subject, names)
    return tuple(dict.fromkeys(names))


def _collect(node: Node, subject: SubjectFacts, names: list[str]) -> None:
    if evaluate(node, subject) is not None:
        return
    if isinstance(node, Not):
        _collect(node.part, subject, names)
    elif isinstance(node, (All, Any_)):
        for part in node.parts:
            _collect(part, subject, names)
    elif isinstance(node, HasConsent):
        names.append(f"consent:{node.purpose}" + (f"/{node.channel}" if node.channel else ""))
    elif isinstance(node, (Compare, In)):
        names.append(node.fact)
