"""Opens are held against the line that announced them: one line's silence cannot hide behind another's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from kexin.evidence import queries
from kexin.evidence.models import OpenCount, OpenFinding, Reconciliation
from kexin.evidence.operations import count_opens, counting, flush_counts, note_now, reconcile_opens
from kexin.evidence.tests.conftest import SERVICE, Ledger
from kexin.evidence.types import FILE_CLASS, Entry, Event, Filters, Flag, Noted
from kexin.foundation import clock
from kexin.foundation.ids import uuid7

Later = Callable[..., datetime]


@pytest.fixture
def job(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """The job as the timetable runs it: with the worker's rights, some minutes (or days) later."""
    address = ledger.databases.instance.address("main", "worker")
    before = {alias: dict(connections[alias].settings_dict) for alias in ("default", "evidence")}
    for alias in before:
        connections[alias].close()
        connections[alias].settings_dict.update(USER=address.user, PASSWORD=address.password)

    def run(**after: int) -> int:
        flush_counts()
        ledger.sequence()
        at = clock.now() + timedelta(**(after or {"minutes": 5}))
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda: at)
            found = reconcile_opens(SERVICE)
        ledger.sequence()
        return found

    yield run
    for alias, settings in before.items():
        connections[alias].close()
        connections[alias].settings_dict.update(USER=settings["USER"], PASSWORD=settings["PASSWORD"])


def line(opens: int = 0, event: Event = Event.CUSTOMER_REVEALED) -> Noted:
    return note_now(SERVICE, Entry(event=event, decision="allow", opens=opens))


def named() -> list[tuple[str, int]]:
    """What the ledger itself says of findings: (reference, opens)."""
    found = queries.lines(Filters(events=(Event.OPENS_RECONCILED,)), limit=50)
    return [(one.ref, one.count) for one in reversed(found) if one.ref and Flag.OPENS_UNANNOUNCED in one.flags]


@pytest.mark.usefixtures("job")
def test_what_was_announced_is_no_finding(job: Any) -> None:
    exact, fewer = line(opens=2), line(opens=3)
    count_opens(noted=exact, grade=3)
    count_opens(noted=exact, grade=4)
    count_opens(noted=fewer, grade=3)
    assert job() == 0 and named() == [] and not OpenFinding.objects.exists()


def test_one_lines_silence_does_not_hide_behind_another_of_the_same_minute(job: Any) -> None:
    """The sums of the minute agree: announced three, opened three."""
    unused, silent = line(opens=2), line(opens=1)
    count_opens(noted=silent, grade=3, opens=3)
    assert job() == 2
    assert named() == [(f"line:{silent.intake_id}", 2)]
    finding = OpenFinding.objects.get()
    assert (finding.intake_id, finding.opened, finding.announced) == (silent.intake_id, 3, 1)
    assert finding.seq == queries.seq_of(silent.intake_id) and finding.intake_id != unused.intake_id
    total = Reconciliation.objects.order_by("minute").first()
    assert total and total.opened == 3 and total.announced >= 1


def test_a_finding_is_named_once_and_again_when_it_grows(job: Any) -> None:
    silent = line()
    count_opens(noted=silent, grade=3)
    assert job() == 1 and job() == 0 and len(named()) == 1
    count_opens(noted=silent, grade=3)
    assert job() == 2 and named()[-1] == (f"line:{silent.intake_id}", 2)
    assert OpenFinding.objects.get().opened == 2


def test_an_open_under_a_line_that_was_never_written_is_found_once_younger_lines_have_numbers(job: Any) -> None:
    ghost = Noted(intake_id=uuid7(), at=clock.now() - timedelta(minutes=10))
    line()
    count_opens(noted=ghost, grade=4)
    assert job() == 1
    assert named() == [(f"line:{ghost.intake_id}", 1)]
    assert OpenFinding.objects.get().seq is None


def test_a_sequencer_that_stands_still_makes_nobody_look_guilty(job: Any, ledger: Ledger, monkeypatch: Any) -> None:
    """Lines that wait for their number are not missing."""
    monkeypatch.setattr(ledger, "sequence", lambda: None)
    waiting = line(opens=1)
    count_opens(noted=waiting, grade=3)
    assert job() == 0 and job(hours=30) == 0
    monkeypatch.undo()
    ledger.sequence()
    assert OpenCount.objects.filter(intake_id=waiting.intake_id).exists(), "not forgotten before it was judged"
    assert job() == 0 and not OpenFinding.objects.exists()


def test_files_and_envelopes_do_not_cover_for_each_other(job: Any) -> None:
    reveal, file = line(opens=1), line(opens=1, event=Event.FILE_OPENED)
    count_opens(noted=reveal, grade=FILE_CLASS)
    count_opens(noted=file, grade=FILE_CLASS)
    assert job() == 1 and named() == [(f"line:{reveal.intake_id}", 1)]
    count_opens(noted=file, grade=3)
    assert job() == 1 and named()[-1] == (f"line:{file.intake_id}", 1)


def test_reports_are_forgotten_after_a_day_and_what_they_added_up_to_stays(job: Any) -> None:
    told = line(opens=1)
    count_opens(noted=told, grade=3)
    OpenCount.objects.create(id=uuid.uuid4(), minute=told.at.replace(second=0, microsecond=0), grade=3, opens=7)
    assert job() == 0 and OpenCount.objects.count() == 2, "a process from before the upgrade accuses nobody"
    assert job(hours=30) == 0 and not OpenCount.objects.exists()
    assert Reconciliation.objects.get(minute=told.at.replace(second=0, microsecond=0)).opened == 8


def test_memory_is_bounded_and_what_cannot_be_counted_does_not_open(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush_counts()
    monkeypatch.setattr(counting, "MOST_WAITING", 20)
    web = ledger.databases.instance.address("main", "web").user
    with ledger.databases.connect("admin") as admin:
        admin.execute(f"REVOKE INSERT ON evidence_opencount FROM {web}")
        told = 0
        with pytest.raises(counting.CountsFull) as refused:
            for told in range(1, 100):
                count_opens(noted=line(opens=1), grade=3)
        assert told == 20 and refused.value.status == 503
        with counting._gathered.writing:
            assert len(counting._gathered.opens) == 20, "also while a timer tries to write them"
        admin.execute(f"GRANT INSERT ON evidence_opencount TO {web}")
    flush_counts()
    assert not counting._gathered.opens and OpenCount.objects.count() == 20


_KILLED = """
import sys, time
import django; django.setup()
from kexin.evidence.operations import count_opens, note_now
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
def look():
    noted = note_now(Caller.for_service("importer"), Entry(event=Event.CUSTOMER_REVEALED, decision="allow", opens=1))
    count_opens(noted=noted, grade=3)
for _ in range(50):
    look()
time.sleep(1.5)
for _ in range(50):
    look()
print("looked", flush=True)
time.sleep(60)
"""


def test_kill_9_loses_a_second_of_counts_and_no_line(ledger: Ledger, job: Any) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED],
        env={**ledger.databases.environment("web"), "DJANGO_SETTINGS_MODULE": "kexin.site.settings"},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout and process.stdout.readline() == b"looked\n"
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert job() == 0, "fewer counts than lines accuse nobody"
    assert queries.count(Filters(events=(Event.CUSTOMER_REVEALED,))) == 100
    reported = sum(OpenCount.objects.values_list("opens", flat=True))
    assert 50 <= reported <= 100
    with ledger.databases.connect("admin") as admin:
        writes = admin.execute("SELECT count(DISTINCT xmin::text) FROM evidence_opencount").fetchone()
    assert writes and writes[0] <= 4, "a write a second at most"
