"""Questions about imports. Answers are frozen; values of rows come masked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kexin.chapters.collection.adapters import tables
from kexin.chapters.collection.adapters.findings import FINDINGS, remark
from kexin.chapters.collection.adapters.reasons import reason
from kexin.chapters.collection.models import ImportBatch, ImportRejection, ImportRun
from kexin.chapters.collection.rules import columns as rules
from kexin.chapters.collection.types import (
    Column,
    Counts,
    ImportNotAllowed,
    ImportNotFound,
    ImportView,
    RowNote,
    RowPage,
    SourceKind,
    Stage,
    Verdict,
)
from kexin.foundation import tasks as work
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people import queries as people
from kexin.regime import queries as regime
from kexin.regime.semantic import mask_for
from kexin.regime.types import Action, AttributeDef, Bundle, Context, SubjectFacts
from kexin.vault import operations as vault

#: The permission of whoever brings customers in.
IMPORT = "collection:import:run"
#: Purposes under which customers may be brought in; the rulebook decides which of them this caller has.
PURPOSES = ("presale", "service", "order", "member", "contract_b2b")
ENCODINGS = ("", "utf-8", "gb18030", "utf-16", "big5")
DELIMITERS = (",", "\t", ";", "|")
PAGE_ROWS = 10
#: A batch of 1,000 rows takes seconds: an import that has not moved for so long has lost its process.
QUIET = timedelta(minutes=3)
UNPROVEN = "unproven"
_WRITING = Context(can_execute=frozenset({"log"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What may be declared."""

    sources: tuple[SourceKind, ...]
    purposes: tuple[SourceKind, ...]
    basis_words: Mapping[str, str]
    basis_codes: Mapping[str, tuple[str, ...]]

    @property
    def pairs(self) -> tuple[SourceKind, ...]:
        """Purpose and basis as one choice, because each purpose has its own bases."""
        return tuple(
            SourceKind(code=f"{purpose.code}:{basis.code}", label=f"{purpose.label} · {basis.label}")
            for purpose in self.purposes
            for basis in self.bases(purpose.code)
        )

    def bases(self, purpose: str) -> tuple[SourceKind, ...]:
        """The bases of one purpose; 来源或凭证不明 is always among them."""
        codes = (*self.basis_codes.get(purpose, ()), UNPROVEN)
        return tuple(SourceKind(code=code, label=self.basis_words.get(code, code)) for code in codes)


def catalogue() -> Mapping[str, AttributeDef]:
    """The attributes of the rulebook in force."""
    return regime.bundle().attributes


def label_of(attribute: AttributeDef) -> str:
    """An attribute's name in the reader's language."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return attribute.label.get(language) or attribute.label["zh"]


def writable(caller: Caller, *, known: Bundle | None = None) -> tuple[str, ...]:
    """Purposes under which this caller may write a customer's name, in the house's order. ``known``: the rulebook that
    the same request has read already."""
    facts = SubjectFacts(kind="person", state="active", age_status="unknown")
    known = known or regime.bundle_or_none()
    return tuple(
        purpose
        for purpose in PURPOSES
        if known is not None
        and purpose in known.purposes
        and regime.decide(
            caller.under(purpose), action=Action.WRITE, subject=facts, attributes=("name",), context=_WRITING, under=known
        ).allowed("name")
    )


def require_importer(caller: Caller) -> None:
    """Bringing in files belongs to the steward (`collection:import:run`) and needs a purpose to write under."""
    known = regime.bundle_or_none()
    roles = people.principal(caller).roles
    may = known is not None and any(
        IMPORT in known.rulebook.roles[role].permissions for role in roles if role in known.rulebook.roles
    )
    if not may or not writable(caller, known=known):
        raise ImportNotAllowed(
            _("导入客户由客户数据管理员办理。"), remedy=_("请把文件交给客户数据管理员。"), who="steward"
        )


def choices(caller: Caller) -> Choices:
    """Sources, the caller's purposes, and the bases of each."""
    known = regime.bundle()
    words = {
        "contract": _("订立或履行合同所必需"),
        "contract_if_asked": _("本人提出询价或将要签约"),
        "consent": _("本人同意"),
        "separate_consent": _("本人单独同意"),
        "written_consent": _("本人书面同意"),
        "legal_duty": _("履行法定义务"),
        UNPROVEN: _("来源或凭证不明"),
    }
    sources = (
        ("offline", _("线下登记（展会、门店）")),
        ("form", _("线上表单")),
        ("legacy", _("存量客户资料")),
        ("crm", _("其他客户系统导出")),
        ("referral", _("转介绍与名片")),
        ("partner", _("合作方提供")),
    )
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return Choices(
        sources=tuple(SourceKind(code=code, label=label) for code, label in sources),
        purposes=tuple(
            SourceKind(code=key, label=known.purposes[key].label.get(language) or known.purposes[key].label["zh"])
            for key in writable(caller, known=known)
        ),
        basis_words=words,
        basis_codes={
            key: tuple(str(getattr(basis, "value", basis)) for basis in known.purposes[key].bases) for key in PURPOSES if key in known.purposes
        },
    )


