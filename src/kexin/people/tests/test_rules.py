"""Posts and purposes, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.people.labels import ROLES
from kexin.people.rules import posts
from kexin.people.types import Role

pytestmark = pytest.mark.no_db
ROLE = st.sampled_from(sorted(ROLES))


def test_every_role_has_a_name_and_a_purpose() -> None:
    assert set(ROLES) == {role.value for role in Role} == set(posts.PURPOSES)


@given(held=ROLE, wanted=ROLE, small=st.booleans())
def test_exclusion_is_mutual(held: str, wanted: str, small: bool) -> None:
    assert bool(posts.conflicting([held], wanted, small=small)) == bool(posts.conflicting([wanted], held, small=small))


@given(held=ROLE, wanted=ROLE)
def test_small_mode_only_loosens(held: str, wanted: str) -> None:
    if posts.conflicting([held], wanted, small=True):
        assert posts.conflicting([held], wanted, small=False)
