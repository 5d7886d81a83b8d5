"""The vault's timetable."""

from procrastinate.contrib.django import app as queue

from kexin.foundation.caller import Caller
from kexin.vault.operations.aging import come_of_age
from kexin.vault.operations.erase import continue_erasure
from kexin.vault.operations.generations import advance_indexes, renew_indexes
from kexin.vault.operations.measuring import measure_use, measure_when_due
from kexin.vault.operations.rebuilding import rebuild, resume
from kexin.vault.operations.switching import follow_suite
from kexin.vault.operations.upkeep import sweep

__all__ = ["advance_indexes", "come_of_age", "continue_erasure", "follow_suite", "measure_use", "rebuild", "renew_indexes", "sweep"]


@queue.periodic(cron="17 * * * *")
@queue.task(name="vault.hourly", queue="default")
def hourly(timestamp: int) -> None:
    """Once an hour: sweep, the change of age where midnight was missed, walks left unfinished, another suite, renewed
    indexes."""
    caller = Caller.for_service("upkeep")
    come_of_age(caller)
    resume(caller)
    follow_suite(caller)
    advance_indexes(caller)
    sweep(caller)


@queue.periodic(cron="3 16 * * *")
@queue.task(name="vault.nightly", queue="default")
def nightly(timestamp: int) -> None:
    """Three minutes past midnight in China (the timetable is in UTC): ages change with the day. Once a week the use of
    the catalogue is measured."""
    come_of_age(Caller.for_service("upkeep"))
    measure_when_due()
