"""The register of holdings: every model is claimed by one Holding or declared impersonal, or nothing starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kexin.foundation.caller import Caller
from kexin.foundation.holding import Holding, Impersonal
from kexin.regime.types import Affected, Counted, DataUse, Rulebook, Sql

_holdings: dict[str, Holding] = {}
_impersonal: dict[str, Impersonal] = {}

#: Called with (caller, rulebook before or None, rulebook now, from when) where a version comes into force, in the same
#: transaction: what it changes for stored values is queued there or not published.
Follower = Callable[[Caller, Rulebook | None, Rulebook, datetime], None]
_followers: dict[str, Follower] = {}

#: How many natural persons the safe holds; nobody counts until a room above says how.
PersonCounter = Callable[[], int]
_person_counters: list[PersonCounter] = []

#: Called with (caller, rulebook in force or None, rulebook of the draft): what of this room stops or changes with it.
AffectedBy = Callable[[Caller, Rulebook | None, Rulebook], Iterable[Affected]]
_affected: dict[str, AffectedBy] = {}

#: Called with (caller, atoms, how many to sample, progress(done, total)): each atom is SQL over alias ``s`` that yields
#: 1, 0 or 2 for true, false and unknown.
Counting = Callable[[Caller, Sequence[Sql], int, Callable[[int, int], None]], Counted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """How the use of attributes is measured: ``read`` what was measured last, ``begin`` queue another measuring."""

    read: Callable[[Caller], DataUse]
    begin: Callable[[Caller], None]


class Unclaimed(RuntimeError):
    """A model that no room claims: nobody could erase, export or account for what it holds."""


class NothingCounts(RuntimeError):
    """No room has said how living records are counted: the house is not wired."""


class ClaimedTwice(ValueError):
    """Two holdings, or a holding and a declaration, claim one model; or one key is used twice."""


def register_holding(*items: Holding | Impersonal) -> None:
    """Claim models at start-up (`AppConfig.ready`). The same declaration again changes nothing."""
    for item in items:
        if isinstance(item, Holding):
            if _holdings.get(item.key, item) is not item:
                raise ClaimedTwice(f"two holdings are called {item.key!r}")
            taken = {label.lower() for key, other in _holdings.items() if key != item.key for label in other.models}
            _refuse_taken(item.models, taken | set(_impersonal))
            _holdings[item.key] = item
        else:
            _refuse_taken(item.models, {label.lower() for one in _holdings.values() for label in one.models})
            _impersonal.update({label.lower(): item for label in item.models})


def register_follower(name: str, follower: Follower) -> None:
    """Have something done whenever a rulebook comes into force (`AppConfig.ready`)."""
    _followers[name] = follower


def followers() -> tuple[Follower, ...]:
    """Everybody who follows a rulebook."""
    return tuple(_followers.values())


def register_person_counter(counter: PersonCounter) -> None:
    """Say how to count the natural persons (人, not rows, not staff) that the company holds information on: the profile of
    a rulebook depends on it. The last one told counts (`AppConfig.ready`)."""
    _person_counters[:] = [counter]


def persons() -> int:
    """Natural persons held at this instant; 0 before anything can be held."""
    return _person_counters[0]() if _person_counters else 0


def register_affected(name: str, affected_by: AffectedBy) -> None:
    """Have a room asked what a draft would stop or change of its own (saved views, work under way)."""
    _affected[name] = affected_by


def affected_by(caller: Caller, before: Rulebook | None, after: Rulebook) -> tuple[Affected, ...]:
    """What every room says a new rulebook would stop or change; nothing without a count."""
    return tuple(one for ask in _affected.values() for one in ask(caller, before, after) if one.count)


_counting: list[Counting] = []
_measuring: list[Measuring] = []


def register_counting(counting: Counting) -> None:
    """Say how living records are counted: the room that holds them does."""
    _counting[:] = [counting]


def counting() -> Counting:
    """How living records are counted. Raises NothingCounts."""
    if not _counting:
        raise NothingCounts("no room has registered how to count records")
    return _counting[0]


def register_measuring(measuring: Measuring) -> None:
    """Say how the use of attributes is measured."""
    _measuring[:] = [measuring]


def measuring() -> Measuring:
    """How the use of attributes is measured. Raises NothingCounts."""
    if not _measuring:
        raise NothingCounts("no room has registered how to measure the use of attributes")
    return _measuring[0]


def _refuse_taken(models: Iterable[str], taken: set[str]) -> None:
    for label in models:
        if label.lower() in taken:
            raise ClaimedTwice(f"{label} is claimed twice; one model has one holding")


def holdings() -> tuple[Holding, ...]:
    """Every holding in the order in which an erasure walks them."""
    return tuple(sorted(_holdings.values(), key=lambda one: (one.order, one.key)))


def impersonal_models() -> dict[str, str]:
    """Models declared impersonal -> the reason in one sentence."""
    return {label: one.reason for label, one in sorted(_impersonal.items())}


def unclaimed(labels: Iterable[str]) -> tuple[str, ...]:
    """The model labels (app.Model) among these that nobody claims."""
    claimed = {label.lower() for one in _holdings.values() for label in one.models} | set(_impersonal)
    return tuple(sorted(label for label in labels if label.lower() not in claimed))
