"""What regime asks of the rooms above it about the records that they hold, and what it tells of a draft's effect."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kexin.regime.types.decision import SubjectFacts
from kexin.regime.types.rulebook import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Living records counted by the truth of some atoms. ``groups``: truth of each atom -> how many people share it;
    ``sample``: some people as a single decision sees them (without relations and consents), with their atoms."""

    people: int
    groups: Mapping[tuple[bool | None, ...], int]
    sample: tuple[tuple[SubjectFacts, tuple[bool | None, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Something outside the rulebook that a new one stops or changes: a saved view, an import under way, a walk over
    the records. ``stops``: it does not work any more as it stands; ``names`` a few of them; ``count`` all of them."""

    kind: str
    label: Text
    count: int
    stops: bool = True
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeUse:
    """How much one attribute is really used. ``uses``: values opened in full, used unseen, exported or provided in the
    span; ``last_on`` the day of the last of them within it; ``filled`` of ``looked`` people have a value."""

    uses: int = 0
    last_on: date | None = None
    filled: int = 0
    looked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUse:
    """Use of the whole catalogue as it was last measured. ``whole``: every living record was looked at, not a sample
    of ``looked`` of ``people``; ``observed``: since how many days there are records; ``measured_on`` None: never yet;
    ``busy``: a measuring is under way."""

    attributes: Mapping[str, AttributeUse] = field(default_factory=dict)
    measured_on: date | None = None
    days: int = 90
    observed: int = 0
    looked: int = 0
    people: int = 0
    busy: bool = False

    @property
    def young(self) -> bool:
        """Whether there have not been records for the whole span yet: nobody can say that something is unused."""
        return self.observed < self.days

    @property
    def whole(self) -> bool:
        """Whether everybody was looked at."""
        return self.looked >= self.people


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """One draft. ``source`` are the exact bytes that would be signed, ``sha256`` their hex digest, ``ver`` grows with
    every edit; ``overtaken``: another version came into force since it was begun; ``mine``: the asker's own."""

    id: uuid.UUID
    author: uuid.UUID
    source: bytes
    sha256: str
    base_number: int
    base_sha256: str
    ver: int
    created_at: datetime
    updated_at: datetime
    overtaken: bool
    mine: bool

    @property
    def unchanged(self) -> bool:
        """Whether it still is the text that it was begun from."""
        return self.sha256 == self.base_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactView:
    """One counting of what a text would change. ``state`` queued | running | done | failed; ``done`` of ``total``
    people; ``result`` and ``digest`` (hex SHA-256 of its canonical bytes) once done; ``problem`` a short code when it
    failed; ``overtaken``: the version that it was compared with is no longer in force, so that no signature counts."""

    id: uuid.UUID
    sha256: str
    base_number: int
    base_sha256: str
    state: str
    done: int
    total: int
    problem: str
    asked_by: uuid.UUID
    asked_at: datetime
    finished_at: datetime | None
    took_s: float
    digest: str
    result: Mapping[str, Any] | None
    overtaken: bool

    @property
    def busy(self) -> bool:
        """Whether it is still to come."""
        return self.state in ("queued", "running")
