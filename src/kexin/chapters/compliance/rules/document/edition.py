"""What a document is composed from: one rulebook with its state, number, signatures, history and the duties of law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from kexin.regime.types import Rulebook

#: State of a version -> how the cover says it. `draft` is a text that nobody has signed.
STATES: Mapping[str, str] = {
    "draft": "草稿，未经签署",
    "waiting": "已由起草人签署，待第二人签署",
    "scheduled": "已签署，待施行",
    "in_force": "现行有效",
    "past": "已被后续版本取代",
    "overtaken": "未施行，已被其他版本取代",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """One signature. ``line`` its number in the evidence ledger counted from 1 (None: not numbered yet), ``digest`` the
    SHA-256 of that line, ``key_id`` and ``algorithm`` of the signature."""

    capacity: str
    name: str
    at: datetime
    algorithm: str
    key_id: str
    line: int | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One line of 修订记录. ``loosens``: it permits something that the version before did not."""

    number: int
    state: str
    drafter: str
    drafted_at: datetime
    signers: tuple[str, ...]
    effective_at: datetime | None
    loosens: bool
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A duty of law that this house keeps as data. ``article`` as that data has it; ``mark`` V official text read,
    S secondary source, M from memory; ``chapters`` of the regime, 1 to 10; ``profile`` the switch it depends on."""

    source: str
    article: str
    mark: str
    chapters: tuple[int, ...]
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of the document. ``number`` None: a draft; ``published`` the ledger's (line, digest) of coming into
    force; ``composed_on`` the day that a draft carries: a version carries its own dates and is the same for ever."""

    rulebook: Rulebook
    state: str
    number: int | None = None
    drafted_at: datetime | None = None
    effective_at: datetime | None = None
    signings: tuple[Signing, ...] = ()
    published: tuple[int, str] | None = None
    history: tuple[Revision, ...] = ()
    duties: tuple[Duty, ...] = ()
    composed_on: date | None = None

    @property
    def is_signed(self) -> bool:
        """Whether two people, or the lone publisher of a small firm, have put it on its way into force."""
        return self.state in ("scheduled", "in_force", "past")
