"""The closed condition language: what it means at its edges, and that nothing hostile gets in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.regime.rules.conditions import All, ConditionInvalid, Words, describe, parse
from kexin.regime.rules.evaluator import evaluate, missing_facts
from kexin.regime.types import SubjectFacts

pytestmark = pytest.mark.no_db

WORDS = Words(facets={"city": (), "level": ("a", "b")}, purposes={})
ADULT = SubjectFacts(kind="person", state="active", age_status="adult", unproven=False, facets={"city": "杭州"})


def truth(data: object, subject: SubjectFacts = ADULT) -> bool | None:
    return evaluate(parse(data, WORDS), subject)


def test_empty_groups_mean_what_is_written() -> None:
    assert truth({"any": []}) is False
    assert truth({"all": []}) is True
    assert truth({"in": ["facet.level", []]}) is False
    assert truth({"granted": []}) is False
    assert truth(None) is True


def test_unknown_stays_unknown_and_is_named() -> None:
    condition = {"not": {"eq": ["facet.level", "a"]}}
    assert truth(condition) is None
    assert missing_facts(parse(condition, WORDS), ADULT) == ("facet.level",)
    assert truth({"any": [condition, {"eq": ["subject.kind", "person"]}]}) is True
    assert truth({"all": [condition, {"eq": ["subject.kind", "organisation"]}]}) is False


def test_a_facet_of_another_kind_is_no_fact() -> None:
    assert truth({"eq": ["facet.city", "1"]}, SubjectFacts(facets={"city": 1})) is None
    assert truth({"is_set": "facet.city"}, SubjectFacts(facets={"city": None})) is False


def test_instants_compare_by_microsecond() -> None:
    at = datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    subject = SubjectFacts(contact_at=at)
    assert truth({"gt": ["subject.contact_at", "2026-01-01T08:00:00+08:00"]}, subject) is True
    assert truth({"le": ["subject.contact_at", "2026-01-01T00:00:00.000001+00:00"]}, subject) is True


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"like": ["facet.city", "%"]}, "unknown operator"),
        ({"eq": ["facet.mobile", "1"]}, "unknown fact"),
        ({"eq": ["subject.__class__", "1"]}, "unknown fact"),
        ({"eq": ["subject.kind", "robot"]}, "never"),
        ({"lt": ["facet.city", "b"]}, "no order"),
        ({"eq": ["facet.city", "a\x00b"]}, "text"),
        ({"eq": ["facet.city", "\ud800"]}, "Unicode"),
        ({"eq": ["subject.unproven", "true"]}, "true or false"),
        ({"le": ["subject.contact_at", "2026-01-01"]}, "instant"),
        ({"granted": ["god"]}, "unknown relation"),
        ({"has_consent": ["nothing"]}, "unknown purpose"),
        ({"all": [], "any": []}, "one operator"),
        ([], "one operator"),
        ({1: 2}, "unknown operator"),
        ({"in": ["facet.city", ["x"] * 201]}, "more than"),
        ({"all": [{"granted": []}] * 70}, "parts"),
    ],
)
def test_refusals_say_where_and_why(data: object, says: str) -> None:
    with pytest.raises(ConditionInvalid, match=says):
        parse(data, WORDS)


def test_depth_is_bounded() -> None:
    deep: object = {"granted": []}
    for _ in range(200):
        deep = {"not": deep}
    with pytest.raises(ConditionInvalid, match="levels"):
        parse(deep, WORDS)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["subject.kind", "facet.city"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "not", "eq", "in", "granted", "is_set", "state_is", "x"]), inner, max_size=2
        )
    ),
    max_leaves=8,
)


@given(JUNK)
def test_junk_is_refused_and_nothing_else_is_raised(data: object) -> None:
    try:
        node = parse(data, WORDS)
    except ConditionInvalid:
        return
    assert evaluate(node, SubjectFacts()) in (True, False, None)
    assert describe(node)


def test_the_tree_hashes_by_value() -> None:
    assert parse({"all": []}, WORDS) == All(())
