"""The ledger's timetable: reconcile and verify what is new each hour, read everything again each night."""

from __future__ import annotations

from procrastinate.contrib.django import app as queue

from kexin.evidence import operations
from kexin.foundation.caller import Caller

TIMETABLE = Caller.for_service("maintenance")


@queue.periodic(cron="17 * * * *")
@queue.task(name="evidence.hourly", queueing_lock="evidence.hourly", pass_context=False)
def hourly(timestamp: int) -> None:
    """Opens without a line are found, and lines are verified, within the hour."""
    operations.reconcile_opens(TIMETABLE)
    operations.verify_now(TIMETABLE, depth="new")


@queue.periodic(cron="43 3 * * *")
@queue.task(name="evidence.nightly", queueing_lock="evidence.nightly", pass_context=False)
def nightly(timestamp: int) -> None:
    """Old lines are read again too: damage need not be new."""
    operations.verify_now(TIMETABLE, depth="full")
