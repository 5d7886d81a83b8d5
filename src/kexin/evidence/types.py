"""What the ledger takes in and gives out. Closed enums and codes only: nothing here may hold personal data."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from kexin.foundation import clock

#: A line that no outside keeper holds after this long is an alarm, in seconds.
DELIVERY_S = 300
#: The class of key under which opens of files are counted; envelopes are counted under their grade.
FILE_CLASS = 5


class Event(StrEnum):
    """Everything that can have happened, in the past tense. The list is closed; a new event is a code review."""

    CUSTOMER_ADMITTED = "customer.admitted"
    CUSTOMER_AMENDED = "customer.amended"
    CUSTOMER_LISTED = "customer.listed"
    CUSTOMER_SEARCHED = "customer.searched"
    CUSTOMER_OPENED = "customer.opened"
    CUSTOMER_REVEALED = "customer.revealed"
    CUSTOMER_CONTACTED = "customer.contacted"
    CUSTOMER_DISCLOSED = "customer.disclosed"
    CUSTOMER_ANALYSED = "customer.analysed"
    CUSTOMER_ERASING = "customer.erasing"
    CUSTOMER_ERASED = "customer.erased"
    CUSTOMER_FROZEN = "customer.frozen"
    CUSTOMER_UNFROZEN = "customer.unfrozen"
    CUSTOMER_DISCARDED = "customer.discarded"
    CUSTOMER_RESTORED = "customer.restored"
    CUSTOMER_MERGED = "customer.merged"
    CUSTOMER_UNMERGED = "customer.unmerged"
    CUSTOMER_CAME_OF_AGE = "customer.came_of_age"
    CUSTOMER_REBUILT = "customer.rebuilt"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    FILE_KEPT = "file.kept"
    FILE_OPENED = "file.opened"
    FILE_BURNED = "file.burned"
    IMPORT_STARTED = "import.started"
    IMPORT_FINISHED = "import.finished"
    IMPORT_CANCELLED = "import.cancelled"
    EXPORT_MADE = "export.made"
    RELEASE_STARTED = "release.started"
    RELEASE_FINISHED = "release.finished"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_ASKED = "consent.asked"
    NOTICE_PUBLISHED = "notice.published"
    NOTICE_DELIVERED = "notice.delivered"
    RULEBOOK_ASSESSED = "rulebook.assessed"
    RULEBOOK_DRAFTED = "rulebook.drafted"
    RULEBOOK_SIGNED = "rulebook.signed"
    RULEBOOK_PUBLISHED = "rulebook.published"
    GRANT_MADE = "grant.made"
    GRANT_ENDED = "grant.ended"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    ACCESS_DENIED = "access.denied"
    REFUSALS_COUNTED = "refusals.counted"
    SIGNIN_SUCCEEDED = "signin.succeeded"
    SIGNIN_FAILED = "signin.failed"
    SIGNIN_BLOCKED = "signin.blocked"
    SIGNOUT = "signout"
    SESSION_ENDED = "session.ended"
    PASSWORD_CHANGED = "password.changed"
    FACTOR_CHANGED = "factor.changed"
    PERSON_CREATED = "person.created"
    PERSON_AMENDED = "person.amended"
    PERSON_DEACTIVATED = "person.deactivated"
    PERSON_REACTIVATED = "person.reactivated"
    DEPARTMENT_CHANGED = "department.changed"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    TOKEN_CREATED = "token.created"
    TOKEN_REVOKED = "token.revoked"
    KEYS_ROTATED = "keys.rotated"
    EPOCH_CREATED = "epoch.created"
    EPOCH_DESTROYED = "epoch.destroyed"
    INSTANCE_CREATED = "instance.created"
    INSTANCE_RESTORED = "instance.restored"
    OPENS_RECONCILED = "opens.reconciled"
    EVIDENCE_VERIFIED = "evidence.verified"
    EVIDENCE_EXPORTED = "evidence.exported"
    SETTING_CHANGED = "setting.changed"


class Flag(StrEnum):
    """What makes a line worth a second look. Facts about the line, never about a person."""

    HONEY = "honey"
    VIP = "vip"
    SAME_SURNAME = "same_surname"
    OWN_NUMBER = "own_number"
    QUOTA = "quota"
    BULK = "bulk"
    UNPROVEN = "unproven"
    EMERGENCY = "emergency"
    OPENS_UNANNOUNCED = "opens_unannounced"
    DAMAGE = "damage"


Decision = Literal["allow", "deny", "none"]
Relation = Literal["", "own", "team", "foreign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened, before it is a line.

    ``purpose`` "" means the caller's own. ``action`` an action code, ``rule_ids`` the rules that decided, ``rulebook``
    the sha256 hex of the rulebook in force, ``audit_item`` A02…A25 of the compliance audit, ``relation`` of the actor
    to the customer. ``audit_ids`` are the random audit ids of the customers touched: the body holds their Merkle root
    only. ``count`` is whatever the event counts (rows, people); ``opens`` the number of sealed grade 3–4 envelopes
    that this line announces, or of files where the event is ``file.opened`` (reconciled with `count_opens`). ``ref`` is an opaque reference (a uuid, ``import:uuid``).
    ``document`` is the sha256 hex of a signed document's body, so that a receipt can be proved by its line.
    ``payload`` are bytes sealed by the vault: their hash goes into the body, they are stored beside it.
    """

    event: Event
    decision: Decision = "none"
    purpose: str = ""
    action: str = ""
    rule_ids: tuple[str, ...] = ()
    rulebook: str = ""
    audit_item: str = ""
    relation: Relation = ""
    flags: tuple[Flag, ...] = ()
    audit_ids: tuple[uuid.UUID, ...] = ()
    count: int = 0
    opens: int = 0
    ref: str = ""
    document: str = ""
    payload: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A committed or committing line: its id before it has a number, and the instant written into it."""

    intake_id: uuid.UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An Ed25519 signature. ``key_id`` names the public key in the trust file, ``sig`` is 64 raw bytes."""

    key_id: str
    sig: bytes
    alg: str = "Ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A signing key that took over: ids of both (hex), the new public key, after how many lines of the ledger."""

    purpose: str
    old: str
    new: str
    vkey: str
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """One party outside the database that keeps the ledger's digests: the witness or the mirror.

    ``size`` is the number of lines it is known to hold, ``state`` one of ``agrees``, ``behind`` (not yet asked or
    not yet delivered), ``unreachable``, ``contradicts``.
    """

    kind: Literal["witness", "mirror"]
    name: str
    size: int
    root: str
    at: datetime | None
    state: Literal["agrees", "behind", "unreachable", "contradicts"]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest signed digest of the ledger, and how far it has left the house."""

    size: int
    root: str
    at: datetime | None
    witness_size: int
    mirror_size: int
    keepers: tuple[Keeper, ...] = ()
    waiting_since: datetime | None = None

    @property
    def overdue(self) -> bool:
        """Whether a line has waited longer than `DELIVERY_S` for the slower outside keeper."""
        return self.waiting_since is not None and clock.now() - self.waiting_since > timedelta(seconds=DELIVERY_S)

    @property
    def undelivered(self) -> int:
        """Lines that the slower outside keeper does not hold yet."""
        return max(0, self.size - min(self.witness_size, self.mirror_size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sequenced line. ``seq`` counts from 0 (the leaf's index in the tree); people read ``seq + 1``."""

    seq: int
    at: datetime
    event: str
    decision: str
    actor: str
    kind: str
    purpose: str
    action: str
    rule_ids: tuple[str, ...]
    rulebook: str
    audit_item: str
    relation: str
    flags: tuple[str, ...]
    count: int
    subjects: int
    ref: str
    digest: str
    intake_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProof:
    """One line with everything needed to believe it without us."""

    line: Line
    body: Mapping[str, Any]
    proof: Mapping[str, Any] | None
    signed_by: str
    witnessed: bool
    mirrored: bool
    payload: Literal["none", "kept", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which lines a page asks for. Empty means all; ``actors`` are pseudonyms (`queries.pseudonyms`)."""

    since: datetime | None = None
    until: datetime | None = None
    events: tuple[str, ...] = ()
    decision: str = ""
    actors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One time somebody touched a customer's information, as the customer may be told."""

    seq: int
    at: datetime
    event: str
    decision: str
    actor: str
    kind: str
    purpose: str
    action: str
    relation: str
    rule_ids: tuple[str, ...]
    count: int
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """The first thing found wrong. ``seq`` is the leaf index (None when no single line can be blamed), ``kind`` a code:
    changed, missing, added, moved, columns, hash, tile, subjects, payload, checkpoint, mirror, witness, behind."""

    kind: str
    seq: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a verification, judged against the keepers outside, not the database's own head."""

    id: uuid.UUID
    state: Literal["queued", "running", "passed", "failed", "impossible"]
    depth: Literal["full", "new"]
    size: int
    checked: int
    started_at: datetime
    finished_at: datetime | None
    witness_size: int
    mirror_size: int
    undelivered: int
    damage: Damage | None = None

    @property
    def ok(self) -> bool:
        """Whether everything that was asked about was found whole."""
        return self.state == "passed"

    @property
    def took_s(self) -> float:
        """Seconds from start to end (0 while running)."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else 0.0
