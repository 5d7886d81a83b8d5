"""What the vault itself holds on a person, and how it lets go of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet

from kexin.foundation.caller import Caller
from kexin.foundation.holding import ErasedPart, Holding, Impersonal, impersonal
from kexin.regime import operations as regime
from kexin.vault import envelopes, subjects, watch
from kexin.vault.envelopes import HOLD, IDENTITY
from kexin.vault.models import (
    Disclosure,
    File,
    FileChunk,
    FileSubject,
    Hold,
    Merge,
    Provenance,
    Reveal,
    Sealed,
    SealedHistory,
    Subject,
    TokenExact,
    TokenGram,
)
from kexin.vault.types import HIGH_GRADES


def _stays(caller: Caller, source: uuid.UUID, target: uuid.UUID, merge_id: uuid.UUID) -> int:
    """Merged records keep what is theirs, so that an undo is exact; nothing moves."""
    return 0


def _no_limit(subject: uuid.UUID) -> datetime | None:
    return None


def _held_until(subject: uuid.UUID) -> datetime | None:
    """Until when a legal hold keeps a part of the values."""
    live = Hold.objects.filter(subject_id=subject, released_at__isnull=True)
    latest: datetime | None = live.aggregate(latest=Max("until"))["latest"]
    return latest


def _export_identity(caller: Caller, subject: uuid.UUID) -> Any:
    """Every value, for an access request; the line is committed before the first key is fetched."""
    row = Subject.objects.get(id=subject)
    stored = envelopes.load(subjects=[subject], entity=IDENTITY)
    opens = sum(1 for one in stored if one.grade in HIGH_GRADES)
    noted = subjects.announced(caller, row, opens=opens)
    return {**row.facets, **envelopes.open_values(stored, noted=noted)}


def _erase_identity(caller: Caller, subject: uuid.UUID) -> ErasedPart:
    """Envelopes and history, all but what a law keeps."""
    held = Hold.objects.filter(subject_id=subject, released_at__isnull=True).exists()
    live = Sealed.objects.filter(subject_id=subject)
    live = live.exclude(entity=HOLD) if held else live
    past = SealedHistory.objects.filter(subject_id=subject)
    removed = live.delete()[0] + past.delete()[0]
    removed += Subject.objects.filter(id=subject).exclude(facets={}).update(facets={})
    Merge.objects.filter(source_id=subject).delete()
    Merge.objects.filter(target_id=subject).delete()
    if not held:
        removed += Hold.objects.filter(subject_id=subject).delete()[0]
    return ErasedPart(removed=removed, remaining=live.count() + past.count(), note="hold" if held else "")


def _erase_tokens(caller: Caller, subject: uuid.UUID) -> ErasedPart:
    removed = subjects.drop_tokens([subject]) + watch.unmark(subject)
    left = TokenExact.objects.filter(subject_id=subject).count() + TokenGram.objects.filter(subject_id=subject).count()
    return ErasedPart(removed=removed, remaining=left)


def _files_of(subject: uuid.UUID) -> QuerySet[File]:
    """Files about this person alone, and files that show this person among others (exported lists)."""
    shown = FileSubject.objects.filter(subject_id=subject).values("file_id")
    return File.objects.filter(Q(subject_id=subject) | Q(id__in=shown)).exclude(state="burned")


def _export_files(caller: Caller, subject: uuid.UUID) -> Any:
    rows = _files_of(subject)
    return [{"kind": one.kind, "bytes": one.size_bytes, "kept_at": one.created_at.isoformat()} for one in rows]


def _erase_files(caller: Caller, subject: uuid.UUID) -> ErasedPart:
    from kexin.vault.files import burn

    rows = list(_files_of(subject).values_list("id", flat=True))
    for file_id in rows:
        burn(file_id)
    left = FileChunk.objects.filter(file_id__in=File.objects.filter(subject_id=subject).values("id")).count()
    named = FileSubject.objects.filter(subject_id=subject).count()
    return ErasedPart(removed=len(rows), remaining=left + named)


def _export_rows(model: Any, fields: Iterable[str]) -> Any:
    def export(caller: Caller, subject: uuid.UUID) -> Any:
        rows = model.objects.filter(subject_id=subject).values(*fields)
        return [{key: str(value) for key, value in row.items()} for row in rows]

    return export


def _erase_rows(model: Any) -> Any:
    def erase(caller: Caller, subject: uuid.UUID) -> ErasedPart:
        rows = model.objects.filter(subject_id=subject)
        removed = rows.delete()[0]
        return ErasedPart(removed=removed, remaining=rows.count())

    return erase


HOLDINGS: tuple[Holding, ...] = (
    Holding(
        key="vault.identity",
        label={"zh": "客户信息（加密保存）", "en": "Customer information (encrypted)"},
        models=(
            "vault.Subject",
            "vault.Sealed",
            "vault.SealedHistory",
            "vault.Merge",
            "vault.Hold",
            "keyring.SubjectKey",
        ),
        export=_export_identity,
        erase=_erase_identity,
        keep_until=_held_until,
        rebind=_stays,
        order=10,
    ),
    Holding(
        key="vault.search",
        label={"zh": "查询标记", "en": "Search marks"},
        models=("vault.TokenExact", "vault.TokenGram"),
        export=lambda caller, subject: [],
        erase=_erase_tokens,
        keep_until=_no_limit,
        rebind=_stays,
        order=11,
    ),
    Holding(
        key="vault.files",
        label={"zh": "附件", "en": "Files"},
        models=("vault.File", "vault.FileChunk", "vault.FileSubject", "keyring.FileKey"),
        export=_export_files,
        erase=_erase_files,
        keep_until=_no_limit,
        rebind=_stays,
        order=12,
    ),
    Holding(
        key="vault.provenance",
        label={"zh": "来源记录", "en": "Where values came from"},
        models=("vault.Provenance",),
        export=_export_rows(Provenance, ("source_act_id", "attributes", "at")),
        erase=_erase_rows(Provenance),
        keep_until=_no_limit,
        rebind=_stays,
        order=13,
    ),
    Holding(
        key="vault.reveals",
        label={"zh": "查看与使用记录", "en": "Views and uses"},
        models=("vault.Reveal",),
        export=_export_rows(Reveal, ("attribute", "kind", "purpose", "at")),
        erase=_erase_rows(Reveal),
        keep_until=_no_limit,
        rebind=_stays,
        order=14,
    ),
    Holding(
        key="vault.disclosures",
        label={"zh": "导出与对外提供记录", "en": "Exports and disclosures"},
        models=("vault.Disclosure",),
        export=_export_rows(Disclosure, ("kind", "recipient", "purpose", "attributes", "at")),
        erase=_erase_rows(Disclosure),
        keep_until=_no_limit,
        rebind=_stays,
        # After every other room had the chance to recall what went out.
        order=900,
    ),
)

IMPERSONAL: tuple[Impersonal, ...] = (
    impersonal(("vault.Installation",), reason="本安装的标识，与客户无关"),
    impersonal(("vault.SourceAct",), reason="一次收集行为的来源、目的和依据，不指向任何一位客户"),
    impersonal(
        ("vault.SearchMisses", "vault.RevealCount"),
        reason="查不到结果的次数、每天查看的项数：只有员工编号、时间和数量，没有内容",
    ),
    impersonal(("vault.TrialRows",), reason="一次试运行查了多少行：只有员工编号、文件编号、时间和数量，没有内容"),
    impersonal(
        ("vault.Erasure", "vault.ErasureStep"),
        reason="删除回执：只有编号、时间和数量；编号不再对应任何信息",
    ),
    impersonal(("keyring.Epoch", "keyring.IndexKey"), reason="整批钥匙，不属于任何一位客户"),
    impersonal(("vault.Rebuild", "vault.Upkeep"), reason="后台整理的进度：只有位置、时间和数量"),
    impersonal(("vault.UseMeasure",), reason="各项信息的使用次数和填写率：只有全公司的合计数"),
    impersonal(("vault.Watch",), reason="带钥匙的摘要，没有钥匙看不出是哪条记录；随记录一起删除"),
    impersonal(("keyring.Tombstone",), reason="已删除记录的编号，用来拒绝再次生成钥匙"),
)


def register() -> None:
    """Announce the vault's holdings and its impersonal tables."""
    regime.register_holding(*HOLDINGS, *IMPERSONAL)
