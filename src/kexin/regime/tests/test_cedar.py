"""A second oracle: the same rules written in Cedar (an authorisation language with a verified evaluator, run by cedarpy)
answer the same, on the fragment that both have: every fact known, since Cedar skips a policy whose facts are missing and
we do not. Only tests know Cedar; it decides nothing in the product."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

import cedarpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kexin.regime.rules.bundle import words_of
from kexin.regime.rules.conditions import All, Any_, Compare, Granted, HasConsent, In, IsSet, Node, Not, bind, parse
from kexin.regime.rules.decision import decide
from kexin.regime.tests.rulebooks import book
from kexin.regime.tests.test_equivalence import AT, ATTRIBUTES, INSTANTS, TEXTS, actor, policies
from kexin.regime.types import Action, Bundle, Context, PurposeDef, RuleDef, SubjectFacts

pytestmark = pytest.mark.no_db

ACTIONS = (Action.READ, Action.SEARCH, Action.SORT, Action.AGGREGATE)
PURPOSES = ("service", "sell")
ASKED_CONSENTS = (("sell", "sms"), ("sell", ""), ("service", ""), ("service", "sms"))
#: Whatever a rule asks for is carried out: duties are not in the fragment.
CONTEXT = Context(at=AT, can_execute=frozenset({"log", "reason"}))

KNOWN_ROW = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["person", "organisation"]),
        "age_status": st.sampled_from(["adult", "minor", "under14", "unknown"]),
        "unproven": st.booleans(),
        "contact_at": INSTANTS,
        "city": st.sampled_from(TEXTS),
        "level": st.sampled_from(TEXTS),
        "grants": st.sets(st.sampled_from(["owner", "team", "pool"])),
        "consents": st.tuples(*(st.sampled_from(["given", "refused", "stale"]) for _one in ASKED_CONSENTS)),
    }
)


def text(value: str) -> str:
    """A string of Cedar: every character by its number, so that nothing a rulebook holds can end it."""
    return '"' + "".join(f"\\u{{{ord(one):x}}}" for one in value) + '"'


def micros(value: datetime) -> int:
    return int((value - datetime(2000, 1, 1, tzinfo=AT.tzinfo)).total_seconds()) * 1_000_000 + value.microsecond


def literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(micros(value)) if isinstance(value, datetime) else text(value)


def fact(name: str) -> str:
    return f"resource.{name.partition('.')[2]}"


_SIGN = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def said(node: Node) -> str:
    """A condition in Cedar."""
    match node:
        case Compare(op, name, value):
            return f"{fact(name)} {_SIGN[op]} {literal(value)}"
        case In(name, values):
            return f"[{', '.join(map(text, values))}].contains({fact(name)})"
        case IsSet(name):
            return f"resource has {name.partition('.')[2]}"
        case Granted(relations):
            return f"resource.grants.containsAny([{', '.join(map(text, relations))}])"
        case HasConsent(purpose, channel):
            return f"resource.given.contains({text(f'{purpose}/{channel}')})"
        case Not(part):
            return f"!({said(part)})"
        case All(parts):
            return " && ".join(f"({said(part)})" for part in parts) or "true"
        case Any_(parts):
            return " || ".join(f"({said(part)})" for part in parts) or "false"
    raise TypeError(node)


def clauses(rule: RuleDef, condition: Node) -> Iterator[str]:
    """What limits a rule besides its condition, from the definition as a person wrote it: not from our index of it."""
    if rule.roles is not None and "everyone" not in rule.roles:
        yield f"context.roles.containsAny([{', '.join(map(text, rule.roles))}])"
    if rule.purposes is not None:
        yield f"[{', '.join(map(text, rule.purposes))}].contains(context.purpose)"
    if rule.actions is not None:
        yield f"[{', '.join(text(one.value) for one in rule.actions)}].contains(context.action)"
    if rule.attributes is not None:
        yield f"[{', '.join(map(text, rule.attributes))}].contains(context.attribute)"
    if rule.subject_kinds is not None:
        yield f"[{', '.join(map(text, rule.subject_kinds))}].contains(resource.kind)"
    yield f"context.grade >= {rule.grade_min} && context.grade <= {rule.grade_max}"
    yield said(condition)


def policy_of(bundle: Bundle, rule: RuleDef, purpose: PurposeDef) -> str:
    """One rule for one purpose; a bound ``$purpose`` speaks about that one alone."""
    condition = bind(parse(rule.when, words_of(bundle.rulebook)), purpose)
    limits = [f"context.purpose == {text(purpose.key)}", *clauses(rule, condition)]
    return f"{rule.effect.value}(principal, action, resource) when {{ {' && '.join(f'({one})' for one in limits)} }};"


def question(row: dict[str, Any], place: int, purpose: str, action: Action, key: str, bundle: Bundle) -> dict[str, Any]:
    grade = bundle.attributes[key].grade
    return {
        "principal": 'User::"me"',
        "action": 'Action::"ask"',
        "resource": f'Customer::"{place}"',
        "context": {
            "roles": ["sales"], "purpose": purpose, "action": action.value, "attribute": key, "grade": grade,
        },
    }  # fmt: skip


def entity(row: dict[str, Any], place: int) -> dict[str, Any]:
    given_ = [f"{p}/{c}" for (p, c), status in zip(ASKED_CONSENTS, row["consents"], strict=True) if status == "given"]
    facts = {key: row[key] for key in ("kind", "age_status", "unproven", "city", "level")}
    return {
        "uid": {"type": "Customer", "id": str(place)},
        "attrs": {
            **facts, "state": "active", "contact_at": micros(row["contact_at"]),
            "grants": sorted(row["grants"]), "given": given_,
        },
        "parents": [],
    }  # fmt: skip


def facts_of(row: dict[str, Any], place: int) -> SubjectFacts:
    return SubjectFacts(
        id=uuid.UUID(int=place + 1), kind=row["kind"], state="active", age_status=row["age_status"],
        unproven=row["unproven"], facets={"city": row["city"], "level": row["level"]}, grants=frozenset(row["grants"]),
        consents=dict(zip(ASKED_CONSENTS, row["consents"], strict=True)), contact_at=row["contact_at"], created_at=AT,
    )  # fmt: skip


class TestCedar:
    """Ten thousand decisions and more, each made twice."""

    seen: ClassVar[Counter[bool]] = Counter()

    def test_cedar_answers_what_the_evaluator_answers(self) -> None:
        """And the comparison was not vacuous: both answers often, and as many as privacy.md §4.10 asks for."""
        self.seen.clear()
        self.compared()
        assert sum(self.seen.values()) >= 10_000 and min(self.seen[True], self.seen[False]) > 500, self.seen

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(policies(), st.lists(KNOWN_ROW, min_size=3, max_size=5))
    def compared(self, policy: tuple[RuleDef, ...], rows: list[dict[str, Any]]) -> None:
        bundle = book(*policy)
        spoken = [policy_of(bundle, rule, bundle.purposes[key]) for rule in bundle.rulebook.rules for key in PURPOSES]
        asked = [
            (place, purpose, action, key)
            for place in range(len(rows)) for purpose in PURPOSES for action in ACTIONS for key in ATTRIBUTES
        ]  # fmt: skip
        requests = [question(rows[place], place, purpose, action, key, bundle) for place, purpose, action, key in asked]
        entities = [entity(row, place) for place, row in enumerate(rows)]
        answers = cedarpy.is_authorized_batch(requests, "\n".join(spoken), entities)
        for (place, purpose, action, key), answer in zip(asked, answers, strict=True):
            assert not answer.diagnostics.errors, answer.diagnostics.errors
            ours = decide(
                bundle, actor(purpose), action=action, subject=facts_of(rows[place], place), attributes=(key,),
                context=CONTEXT,
            )  # fmt: skip
            assert answer.allowed is not ours.denied(key), (purpose, action, key, ours[key], spoken)
            self.seen[answer.allowed] += 1
