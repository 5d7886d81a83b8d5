"""Where one stands decides the purpose; what a page carried decides nothing but a no."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.foundation.ui.place import Standing

pytestmark = pytest.mark.no_db

CODES = st.lists(st.sampled_from(["presale", "service", "audit", "mkt_sms"]), unique=True).map(tuple)
CHOICE = st.sampled_from(["", "presale", "service", "audit", "rights"])


@given(serves=CODES, own=CODES, chosen=CHOICE)
def test_a_choice_never_leaves_what_place_and_post_share(serves: tuple[str, ...], own: tuple[str, ...], chosen: str) -> None:
    purpose = Standing(own=own, chosen=chosen).at(serves)
    shared = set(serves) & set(own)
    if serves and shared:
        assert purpose in shared
        assert purpose == chosen or chosen not in shared
    elif serves:
        assert purpose == serves[0]
    else:
        assert purpose == (own[0] if own else "")


@given(own=CODES, chosen=CHOICE)
def test_what_is_carried_is_what_was_written(own: tuple[str, ...], chosen: str) -> None:
    standing = Standing(own=own, chosen=chosen)
    assert Standing.read(standing.written()) == standing


@pytest.mark.parametrize("text", ["", "presale", "/" * 1_001, "a" * 901 + "/", "<b>/", "presale/service/x", "presale/\n"])
def test_what_no_page_of_ours_says_is_no_standing(text: str) -> None:
    assert Standing.read(text) is None
