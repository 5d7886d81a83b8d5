"""How many natural persons are held: persons, not rows."""

from __future__ import annotations

import pytest

from kexin.regime import register
from kexin.vault import operations as vault
from kexin.vault import persons
from kexin.vault.tests.worlds import ERASER, IMPORTER, QUALITY, SOURCE, customer, values

pytestmark = pytest.mark.usefixtures("house")


def test_the_regime_counts_with_the_vault() -> None:
    assert register._person_counters == [persons.persons]
    assert register.persons() == 0


def test_people_and_contacts_are_counted_once() -> None:
    first, second = customer(1), customer(2)
    vault.admit(IMPORTER, values={"org_name": "杭州万象软装有限公司", "city": "杭州市"}, source=SOURCE, kind="organisation")
    assert persons.persons() == 2, "a company that names nobody is no person"
    named = values(3) | {"org_name": "宁波海曙装饰有限公司"}
    vault.admit(IMPORTER, values=named, source=SOURCE, kind="organisation")
    assert persons.persons() == 3, "its contact is"
    merged = vault.merge(QUALITY, source=first, target=second)
    assert persons.persons() == 2, "two records of one person are one"
    vault.unmerge(QUALITY, merge_id=merged.merge_id)
    assert persons.persons() == 3


def test_who_is_in_the_bin_or_frozen_is_still_held_and_who_is_erased_is_not() -> None:
    kept, binned, gone = customer(1), customer(2), customer(3)
    vault.freeze(QUALITY, subject=kept, ground="request")
    vault.discard(QUALITY, subject=binned)
    assert persons.persons() == 3
    erasure = vault.erase(ERASER, subject=gone, ground="request")
    vault.continue_erasure(ERASER, erasure=erasure.id)
    assert persons.persons() == 2
