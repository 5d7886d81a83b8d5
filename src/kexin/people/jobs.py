"""The timetable of this room: each night the records of signing in that are past their time."""

from __future__ import annotations

from procrastinate.contrib.django import app as queue

from kexin.foundation.caller import Caller
from kexin.people import operations


@queue.periodic(cron="29 4 * * *")
@queue.task(name="people.nightly", queueing_lock="people.nightly", pass_context=False)
def nightly(timestamp: int) -> None:
    """Once a night is enough: a record kept hours longer than half a year harms nobody."""
    operations.forget_old_sign_ins(Caller.for_service("maintenance"))
