"""What a consent event does to the state, what a person agreed to (scope), and when one may ask again. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from kexin.foundation.canonical import dumps
from kexin.regime.types.rulebook import Basis, PurposeDef, Rulebook

STATUSES = ("shown", "given", "refused", "withdrawn", "expired", "stale")
KINDS = ("general", "explicit", "separate", "written", "guardian", "cross_border")
METHODS = ("web_form", "portal", "phone", "paper", "message", "in_person", "import", "system")
#: What the person decided, and so holds a receipt of.
DECIDED = ("given", "refused", "withdrawn")
#: A firm may ask again after its own delay, never sooner than this (AUD A04).
ASK_FLOOR = timedelta(hours=48)

#: What each kind may stand in for. `separate` is specific and explicit; `written` is separate on paper or signed.
_STANDS_FOR: Mapping[str, frozenset[str]] = {
    "general": frozenset({"general"}),
    "explicit": frozenset({"general", "explicit"}),
    "separate": frozenset({"general", "explicit", "separate"}),
    "written": frozenset({"general", "explicit", "separate", "written"}),
    "guardian": frozenset(KINDS) - {"cross_border"},
    "cross_border": frozenset({"general", "explicit", "separate", "cross_border"}),
}
_BASIS_KIND = {
    Basis.CONSENT: "explicit",
    Basis.SEPARATE_CONSENT: "separate",
    Basis.WRITTEN_CONSENT: "written",
    Basis.GUARDIAN_CONSENT: "guardian",
}
_DURATION = re.compile(
    r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where one consent stands. ``refused_at``: the last time the person said no."""

    status: str
    kind: str
    valid_until: datetime | None
    scope_sha256: str
    notice_version: int | None
    record_id: Any
    event_seq: int
    at: datetime
    refused_at: datetime | None = None


def next_state(before: State | None, event: State) -> State:
    """The state after one more event; ``event`` carries the event's own fields.

    Showing a notice changes nothing that the person decided; `expired` and `stale` end only what was given.
    """
    if before is None:
        return replace(event, refused_at=event.at if event.status in ("refused", "withdrawn") else None)
    if event.status == "shown" and before.status != "shown":
        return before
    if event.status in ("expired", "stale") and before.status != "given":
        return before
    if event.status in ("expired", "stale"):
        return replace(before, status=event.status, event_seq=event.event_seq, at=event.at)
    refused = event.at if event.status in ("refused", "withdrawn") else before.refused_at
    return replace(event, refused_at=refused)


def project(events: Iterable[State]) -> State | None:
    """The state after all events of one consent, in their order."""
    state: State | None = None
    for event in events:
        state = next_state(state, event)
    return state


def kind_needed(purpose: PurposeDef) -> str:
    """The kind of consent that the rulebook asks for under a purpose ("" where none of its bases is a consent)."""
    if purpose.consent_kind:
        return purpose.consent_kind
    return next((_BASIS_KIND[basis] for basis in purpose.bases if basis in _BASIS_KIND), "")


def suffices(kind: str, needed: str) -> bool:
    """Whether a consent of one kind may stand where another is needed (never a bundle for a separate one)."""
    return needed in _STANDS_FOR.get(kind, frozenset())


def scope_of(rulebook: Rulebook, purpose: str, *, notice_major: int | None) -> dict[str, Any]:
    """What a consent covers: purpose, bases, channel, categories of information, recipients, major notice version."""
    definition = rulebook.purposes[purpose]
    bound = [one for one in rulebook.attributes.values() if purpose in one.purposes]
    return {
        "purpose": purpose,
        "bases": [basis.value for basis in definition.bases],
        "channel": definition.channel,
        "categories": sorted({one.category for one in bound}),
        "sensitive": sorted(one.key for one in bound if one.sensitive),
        "recipients": sorted(key for key, one in rulebook.recipients.items() if purpose in one.purposes),
        "notice": notice_major,
    }


def scope_sha256(scope: Mapping[str, Any]) -> str:
    """Hex SHA-256 of the canonical bytes of a scope: another hash means that the consent must be asked for again."""
    return hashlib.sha256(dumps(dict(scope))).hexdigest()


def after(start: datetime, duration: str) -> datetime | None:
    """The instant an ISO 8601 duration after another ("" = never). Months and years end on an existing day."""
    if not duration:
        return None
    match = _DURATION.fullmatch(duration)
    if match is None or duration in ("P", "PT"):
        raise ValueError(f"not a duration: {duration[:20]!r}")
    years, months, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    count = start.year * 12 + start.month - 1 + years * 12 + months
    year, month = divmod(count, 12)
    day = min(start.day, _days_in(year, month + 1))
    moved = start.replace(year=year, month=month + 1, day=day)
    return moved + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def may_ask(state: State | None, *, at: datetime, ask_again_after: str) -> bool:
    """Whether a person may be asked now: never while they consent, never too soon after a no. Silence is a refusal."""
    if state is None or state.status in ("stale", "expired"):
        return state is None or state.refused_at is None or _rested(state.refused_at, at, ask_again_after)
    if state.status == "given":
        return False
    return _rested(state.refused_at or state.at, at, ask_again_after)


def _rested(since: datetime, at: datetime, ask_again_after: str) -> bool:
    return at >= max(since + ASK_FLOOR, after(since, ask_again_after) or since)
