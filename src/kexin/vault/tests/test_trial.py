"""A dry run of an import is a search: for a kept file, on record with whom it found, and counted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.vault import operations as vault
from kexin.vault import quota
from kexin.vault.models import SearchMisses, Subject, TrialRows
from kexin.vault.operations.files import FileRefused
from kexin.vault.operations.trial import TrialNotBegun
from kexin.vault.operations.upkeep import drop_old_counts
from kexin.vault.tests import views
from kexin.vault.tests.test_quota import THREADS, at_once, granted
from kexin.vault.types import About, FileGone
from kexin.vault.types_views import SlowDown

HALF = quota.TRIAL_ROWS_PER_HOUR // 2


@pytest.fixture
def company(db: None) -> None:
    views.put_in_force()


def kept(caller: Caller) -> uuid.UUID:
    ends = clock.now() + timedelta(days=1)
    about = About(permission="collection:import:run")
    return vault.keep_file(caller, chunks=[b"x"], kind="upload", name="a.csv", expires_at=ends, about=about).id


def steward() -> Caller:
    return views.sales(role="steward")


def row(mobile: str, **more: str) -> dict[str, str]:
    return {"name": "沈一帆", "mobile": mobile, **more}


def tried(me: Caller, file: uuid.UUID, *mobiles: str, **more: Any) -> list[bool]:
    rows = [row(mobile) for mobile in mobiles]
    return [one.known for one in vault.try_many(me, rows=rows, file=file, **{"source": views.SOURCE, **more})]


@pytest.mark.usefixtures("company")
class TestOnRecord:
    def test_a_batch_of_lookups_is_one_line_with_whom_it_found(self, lines: list[Any]) -> None:
        me = steward()
        held = [views.customer(None, mobile=f"1381111000{number}") for number in range(2)]
        file = kept(me)
        vault.begin_trial(me, file=file, rows=10)
        lines.clear()
        known = tried(me, file, "13811110000", "13811110001", "13811110002", "no number")
        assert known == [True, True, False, False]
        [line] = lines
        assert (line.event, line.action, line.count, line.ref) == (
            Event.CUSTOMER_SEARCHED, "search", 3, f"file:{file}",
        )  # fmt: skip
        assert set(line.audit_ids) == set(Subject.objects.filter(id__in=held).values_list("audit_id", flat=True))
        lines.clear()
        assert tried(me, file, "13900000000") == [False]
        assert [(line.count, line.audit_ids) for line in lines] == [(1, ())], "nobody found is on record too"
        assert not SearchMisses.objects.using("evidence").exists()

    def test_what_cannot_be_looked_up_leaves_no_line(self, lines: list[Any]) -> None:
        me = steward()
        file = kept(me)
        vault.begin_trial(me, file=file, rows=2)
        lines.clear()
        assert tried(me, file, "138") == [False] and tried(me, file) == []
        assert lines == []

    def test_nothing_is_answered_when_the_line_cannot_be_written(
        self, ledger_down: Callable[[], type[Exception]]
    ) -> None:
        me = steward()
        views.customer(None, mobile="13811110000")
        file = kept(me)
        vault.begin_trial(me, file=file, rows=1)
        with pytest.raises(ledger_down()):
            tried(me, file, "13811110000")

    def test_the_import_itself_is_on_record_and_not_counted(self, lines: list[Any]) -> None:
        me = steward()
        views.customer(None, mobile="13811110000")
        file, act = kept(me), vault.declare_source(me, source=views.SOURCE)
        lines.clear()
        assert tried(me, file, "13811110000", source=act) == [True]
        assert [(line.event, len(line.audit_ids)) for line in lines] == [(Event.CUSTOMER_SEARCHED, 1)]
        assert not TrialRows.objects.exists()


@pytest.mark.usefixtures("company")
class TestCounted:
    def test_rows_are_looked_up_for_a_dry_run_that_was_begun_and_no_more_than_it_has(self, lines: list[Any]) -> None:
        me = steward()
        views.customer(None, mobile="13811110000")
        file, other = kept(me), kept(me)
        lines.clear()
        with pytest.raises(TrialNotBegun):
            tried(me, file, "13811110000")
        vault.begin_trial(me, file=file, rows=2)
        with pytest.raises(TrialNotBegun):
            tried(me, other, "13811110000")
        assert tried(me, file, "13811110000", "13900000000") == [True, False]
        with pytest.raises(TrialNotBegun):
            tried(me, file, "13900000001")
        assert len(lines) == 1

    def test_a_dry_run_is_of_ones_own_file_while_it_is_there(self) -> None:
        me, other = steward(), steward()
        file = kept(me)
        with pytest.raises(FileRefused):
            vault.begin_trial(other, file=file, rows=1)
        vault.begin_trial(me, file=file, rows=1)
        with pytest.raises(TrialNotBegun):
            tried(other, file, "13811110000")
        vault.burn_file(me, file=file)
        with pytest.raises(FileGone):
            vault.begin_trial(me, file=file, rows=1)

    def test_two_of_the_greatest_files_within_an_hour_and_the_third_waits(self) -> None:
        me = steward()
        file = kept(me)
        for _time in range(2):
            vault.begin_trial(me, file=file, rows=HALF)
        with pytest.raises(SlowDown) as refusal:
            vault.begin_trial(me, file=file, rows=1)
        assert refusal.value.status == 429 and "60 分钟" in str(refusal.value.detail)
        oldest = TrialRows.objects.order_by("at", "id").values_list("id", flat=True)[:1]
        TrialRows.objects.filter(id=oldest.get()).update(at=clock.now() - timedelta(minutes=61))
        vault.begin_trial(me, file=file, rows=HALF)

    def test_a_file_of_any_size_passes_when_nothing_else_was_tried(self) -> None:
        me = steward()
        file = kept(me)
        vault.begin_trial(me, file=file, rows=1_000_000)
        with pytest.raises(SlowDown):
            vault.begin_trial(me, file=file, rows=1)
        other = steward()
        vault.begin_trial(other, file=kept(other), rows=1)

    def test_yesterdays_dry_runs_are_forgotten(self) -> None:
        me = steward()
        vault.begin_trial(me, file=kept(me), rows=1)
        assert drop_old_counts() == 0
        TrialRows.objects.update(at=clock.now() - timedelta(days=1, minutes=1))
        assert drop_old_counts() == 1 and not TrialRows.objects.exists()


def test_sixteen_dry_runs_at_once_get_exactly_the_rows_there_are(open_house: Any) -> None:
    me = steward()
    file = kept(me)
    answers = at_once(lambda _number: vault.begin_trial(me, file=file, rows=quota.TRIAL_ROWS_PER_HOUR // 4))
    assert len(answers) == THREADS and granted(answers) == 4
    assert TrialRows.objects.count() == 4
