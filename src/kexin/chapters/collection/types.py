"""What collection's doors take and give, and the errors of this chapter."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kexin.foundation.problems import Conflict, Invalid, NotFound, Refused
from kexin.foundation.sentences import sentence as _


class Stage(StrEnum):
    """Where an import stands. The first five are steps of the wizard, the rest belong to the background."""

    OPENED = "opened"  # 上传: sealed and read once
    MAPPED = "mapped"  # 对应列
    DECLARED = "declared"  # 来源与凭证
    TRYING = "trying"  # the dry run is under way
    TRIED = "tried"  # 试运行 finished: counts are there
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    STOPPED = "stopped"  # ended by a problem; `problem` says which; can be resumed

    @property
    def busy(self) -> bool:
        """Whether a job is working on it."""
        return self in (Stage.TRYING, Stage.RUNNING)


class Verdict(StrEnum):
    """What an import would do with one row."""

    NEW = "new"
    KNOWN = "known"  # 可能重复: an exact value belongs to a customer already
    REPEATED = "repeated"  # the same person stands earlier in the same file
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file. ``attribute`` "" = left out, and ``why`` says why when the reason is not the person's
    own choice. ``sample`` is how many of the first rows have a value."""

    index: int
    header: str
    attribute: str = ""
    label: str = ""
    why: str = ""
    chapter: str = ""
    remembered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something found in the file that does not stop it: a code, counts, and the sentences for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """One row that will not be written (or is possibly known): its number in the file, the values that help to find it
    (masked), why, and what to do."""

    row: int
    verdict: Verdict
    name: str
    contact: str
    reason: str
    remedy: str
    attribute: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows of the file by verdict; ``total`` is their sum. ``written`` grows while the import runs."""

    total: int = 0
    new: int = 0
    known: int = 0
    repeated: int = 0
    refused: int = 0
    written: int = 0

    @property
    def left_out(self) -> int:
        """Rows that will not be written."""
        return self.repeated + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """One import as its owner sees it."""

    id: uuid.UUID
    stage: Stage
    file_name: str
    file_kind: str
    encoding: str
    encoding_sure: bool
    delimiter: str
    sheet: str
    rows: int
    columns: tuple[Column, ...]
    remarks: tuple[Remark, ...]
    source: str
    label: str
    purpose: str
    basis: str
    proof: bool
    counts: Counts
    rows_done: int
    cancelling: bool
    problem: str
    opened_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    #: Whether it can be taken up where it stopped: ended by a problem, or nothing has moved for `QUIET`.
    resumable: bool = False

    @property
    def percent(self) -> int:
        """Progress of the job under way, 0 to 100, of rows read."""
        return min(100, self.rows_done * 100 // self.rows) if self.rows else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """Rows with their notes, by pages of ``size``."""

    rows: tuple[RowNote, ...]
    total: int
    first: int
    size: int

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return self.first + self.size <= self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of source, a purpose or a basis that may be declared: code and words."""

    code: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFile:
    """Rows that were not written with their reasons: a file that can be corrected and brought in again."""

    name: str
    media_type: str
    content: bytes
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What somebody states about a file: where it came from, what for, on which basis, with which proof."""

    source: str
    purpose: str
    basis: str
    label: str = ""
    proof_file: uuid.UUID | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


class FileRefused(Invalid):
    """The file cannot be read safely, or is not a table. ``finding`` is the stable code."""

    code = "file-refused"
    title = _("没有读取这个文件")

    def __init__(self, finding: str, detail: str, *, remedy: str) -> None:
        super().__init__(detail, remedy=remedy, errors=({"field": "file", "code": finding, "message": str(detail)},))
        self.finding = finding


class ColumnsRefused(Invalid):
    """The columns cannot be matched like this; ``errors`` names the columns."""

    code = "columns-refused"
    title = _("对应列需要更正")


class DeclarationRefused(Invalid):
    """Source, purpose or basis are missing or do not fit together."""

    code = "declaration-refused"
    title = _("来源与凭证需要更正")


class ImportNotFound(NotFound):
    """No such import of this caller."""

    code = "import-not-found"
    title = _("没有找到这次导入")


class WrongStage(Conflict):
    """The import is not at the step that this verb needs."""

    code = "import-stage"
    title = _("这次导入现在不能这样做")


class ImportNotAllowed(Refused):
    """The caller's post may not bring customers in under this purpose."""

    code = "import-refused"
    title = _("没有导入：您的岗位不能以这个用途写入客户信息")
