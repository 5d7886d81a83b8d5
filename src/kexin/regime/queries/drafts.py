"""DOOR: drafts of a rulebook, and what was counted of their effect."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.foundation import canonical
from kexin.foundation.caller import Caller
from kexin.foundation.problems import NotFound
from kexin.regime.models import RulebookDraft, RulebookImpact
from kexin.regime.queries import permissions
from kexin.regime.queries.rulebook import InForce, in_force, source
from kexin.regime.register import measuring
from kexin.regime.rulebook import editing
from kexin.regime.rulebook.check import check
from kexin.regime.rulebook.findings import Finding, RulebookInvalid
from kexin.regime.rulebook.parser import parse
from kexin.regime.rulebook.reach import PUBLISH, READ, SIGN
from kexin.regime.rulebook.writing import flow
from kexin.regime.types import DataUse, DraftView, ImpactView, Rulebook

#: What `seen_of` says of a place where nothing stands.
ABSENT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDraft:
    """A draft to work on: its plain values in the order of the text, the parsed rulebook, what the check finds, and the
    plain values of the version that it was begun from."""

    view: DraftView
    tree: Mapping[str | int, Any]
    rulebook: Rulebook
    findings: tuple[Finding, ...]
    base: Mapping[str | int, Any]


class DraftUnknown(NotFound):
    """There is no such draft (any more): it was signed or given up."""

    code = "draft-unknown"
    title = _("没有这份草案：可能已签署，或已放弃")


class ImpactUnknown(NotFound):
    """There is no such counting."""

    code = "impact-unknown"
    title = _("没有这次影响预览")


def draft(caller: Caller, *, draft: uuid.UUID) -> DraftView:
    """One draft, for who may draft, sign or read rulebooks. Raises NotPermitted, DraftUnknown."""
    permissions.require(caller, PUBLISH, SIGN, READ)
    row = RulebookDraft.objects.filter(id=draft).first()
    if row is None:
        raise DraftUnknown()
    return draft_view(caller, row, in_force())


_draft = draft


def open_drafts(caller: Caller) -> tuple[DraftView, ...]:
    """Every open draft, the newest edit first. Raises NotPermitted."""
    permissions.require(caller, PUBLISH, SIGN, READ)
    current = in_force()
    return tuple(draft_view(caller, row, current) for row in RulebookDraft.objects.order_by("-updated_at"))


def opened(caller: Caller, *, draft: uuid.UUID) -> OpenDraft:
    """One draft with everything that its pages show. Raises NotPermitted, DraftUnknown."""
    view = _draft(caller, draft=draft)
    parsed = parse(view.source)
    base = source(view.base_sha256)
    return OpenDraft(
        view=view, tree=editing.plain(view.source), rulebook=parsed.rulebook, findings=check(parsed), base=editing.plain(base)
    )


def seen_of(value: Any) -> str:
    """What an editor saw at a place, as a short digest; `ABSENT` for nothing."""
    return ABSENT if value is None else hashlib.sha256(canonical.dumps(_plain(value))).hexdigest()[:32]


def _plain(value: Any) -> Any:
    """Lists for tuples, text keys: what canonical JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def draft_view(caller: Caller, row: RulebookDraft, current: InForce | None) -> DraftView:
    """A row as its frozen answer."""
    return DraftView(
        id=row.id,
        author=row.author,
        source=bytes(row.source),
        sha256=row.sha256,
        base_number=row.base_number,
        base_sha256=row.base_sha256,
        ver=row.ver,
        created_at=row.created_at,
        updated_at=row.updated_at,
        overtaken=row.base_sha256 != (current.sha256 if current else ""),
        mine=row.author == caller.id,
    )


def impact(caller: Caller, *, impact: uuid.UUID, whole: bool = True) -> ImpactView:
    """One counting with its result; not ``whole``: how far it is, which is asked for every second. Raises NotPermitted,
    ImpactUnknown."""
    permissions.require(caller, PUBLISH, SIGN, READ)
    row = RulebookImpact.objects.filter(id=impact).defer("source", *(() if whole else ("result",))).first()
    if row is None:
        raise ImpactUnknown()
    return impact_view(row, in_force(), whole=whole)


def impact_of(caller: Caller, *, sha256: str) -> ImpactView | None:
    """The newest counting of exactly these bytes against the version in force; None when there is none."""
    permissions.require(caller, PUBLISH, SIGN, READ)
    current = in_force()
    row = RulebookImpact.objects.filter(sha256=sha256, base_sha256=current.sha256 if current else "").order_by("-asked_at").defer("source")
    return impact_view(found, current) if (found := row.first()) else None


def own_impacts(caller: Caller, *, limit: int) -> tuple[ImpactView, ...]:
    """The countings that this caller asked for, the newest first, without their results; none for who may not see any."""
    if permissions.permissions_of(caller).isdisjoint((PUBLISH, SIGN, READ)):
        return ()
    current = in_force()
    rows = RulebookImpact.objects.filter(asked_by=caller.id).order_by("-asked_at")[:limit]
    return tuple(impact_view(row, current, whole=False) for row in rows.defer("source", "result"))


def impact_source(caller: Caller, *, impact: uuid.UUID) -> bytes:
    """The bytes that were counted. Raises NotPermitted, ImpactUnknown."""
    permissions.require(caller, PUBLISH, SIGN, READ)
    found = RulebookImpact.objects.filter(id=impact).values_list("source", flat=True).first()
    if found is None:
        raise ImpactUnknown()
    return bytes(found)


def notation(value: Any) -> str:
    """A plain value as the file has it, on one line."""
    return flow(value)


def read_notation(text: str) -> Any:
    """One line of the file's notation as a plain value; what cannot be read is the text itself."""
    try:
        return editing.plain(f"value: {' '.join(text.split())}\n".encode())["value"]
    except (RulebookInvalid, UnicodeEncodeError):
        return text


def data_use(caller: Caller) -> DataUse:
    """How much each attribute of the catalogue is really used, as it was last measured. Raises NotPermitted."""
    permissions.require(caller, READ)
    return measuring().read(caller)


def impact_view(row: RulebookImpact, current: InForce | None, *, whole: bool = True) -> ImpactView:
    """A row as its frozen answer; not ``whole``: without the result, which is large."""
    took = (row.finished_at - row.started_at).total_seconds() if row.finished_at and row.started_at else 0.0
    return ImpactView(
        id=row.id,
        sha256=row.sha256,
        base_number=row.base_number,
        base_sha256=row.base_sha256,
        state=row.state,
        done=row.done,
        total=row.total,
        problem=row.problem,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        took_s=took,
        digest=row.digest,
        result=canonical.loads(bytes(row.result)) if whole and row.result is not None else None,
        overtaken=row.base_sha256 != (current.sha256 if current else ""),
    )
