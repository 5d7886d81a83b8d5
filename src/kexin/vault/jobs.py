"""The vault's timetable."""

from procrastinate.contrib.django import app as queue

from kexin.foundation.caller import Caller
from kexin.vault.operations.erase import continue_erasure
from kexin.vault.operations.upkeep import sweep

__all__ = ["continue_erasure", "sweep"]


@queue.periodic(cron="17 * * * *")
@queue.task(name="vault.hourly", queue="default")
def hourly(timestamp: int) -> None:
    """Once an hour: sweep."""
    sweep(Caller.for_service("upkeep"))