def row_of(caller: Caller, run: uuid.UUID, *, lock: bool = False) -> ImportRun:
    """The caller's own import; somebody else's looks like none."""
    rows = ImportRun.objects.select_for_update() if lock else ImportRun.objects
    row = rows.filter(id=run, opened_by=caller.id).first()
    if row is None:
        raise ImportNotFound
    return row


def content(caller: Caller, file: uuid.UUID) -> Iterator[bytes]:
    """The bytes of a sealed file, opened under an evidence line."""
    return vault.open_file(caller, file=file)[1]


def reading(row: ImportRun) -> tables.Reading:
    """How this import's file is read."""
    return tables.Reading(
        encoding=row.encoding, delimiter=row.delimiter, sheet=row.sheet, max_rows=row.max_rows,
        cpu_s=60 if row.max_rows <= tables.WIZARD_ROWS else 600, wall_s=600 if row.max_rows <= tables.WIZARD_ROWS else 7200,
    )  # fmt: skip


def usable_columns(row: ImportRun) -> list[str]:
    """The attribute of each column that is really imported: bound to the declared purpose, collected, of this kind."""
    known = catalogue()
    kind = "organisation" if "org_name" in row.mapping else "person"
    return [key if key and not _left_out(known.get(key), row.purpose, kind) else "" for key in row.mapping]


def _left_out(attribute: AttributeDef | None, purpose: str, kind: str) -> str:
    """Why a matched column is not imported: unknown | not_collected | kind | not_bound | too_high | ""."""
    if attribute is None:
        return "unknown"
    if not attribute.collect:
        return "not_collected"
    if kind not in attribute.subject_kinds:
        return "kind"
    if purpose and purpose not in attribute.purposes:
        return "not_bound"
    return "too_high" if attribute.grade > 3 else ""


def columns(row: ImportRun) -> tuple[Column, ...]:
    """Every column with what becomes of it, and why it is left out where that is not the person's own choice."""
    known = catalogue()
    kind = "organisation" if "org_name" in row.mapping else "person"
    trouble = rules.trouble(row.headers)
    answer = []
    for index, (header, key) in enumerate(zip(row.headers, row.mapping, strict=True)):
        attribute = known.get(key)
        why = _why(_left_out(attribute, row.purpose, kind) if key else "", row) if key else ""
        if not key and trouble.get(index) == "same":
            why = _("与前面一列同名；需要它时请先改名。")
        answer.append(
            Column(
                index=index, header=header, attribute=key, label=label_of(attribute) if attribute else "", why=why,
                remembered=row.remembered,
            )
        )  # fmt: skip
    return tuple(answer)


def _why(code: str, row: ImportRun) -> str:
    known = regime.bundle().purposes
    language = "en" if (get_language() or "").startswith("en") else "zh"
    purpose = known[row.purpose].label.get(language, known[row.purpose].label["zh"]) if row.purpose in known else ""
    return {
        "unknown": _("目录里没有这一项。"),
        "not_collected": _("目录写明不收集这一项。制度第一章 1.2"),
        "kind": _("这一项不适用于这类客户。"),
        "not_bound": _("“%(purpose)s”不需要这一项。制度第一章 1.2") % {"purpose": purpose},
        "too_high": _("4 级信息只能逐位登记，不能成批导入。制度第一章 1.2"),
    }.get(code, "")


