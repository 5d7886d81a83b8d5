"""What the vault's doors take and give, and the errors of floor 4."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kexin.foundation.problems import Conflict, Invalid, NotFound, Problem, Unavailable
from kexin.foundation.sentences import sentence as _

#: Grades whose values are opened only after their evidence line is committed.
HIGH_GRADES = (3, 4)
#: The grade of the display envelope.
DISPLAY_GRADE = 2
#: Key class of evidence payloads.
PAYLOAD_CLASS = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceActRef:
    """One act of collection. `id` None: a new act is written with the first record that names it.

    `source` is a source code of the catalogue, `label` the words people gave the act, `basis` a basis code of the
    rulebook or ``unproven`` (来源或凭证不明), `notice` the notice version that was shown.
    """

    source: str
    purpose: str
    basis: str
    label: str = ""
    notice: str = ""
    proof_file: uuid.UUID | None = None
    id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A sealed record. `duplicates` are visible subjects that share an exact value: reported, never merged."""

    subject_id: uuid.UUID
    number: str
    source_act_id: uuid.UUID
    duplicates: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRefusal:
    """A row that was not admitted: its number in the input (from 0), and why, attribute by attribute; no values."""

    row: int
    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedMany:
    """What `admit_many` did. `subject_ids` is filled only when asked for."""

    source_act_id: uuid.UUID
    admitted: int
    refused: tuple[RowRefusal, ...] = ()
    batches: int = 0
    duplicates: int = 0
    subject_ids: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """A record after a change: its new version and which attributes were set and removed."""

    subject_id: uuid.UUID
    ver: int
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeResult:
    """A merge and what the survivor took over from the other record."""

    merge_id: uuid.UUID
    target_id: uuid.UUID
    source_id: uuid.UUID
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one holding did for an erasure."""

    key: str
    label: Mapping[str, str]
    removed: int
    remaining: int
    note: str
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """One deletion: where it stands and, when done, its certificate (canonical JSON) and signature."""

    id: uuid.UUID
    subject_id: uuid.UUID
    number: str
    state: str
    ground: str
    request_ref: uuid.UUID | None
    asked_at: datetime
    keys_burned_at: datetime | None
    done_at: datetime | None
    steps: tuple[StepResult, ...] = ()
    certificate: bytes | None = None
    signature: bytes | None = None
    signing_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """A kept file as lists show it; its name is sealed and comes with `open_file`."""

    id: uuid.UUID
    kind: str
    media_type: str
    size_bytes: int
    created_at: datetime
    expires_at: datetime
    subject_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a file is about, written down when it is kept: whoever opens it needs these rights again, at that moment.

    ``permission`` is a `chapter:noun:verb` that a post of the opener has; ``purpose`` one that a post of the opener has.
    ``action`` (`regime.types.Action`: read | export) is decided under that purpose for ``attributes``, about everybody
    whom the file is known to show. A file names a permission or a purpose; what names neither nobody could open.
    """

    permission: str = ""
    purpose: str = ""
    action: str = ""
    attributes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.permission or self.purpose) or (self.action and not self.purpose):
            raise ValueError("a file is kept under a permission or a purpose, and an action has a purpose")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """What a file shows of one person known by id: these attributes, those of ``full`` unmasked. An erasure of the
    person burns the file."""

    subject: uuid.UUID
    attributes: tuple[str, ...] = ()
    full: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProgress:
    """How far a rotation is: rows still wrapped by a retiring epoch, per key class."""

    behind: Mapping[int, int] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether no row is behind."""
        return not any(self.behind.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildProgress:
    """How far records follow the catalogue in force: records done, still behind, changed, and damaged ones left alone."""

    done: int
    behind: int
    changed: int
    failed: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexGeneration:
    """One generation of a search index: building, active, retiring or closing, and since when."""

    index: str
    gen: int
    state: str
    since: datetime
    suite: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteProgress:
    """The suite in force, and how many envelopes, wrapped keys and search indexes are of another one."""

    suite: int
    envelopes: int
    keys: int
    indexes: int


def shown_number(number: int) -> str:
    """The number as people read it: K-204817."""
    return f"K-{number}"


class SubjectNotFound(NotFound):
    """No such record for this caller (absent and forbidden look the same)."""

    code = "customer-not-found"
    title = _("没有找到这位客户")


class SubjectErased(Problem):
    """The record was deleted: nothing can open it any more."""

    status = 410
    code = "customer-erased"
    title = _("已删除记录")


class SubjectErasing(Conflict):
    """The record is being deleted; no verb but the deletion itself may touch it."""

    code = "customer-erasing"
    title = _("正在删除，不能再更改")


class WrongState(Conflict):
    """The record is not in the state that this verb needs."""

    code = "customer-state"
    title = _("客户现在的状态不允许这样做")


class StaleVersion(Conflict):
    """Somebody changed the record after it was read."""

    code = "customer-changed"
    title = _("别人刚刚更改了这位客户，请刷新后再改")


class InvalidValues(Invalid):
    """Values that the catalogue does not accept; `errors` names attribute and reason, never the value."""

    code = "customer-values"
    title = _("有内容需要更正")


class KeyringDown(Unavailable):
    """The keyring does not answer: sealed values stay closed, nothing was changed."""

    code = "keyring-unavailable"
    title = _("暂时无法打开")


class KeyMissing(Unavailable):
    """A sealed row whose key is gone although its subject was not erased: an incident, never an empty field."""

    code = "key-missing"
    title = _("暂时无法打开")


class FileGone(Problem):
    """The file was burned or has expired."""

    status = 410
    code = "file-gone"
    title = _("文件已删除")
