"""What a change of rules or facts may never do: a forbid never enlarges, a permit never shrinks, a lost fact never opens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kexin.regime.tests.rulebooks import book
from kexin.regime.tests.test_equivalence import ATTRIBUTES, ROWS, policies, rules, singly
from kexin.regime.types import Action, RuleDef

RANK = {"deny": 0, "mask": 1, "allow": 2}


def ranks(found: dict[int, dict[str, str]], place: int) -> list[int]:
    return [RANK[found.get(place, {}).get(key, "deny")] for key in ATTRIBUTES]


@pytest.mark.no_db
class TestMetamorphic:
    """What a change of rules or facts may never do."""

    @settings(max_examples=150, deadline=None)
    @given(policies(), rules(permit=False, prefix="x"), ROWS, st.sampled_from(["service", "sell"]))
    def test_a_further_forbid_never_enlarges(
        self, policy: tuple[RuleDef, ...], more: RuleDef, rows: list[dict[str, Any]], purpose: str
    ) -> None:
        more = replace(more, actions=(Action.READ,))
        before = singly(book(*policy), rows, purpose, gates=False)
        after = singly(book(*policy, more), rows, purpose, gates=False)
        for place in range(len(rows)):
            assert all(new <= old for new, old in zip(ranks(after, place), ranks(before, place), strict=True))

    @settings(max_examples=150, deadline=None)
    @given(policies(), rules(permit=True, prefix="x"), ROWS, st.sampled_from(["service", "sell"]))
    def test_a_further_permit_never_shrinks(
        self, policy: tuple[RuleDef, ...], more: RuleDef, rows: list[dict[str, Any]], purpose: str
    ) -> None:
        more = replace(more, actions=(Action.READ,))
        before = singly(book(*policy), rows, purpose, gates=False)
        after = singly(book(*policy, more), rows, purpose, gates=False)
        for place in range(len(rows)):
            assert all(new >= old for new, old in zip(ranks(after, place), ranks(before, place), strict=True))

    @settings(max_examples=150, deadline=None)
    @given(policies(), ROWS, st.data(), st.sampled_from(["service", "sell"]))
    def test_a_lost_fact_never_opens(
        self, policy: tuple[RuleDef, ...], rows: list[dict[str, Any]], data: Any, purpose: str
    ) -> None:
        """Facts with a known absence are left out: `is_set` asks for the absence itself, and no grant is a known no."""
        plain = tuple(one for one in policy if "is_set" not in repr(one.when))
        lost = data.draw(
            st.sampled_from(["kind", "state", "age_status", "unproven", "contact_at", "facets", "consents"])
        )
        without = [{**row, lost: {} if lost in ("facets", "consents") else None} for row in rows]
        before = singly(book(*plain), rows, purpose, gates=False)
        after = singly(book(*plain), without, purpose, gates=False)
        for place in range(len(rows)):
            assert all(new <= old for new, old in zip(ranks(after, place), ranks(before, place), strict=True))