def view(caller: Caller, *, run: uuid.UUID) -> ImportView:
    """One import of the caller's own."""
    row = row_of(caller, run)
    return _view(row, columns(row))


def imports(caller: Caller, *, limit: int = 20) -> list[ImportView]:
    """The caller's imports, newest first, without their columns (`view` has them)."""
    require_importer(caller)
    return [_view(row, ()) for row in ImportRun.objects.filter(opened_by=caller.id).order_by("-opened_at")[:limit]]


def tasks(caller: Caller) -> list[work.Task]:
    """The caller's imports as background work: trials and the imports themselves, from their first row on."""
    begun = ImportRun.objects.filter(opened_by=caller.id).exclude(stage__in=_NOT_YET).order_by("-opened_at")
    return [_task(_view(row, ())) for row in begun[: work.LIMIT]]


#: Steps of the wizard at which nothing runs and nothing has run.
_NOT_YET = (Stage.OPENED, Stage.MAPPED, Stage.DECLARED)
_STATES = {
    Stage.TRYING: work.State.RUNNING, Stage.RUNNING: work.State.RUNNING, Stage.TRIED: work.State.DONE,
    Stage.DONE: work.State.DONE, Stage.CANCELLED: work.State.CANCELLED, Stage.STOPPED: work.State.STOPPED,
}  # fmt: skip


def _task(one: ImportView) -> work.Task:
    counts = {"done": f"{one.rows_done:,}", "total": f"{one.rows:,}", "written": f"{one.counts.written:,}", "new": f"{one.counts.new:,}"}
    sentence = {
        Stage.TRYING: _("试运行：已检查 %(done)s 行，共 %(total)s 行，没有写入") % counts,
        Stage.RUNNING: _("已处理 %(done)s 行，共 %(total)s 行，写入 %(written)s 位") % counts,
        Stage.TRIED: _("试运行完成：%(total)s 行中可以写入 %(new)s 位，等您决定") % counts,
        Stage.DONE: _("已写入 %(written)s 位，共 %(total)s 行") % counts,
        Stage.CANCELLED: _("取消前已写入 %(written)s 位，会保留") % counts,
        Stage.STOPPED: one.problem,
    }[one.stage]
    state = _STATES[one.stage]
    if one.stage.busy and one.resumable:  # its process is gone
        state, sentence = work.State.STOPPED, _("停在第 %(done)s 行，可以从这里继续") % counts
    results = [work.Way(label=_("查看结果"), name="collection:import", arguments=(one.id,))] if state is not work.State.RUNNING else []
    if results and one.counts.left_out + one.counts.known:
        results.append(work.Way(label=_("下载错误表"), name="collection:error-file", arguments=(one.id,), is_post=True))
    return work.Task(
        kind="imports", id=one.id, title=_("导入 %(name)s") % {"name": one.file_name}, state=state,
        sentence=sentence, note=_("正在停下") if one.cancelling else "", done=one.rows_done, total=one.rows,
        began_at=one.started_at or one.opened_at, ended_at=one.finished_at,
        page=work.Way(label="", name="collection:import", arguments=(one.id,)),
        cancel=work.Way(label=_("停下"), name="collection:cancellation", arguments=(one.id,)), results=tuple(results),
    )  # fmt: skip


def _view(row: ImportRun, columns: tuple[Column, ...]) -> ImportView:
    return ImportView(
        id=row.id,
        stage=Stage(row.stage),
        file_name=row.label or row.file_kind.upper(),
        file_kind=row.file_kind,
        encoding=row.encoding,
        encoding_sure=row.encoding_sure,
        delimiter=row.delimiter,
        sheet=row.sheet,
        rows=row.rows,
        columns=columns,
        remarks=tuple(remark(str(code), int(count)) for code, count in row.remarks),
        source=row.source,
        label=row.label,
        purpose=row.purpose,
        basis=row.basis,
        proof=row.proof_file is not None,
        counts=Counts(
            total=row.rows, new=row.new, known=row.known, repeated=row.repeated, refused=row.refused, written=row.written
        ),
        rows_done=row.rows_done,
        cancelling=row.cancel_asked,
        problem=_(FINDINGS[row.problem][0]) if row.problem in FINDINGS else row.problem,
        opened_at=row.opened_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        resumable=resumable(row),
    )


