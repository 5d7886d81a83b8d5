"""Changing the suite: everything living comes over to the one that the rulebook in force asks for.

Keys get epochs of the new suite and are wrapped again, records are sealed again by the walk of `rebuilding`, search
indexes get a generation of the new suite. Readers open both by header throughout, and what is behind is a count.
Files end within their days as they were sealed; payloads of evidence are bound by hash into the ledger and stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.jobs import job
from kexin.regime import operations as regime_operations
from kexin.regime.types import Rulebook
from kexin.vault import keys, suites
from kexin.vault.keys import CLASSES
from kexin.vault.operations import rebuilding
from kexin.vault.operations.generations import renew_indexes
from kexin.vault.operations.rotation import behind, rewrap, roll_epoch
from kexin.vault.queries.upkeep import generations

#: By then every process has learned of the new suite, and a second walk finds what was sealed meanwhile.
_KNOWN_BY_ALL = timedelta(seconds=2 * suites.KNOWN_S)


def register() -> None:
    """Follow every rulebook that comes into force."""
    regime_operations.register_follower("vault.suite", follow)


def follow(caller: Caller, before: Rulebook | None, after: Rulebook, effective_at: datetime) -> None:
    """In the publishing transaction: where the profile asks for another suite, queue the change."""
    if before is None or suites.wanted(before) == suites.wanted(after):
        return
    suites.known.clear()
    service = Caller.for_service("upkeep", cause="suite")
    for due_at in (effective_at, effective_at + _KNOWN_BY_ALL):
        rebuilding.walk_everything(after, due_at=due_at)
        later = due_at if due_at > clock.now() else None
        follow_suite.task.configure(lock="vault.suite", schedule_at=later).defer(caller={**service.envelope()})


@job(name="vault.follow_suite", retry=20, lock="vault.suite")
def follow_suite(caller: Caller) -> int:
    """Bring keys and indexes over; answers how many keys were wrapped again. Safe to kill and to run again, hourly too:
    where nothing is of another suite, nothing happens."""
    suites.known.clear()
    wanted = suites.in_force()
    for grade in CLASSES:
        if keys.active_epoch(grade).suite != wanted and not behind().behind[grade]:
            roll_epoch(caller, grade=grade)
    moved = sum(rewrap(caller, grade=grade) for grade, count in behind().behind.items() if count)
    found = generations()
    if any(one.suite != wanted for one in found) and all(one.state == "active" for one in found):
        renew_indexes(caller)
    return moved
