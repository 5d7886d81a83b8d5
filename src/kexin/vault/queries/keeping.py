"""Until when a value is kept: the longest valid purpose keeps it (everyday.md), each counted from its own event."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kexin.regime.types import AttributeDef

_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,7})S)?)?"
)
#: `relation_end` without any order: the customer's own last contact and 24 months.
_RELATION_MONTHS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The events of one person that start retention clocks. ``contact_at`` None: never in touch himself."""

    created_at: datetime
    contact_at: datetime | None
    withdrawn_at: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The end of keeping, the purpose that needs it longest, and what its clock starts from."""

    until: datetime
    purpose: str
    start: str
    keep: str
    then: str


def later(instant: datetime, duration: str) -> datetime:
    """An instant plus an ISO 8601 duration; the 31st becomes the last day of a shorter month."""
    found = _DURATION.fullmatch(duration)
    if not found or duration in ("P", "PT"):
        raise ValueError(f"not an ISO 8601 duration: {duration!r}")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = instant.year * 12 + instant.month - 1 + years * 12 + months
    year, month = divmod(total, 12)
    if year > 9998:
        return datetime(9999, 12, 31, tzinfo=UTC)
    moved = instant.replace(year=year, month=month + 1, day=min(instant.day, monthrange(year, month + 1)[1]))
    try:
        return moved + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return datetime(9999, 12, 31, tzinfo=UTC)


def _started(start: str, purpose: str, clock: Clock) -> datetime | None:
    """When a retention clock starts; None while its event has not happened."""
    in_touch = clock.contact_at or clock.created_at
    match start:
        case "collection":
            return clock.created_at
        case "customer_contact":
            return in_touch
        case "relation_end" | "completion":
            return later(in_touch, f"P{_RELATION_MONTHS}M")
        case "year_end":
            return datetime(in_touch.year + 1, 1, 1, tzinfo=UTC)
        case "withdrawal":
            return clock.withdrawn_at.get(purpose)
        case _:
            return None


def kept_until(attribute: AttributeDef, *, valid: frozenset[str], clock: Clock) -> Kept | None:
    """The latest end over the purposes that still hold; None when no clock of a valid purpose has started."""
    ends: list[Kept] = []
    for purpose, rule in attribute.retention.items():
        started = _started(rule.start, purpose, clock)
        if started is not None and (purpose in valid or rule.start == "withdrawal"):
            ends.append(
                Kept(until=later(started, rule.keep), purpose=purpose, start=rule.start, keep=rule.keep, then=rule.then)
            )
    return max(ends, key=lambda one: one.until, default=None)