def resumable(row: ImportRun) -> bool:
    """Whether an import that began can be taken up again: it ended by a problem, or its process is gone (killed, out of
    memory) and nothing has moved for `QUIET`. Two processes on one import write no row twice, so a wrong guess is safe."""
    if row.source_act is None or row.stage not in (Stage.STOPPED, Stage.RUNNING):
        return False
    if row.stage == Stage.STOPPED:
        return True
    newest = ImportBatch.objects.filter(run=row).order_by("-first_row").values_list("at", flat=True).first()
    moved_at = max(filter(None, (newest, row.started_at)), default=None)
    return moved_at is not None and now() - moved_at > QUIET


def notes(caller: Caller, *, run: uuid.UUID, verdict: str = "refused", page: int = 1) -> RowPage:
    """Rows that are not written (refused, repeated) or possibly known, ten by ten, joined with the sealed source and
    masked."""
    row = row_of(caller, run)
    kinds = [Verdict.KNOWN] if verdict == Verdict.KNOWN else [Verdict.REFUSED, Verdict.REPEATED]
    wanted = ImportRejection.objects.filter(run=row, verdict__in=kinds).order_by("row")
    first = max(0, page - 1) * PAGE_ROWS
    found = list(wanted[first : first + PAGE_ROWS])
    shown = _shown(caller, row, {one.row for one in found}) if found else {}
    known = catalogue()
    labels = {key: label_of(one) for key, one in known.items()}
    answer = []
    for one in found:
        name, contact, cells = shown.get(one.row, ("", "", {}))
        said, remedy = reason(
            one.code,
            other_row=one.other_row,
            label=labels.get(one.attribute, ""),
            definition=known.get(one.attribute),
            value=cells.get(one.attribute, ""),
        )
        answer.append(
            RowNote(
                row=one.row, verdict=Verdict(one.verdict), name=name, contact=contact, reason=said, remedy=remedy,
                attribute=one.attribute,
            )
        )  # fmt: skip
    return RowPage(rows=tuple(answer), total=wanted.count(), first=first + 1, size=PAGE_ROWS)


def _shown(caller: Caller, row: ImportRun, wanted: set[int]) -> dict[int, tuple[str, str, dict[str, str]]]:
    """Name and contact of these rows, masked (an unreadable contact shows its first four signs at most), and the cells
    for the one who words the reason."""
    known, last = catalogue(), max(wanted)
    answer: dict[int, tuple[str, str, dict[str, str]]] = {}
    for batch in tables.lines(content(caller, row.file_id), reading=reading(row)):
        for line in batch:
            if line.row in wanted:
                values = dict(zip(row.mapping, line.cells, strict=False))
                name = values.get("name") or values.get("org_name") or ""
                key = next((one for one in ("mobile", "landline", "email", "wechat_id") if values.get(one)), "")
                contact = mask_for(known[key], values[key]) if key and len(values[key]) > 8 else (values.get(key, "")[:4] + "****" if key else "")
                answer[line.row] = (mask_for(known["name"], name) if name else "", contact, values)
        if batch[-1].row >= last:
            break
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The declaration of an import in words."""

    source: str
    purpose: str
    basis: str


def words(caller: Caller, view: ImportView) -> Words:
    """What was declared, as people read it."""
    known = choices(caller)
    source = {one.code: one.label for one in known.sources}
    purpose = {one.code: one.label for one in known.purposes}
    return Words(
        source=source.get(view.source, view.source),
        purpose=purpose.get(view.purpose, view.purpose),
        basis=known.basis_words.get(view.basis, view.basis),
    )


def attributes() -> tuple[SourceKind, ...]:
    """Attributes that a column may be matched with, in the catalogue's order."""
    return tuple(SourceKind(code=key, label=label_of(one)) for key, one in catalogue().items() if one.collect)
