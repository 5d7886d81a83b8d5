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


@given(place=st.lists(st.sampled_from("abcd"), unique=True), own=st.lists(st.sampled_from("abcd"), unique=True), chosen=st.sampled_from("abcde"))
def test_a_choice_never_leaves_what_place_and_post_share(place: list[str], own: list[str], chosen: str) -> None:
    given_purpose = posts.purpose_at(tuple(place), tuple(own), chosen)
    shared = set(place) & set(own)
    if place and shared:
        assert given_purpose in shared
        assert given_purpose == chosen or chosen not in shared
    elif place:
        assert given_purpose == place[0]
    else:
        assert given_purpose == (own[0] if own else "")
