"""Minors turn adult by the nightly run, found by a token: nothing is opened, and what a rule says follows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.evidence import operations as evidence
from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.regime import operations as regime
from kexin.vault import age
from kexin.vault import operations as vault
from kexin.vault.models import Subject, TokenExact, Upkeep
from kexin.vault.operations import aging
from kexin.vault.queries import card
from kexin.vault.tests import views
from kexin.vault.tests.worlds import IMPORTER, customer
from kexin.vault.types import SourceActRef, SubjectNotFound

pytestmark = pytest.mark.usefixtures("house")
SOURCE = SourceActRef(source="form", purpose="service", basis="contract")


def born_years_ago(years: int, *, in_days: int = 0) -> str:
    """The birthday of somebody who becomes that old in so many days."""
    day = clock.today_cn() + timedelta(days=in_days)
    return (
        date(day.year - years, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - years)
    ).isoformat()


def child(no: int, birthday: str) -> Any:
    return vault.admit(
        IMPORTER.under("service"),
        values={"name": "夏天一", "mobile": f"1390000{no:04d}", "birthday": birthday},
        source=SOURCE,
    ).subject_id


def status(subject: Any) -> str:
    return str(Subject.objects.values_list("age_status", flat=True).get(id=subject))


def test_both_lines_are_crossed_by_the_day_alone_and_nothing_is_opened(fetched: list[Any]) -> None:
    turning18, turning14 = child(1, born_years_ago(18, in_days=1)), child(2, born_years_ago(14, in_days=1))
    later, grown = child(3, born_years_ago(18, in_days=2)), child(4, born_years_ago(40))
    assert [status(one) for one in (turning18, turning14, later, grown)] == ["minor", "under14", "minor", "adult"]
    assert not TokenExact.objects.filter(subject_id=grown, index="birthday:age").exists()
    fetched.clear()
    today = clock.today_cn()
    assert aging.until(IMPORTER, today=today) == 0
    assert aging.until(IMPORTER, today=today + timedelta(days=1)) == 2
    assert [status(one) for one in (turning18, turning14, later)] == ["adult", "minor", "minor"]
    assert aging.until(IMPORTER, today=today + timedelta(days=1)) == 0
    assert fetched == []
    # Who has turned 14 still has the day of turning 18 ahead; who has turned 18 has nothing.
    assert TokenExact.objects.filter(subject_id=turning14, index="birthday:age").count() == 1
    assert not TokenExact.objects.filter(subject_id=turning18, index="birthday:age").exists()


def test_each_change_has_a_line_with_the_people_and_no_birthday(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    real = evidence.note
    monkeypatch.setattr(
        evidence, "note", lambda caller, entry, **more: seen.append(entry) or real(caller, entry, **more)
    )
    who = child(1, born_years_ago(18, in_days=1))
    seen.clear()
    aging.until(IMPORTER, today=clock.today_cn() + timedelta(days=1))
    [entry] = seen
    audit_id = Subject.objects.values_list("audit_id", flat=True).get(id=who)
    assert entry.event is Event.CUSTOMER_CAME_OF_AGE and entry.count == 1 and entry.audit_ids == (audit_id,)
    assert not entry.payload and not entry.ref


def test_what_the_minors_rule_keeps_away_is_seen_from_the_eighteenth_birthday_on() -> None:
    seller = views.sales("service")
    who = child(1, born_years_ago(18, in_days=1))
    regime.grant(IMPORTER, subject=who, principal=seller.id, relation="owner")
    with pytest.raises(SubjectNotFound):
        card(seller, subject=who)
    aging.until(IMPORTER, today=clock.today_cn() + timedelta(days=1))
    assert card(seller, subject=who).cells["name"].text == "夏天一"


def test_a_run_that_missed_days_catches_up_and_one_that_was_killed_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    today = clock.today_cn()
    everybody = [child(no, born_years_ago(18, in_days=no)) for no in range(1, 6)]
    aging.until(IMPORTER, today=today)
    monkeypatch.setattr(aging, "BATCH", 2)
    real, runs = evidence.note, iter(range(9))

    def killed(*args: Any, **more: Any) -> Any:
        if next(runs) == 1:
            raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(evidence, "note", killed)
    with pytest.raises(KeyboardInterrupt):
        aging.until(IMPORTER, today=today + timedelta(days=5))
    assert [status(one) for one in everybody].count("adult") == 2
    assert Upkeep.objects.get(name="age").day == today
    assert aging.until(IMPORTER, today=today + timedelta(days=5)) == 3
    assert {status(one) for one in everybody} == {"adult"}


def test_the_work_of_a_night_is_asked_for_by_days_never_by_people(django_assert_max_num_queries: Any) -> None:
    for no in range(30):
        customer(no)
    aging.until(IMPORTER, today=clock.today_cn())
    with django_assert_max_num_queries(9):
        aging.until(IMPORTER, today=clock.today_cn() + timedelta(days=1))


def test_a_corrected_birthday_moves_the_day() -> None:
    who = child(1, born_years_ago(18, in_days=1))
    vault.amend(
        IMPORTER.under("service"), subject=who, values={"birthday": born_years_ago(16)}, expected_ver=1, source=SOURCE
    )
    assert aging.until(IMPORTER, today=clock.today_cn() + timedelta(days=1)) == 0
    assert status(who) == "minor"


@given(st.dates(date(1960, 1, 1), date(2026, 12, 31)), st.integers(0, 60 * 366))
def test_the_status_changes_on_the_turning_days_and_on_no_other(birth: date, after: int) -> None:
    day = birth + timedelta(days=after)
    before, now = age.status(birth, day - timedelta(days=1)), age.status(birth, day)
    turning = {age.turning(birth, years) for years in (age.YOUTH_YEARS, age.ADULT_YEARS)}
    if after:
        assert (before != now) is (day in turning)
        assert (before != now) is age.older(before, now)
    ahead = age.turns(birth, day)
    assert len(ahead) == len([one for one in turning if one >= day])
