"""The policy as a picture, reviewed as a diff, and the matrix between two rulebooks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kexin.regime.rulebook import parse
from kexin.regime.rulebook.defaults import default
from kexin.regime.rules.bundle import compile_bundle
from kexin.regime.rules.matrix import diff, picture
from kexin.regime.tests.rulebooks import book, retail_bundle, rule

pytestmark = pytest.mark.no_db

SNAPSHOTS = Path(__file__).resolve().parents[4] / "tests" / "house" / "snapshots"


@pytest.mark.parametrize(
    ("key", "name"), [("retail", "policy.txt"), ("b2b", "policy-b2b.txt"), ("small", "policy-small.txt")]
)
def test_the_policy_is_the_one_that_was_reviewed(key: str, name: str) -> None:
    """Who may do what with which attribute under each shipped rulebook. A change is reviewed as a diff:
    `UPDATE_SNAPSHOTS=1 pytest src/kexin/regime/tests/test_policy_picture.py` writes it."""
    drawn = picture(compile_bundle(parse(default(key).source).rulebook, version=1)) + "\n"
    snapshot = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        snapshot.write_text(drawn, encoding="utf-8")
    assert snapshot.read_text(encoding="utf-8") == drawn, "the policy changed: read the diff, then UPDATE_SNAPSHOTS=1"


def test_a_rulebook_does_not_differ_from_itself() -> None:
    same = diff(retail_bundle(), retail_bundle())
    assert (same.gains, same.losses, same.loosens) == (0, 0, False)
    assert same.cells > 1000


def test_a_forbid_loses_and_a_permit_gains() -> None:
    plain = book(rule("give", when={"granted": ["owner"]}))
    tighter = book(
        rule("give", when={"granted": ["owner"]}),
        rule("take", permit=False, attributes=("mobile",), when={"eq": ["subject.unproven", True]}),
    )
    tightened = diff(plain, tighter)
    assert (tightened.gains, tightened.losses) == (0, 1)
    assert [(change.role, change.attribute) for change in tightened.changes] == [("sales", "mobile")]
    assert diff(tighter, plain).loosens
    assert diff(None, plain).gains == 5


def test_rewording_without_meaning_is_no_change() -> None:
    once = book(rule("give", when={"granted": ["owner"]}))
    twice = book(rule("renamed", when={"not": {"not": {"granted": ["owner"]}}}))
    assert not diff(once, twice).changes


def test_masking_is_a_loss() -> None:
    full, masked = rule("give"), replace(rule("give"), masked=True)
    assert diff(book(full), book(masked)).losses == 5


def test_too_many_atoms_are_called_conditional() -> None:
    many = [{"eq": ["facet.city", f"c{place}"]} for place in range(9)]
    change = diff(book(rule("give")), book(rule("give", when={"any": many}))).changes[0]
    assert change.conditional
    assert change.gains
    assert change.loses
