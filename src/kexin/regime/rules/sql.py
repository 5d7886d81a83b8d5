"""The condition tree as SQL over alias ``s``. Each node becomes two questions that are never NULL: is it TRUE, is it
FALSE. So nothing outside a leaf ever meets a NULL, and `NOT` never has to be trusted with one.

Values are parameters, always; names come from `facts.register`, written by programmers. Consents and grants are
EXISTS over data, never rule text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kexin.regime.rules.conditions import All, Any_, Compare, Granted, HasConsent, In, IsSet, Node, Not
from kexin.regime.rules.evaluator import GIVEN
from kexin.regime.rules.facts import FACET, FACTS, UnknownFact
from kexin.regime.types.decision import Sql

TRUE = Sql("TRUE")
FALSE = Sql("FALSE")

_OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

_GRANT = (
    "EXISTS (SELECT 1 FROM regime_grant g WHERE g.subject_id = s.id AND g.principal_id = ANY(%s::uuid[])"
    " AND g.relation = ANY(%s::text[]) AND g.purpose = ANY(%s::text[]) AND (g.until IS NULL OR g.until > %s))"
)
#: What the asker holds to each row, read once per row and joined beside it; `OFFSET 0` keeps the planner of PostgreSQL
#: from writing the subquery out again at every mention. Consents come along for the single decision about a row.
_HELD = (
    " CROSS JOIN LATERAL (SELECT"
    " ARRAY(SELECT g.relation FROM regime_grant g WHERE g.subject_id = s.id AND g.principal_id = ANY(%s::uuid[])"
    " AND g.purpose = ANY(%s::text[]) AND (g.until IS NULL OR g.until > %s))::text[] AS relations,"
    " (SELECT json_agg(json_build_array(c.purpose, c.channel, CASE WHEN c.status = 'given' AND c.valid_until <= %s"
    " THEN 'expired' ELSE c.status END))::text FROM regime_consentstate c WHERE c.subject_id = s.id) AS consents"
    " OFFSET 0) AS held"
)
#: The columns of that join.
RELATIONS, CONSENTS = "held.relations", "held.consents"
_CONSENT = "EXISTS (SELECT 1 FROM regime_consentstate c WHERE c.subject_id = s.id AND c.purpose = %s AND c.channel = %s"
_GIVEN = "(c.status = %s AND (c.valid_until IS NULL OR c.valid_until > %s))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a compilation is bound to: the asker, the purpose, the instant, and where each fact stands in the row.
    ``held``: the rows come with the join of `held`, so that a relation is a look into it, not a question of its own."""

    principal_ids: tuple[uuid.UUID, ...]
    standing: frozenset[str]
    purpose: str
    at: datetime
    facts: Mapping[str, str]
    held: bool = False


def held(frame: Frame) -> Sql:
    """The join that brings relations and consents of each row ``s``; see `_HELD`."""
    purposes = list(dict.fromkeys(["", frame.purpose]))
    return Sql(_HELD, (list(frame.principal_ids), purposes, frame.at, frame.at))


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
            tail = f" AND {_GIVEN})" if wanted else f" AND NOT {_GIVEN})"
            return Sql(_CONSENT + tail, (purpose, channel, GIVEN, frame.at))
        case IsSet(fact):
            expression = _fact(fact, frame)
            return Sql(f"({expression.text} IS {'NOT NULL' if wanted else 'NULL'})", expression.params)
        case In(fact, values):
            return _in(fact, values, frame, wanted=wanted)
        case Compare(op, fact, value):
            expression = _fact(fact, frame)
            cast = {"text": "text", "boolean": "boolean", "instant": "timestamptz"}[_kind(fact)]
            # byte order: a text is equal only to itself, whatever the collation of the database thinks
            collate = ' COLLATE "C"' if cast == "text" else ""
            test = f"(({expression.text}{collate} {_OPERATORS[op]} %s::{cast}) IS {'TRUE' if wanted else 'FALSE'})"
            return Sql(test, (*expression.params, value))
    raise TypeError(f"not a condition: {node!r}")


def _granted(relations: tuple[str, ...], frame: Frame) -> Sql:
    if not relations:
        return FALSE
    if not frame.standing.isdisjoint(relations):
        return TRUE
    if not frame.principal_ids:
        return FALSE
    if frame.held:
        return Sql(f"({RELATIONS} && %s::text[])", (list(relations),))
    purposes = list(dict.fromkeys(["", frame.purpose]))
    return Sql(_GRANT, (list(frame.principal_ids), list(relations), purposes, frame.at))


def _in(fact: str, values: tuple[str, ...], frame: Frame, *, wanted: bool) -> Sql:
    if not values:
        return FALSE if wanted else TRUE
    expression = _fact(fact, frame)
    test = f'(({expression.text} COLLATE "C" = ANY(%s::text[])) IS {"TRUE" if wanted else "FALSE"})'
    return Sql(test, (*expression.params, list(values)))


def _kind(fact: str) -> str:
    return FACTS[fact].kind if fact in FACTS else "text"


def _fact(fact: str, frame: Frame) -> Sql:
    """The expression of a fact. A facet counts as a fact only while it is a JSON text, as in the evaluator."""
    room, _, key = fact.partition(".")
    column = frame.facts.get(FACET if room == FACET else fact)
    if column is None:
        raise UnknownFact(fact)
    if room == FACET:
        return Sql(f"(CASE WHEN jsonb_typeof({column}->%s) = 'string' THEN {column}->>%s END)", (key, key))
    return Sql(f"({column})")


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
