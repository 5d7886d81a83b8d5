"""Loud door: masked rows leave as a watermarked file."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

import xlsxwriter
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7
from kexin.foundation.problems import Refused
from kexin.people import queries as people
from kexin.regime.types import Action, BulkPlan, Sql
from kexin.vault.models import Disclosure
from kexin.vault.operations.files import keep_file
from kexin.vault.queries import rows as governed_rows
from kexin.vault.queries.asking import Asking, ask, label
from kexin.vault.queries.compared import refuse_sealed
from kexin.vault.queries.filters import checked
from kexin.vault.queries.opening import open_displays, settled
from kexin.vault.queries.page import checked_columns
from kexin.vault.queries.rows import Raw
from kexin.vault.queries.scope import governed
from kexin.vault.types import About, KeyringDown, Shows
from kexin.vault.types_views import Filter, Row, Shown

RELEASE_ROWS = 200
_KEPT = timedelta(days=7)
_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooManyRows(Refused):
    """A list longer than may leave without approval."""

    code = "release-too-large"
    title = gettext_lazy("没有导出：这个名单超过 200 位客户")


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A finished file: kept sealed until `expires_at`, opened by `open_file`."""

    file_id: uuid.UUID
    rows: int
    expires_at: datetime


def release(caller: Caller, *, columns: Iterable[str], filters: Iterable[Filter] = ()) -> Released:
    """The caller's own list (≤ `RELEASE_ROWS`, never above the rulebook's free export) with masked columns as XLSX.

    Action `export` is decided for each cell; what it denies is left empty, and nothing is ever in the clear that the
    list would mask. `release.started` is committed before anything opens, `release.finished` says how many left. The
    file carries who, when and how many on every sheet and is sealed at once; the spreadsheet exists in memory only.
    """
    asking = ask(caller)
    asked, narrowed = checked_columns(asking, columns), checked(filters)
    refuse_sealed(asking, narrowed, action=Action.EXPORT)
    own = (*narrowed, Filter(field="relation", value="own"))
    return settled(lambda: _left(asking, asked, own))


def _left(asking: Asking, asked: Sequence[str], own: tuple[Filter, ...]) -> Released:
    """Open the rows, write the book, seal it. Whoever is erased until it is sealed makes it ask again."""
    raws, rows = _opened(asking, asked, own)
    book = _workbook(asking, asked, rows)
    expires_at = clock.now() + _KEPT
    with transaction.atomic(using="default"):
        kept = keep_file(
            asking.caller,
            chunks=_pieces(book),
            kind="export",
            name=_name(),
            expires_at=expires_at,
            media_type=_MEDIA,
            about=About(purpose=asking.caller.purpose, action=Action.EXPORT.value, attributes=tuple(asked)),
            shows=[_shows(asked, row) for row in rows],
        )
        _record(asking, asked, rows, batch=kept.id, expires_at=expires_at)
        evidence.note(asking.caller, _finished(asking, [raw.audit_id for raw in raws if raw.audit_id], kept.id))
    return Released(file_id=kept.id, rows=len(rows), expires_at=expires_at)


def _opened(asking: Asking, asked: Sequence[str], own: tuple[Filter, ...]) -> tuple[Sequence[Raw], Sequence[Row]]:
    """Decide, commit the line, look again, open: rows that are not as they were decided make it ask again."""
    limit = min(RELEASE_ROWS, asking.bundle.rulebook.controls.export_rows_free)
    plan, condition, params = governed(asking, action=Action.EXPORT, filters=own)
    if plan.empty:
        _deny(asking, plan)
    found = governed_rows.columns_of(asking, plan, asked)
    raws = governed_rows.select(
        found,
        condition=Sql(condition, params),
        order=Sql("s.created_at DESC, s.id DESC"),
        limit=limit + 1,
    )
    if len(raws) > limit:
        raise TooManyRows(
            _("没有导出：这个名单超过 %(limit)s 位客户。") % {"limit": limit},
            remedy=_("请先筛选；更多须由主管批准"),
            who="sales_lead",
        )
    held = governed_rows.standings(asking, raws)
    governed_rows.note_opened(asking, Event.RELEASE_STARTED, raws, relations=["own"], plan=plan)
    displayed = open_displays(asking, raws, held, action=Action.EXPORT)
    if displayed.closed:
        raise KeyringDown
    return raws, governed_rows.finished(asking, raws, plan=plan, columns=asked, displayed=displayed, held=held)


def _deny(asking: Asking, plan: BulkPlan) -> NoReturn:
    """Nobody may be exported under this purpose by this post: a refusal with its line, never an empty file."""
    evidence.note_now(
        asking.caller,
        Entry(
            event=Event.ACCESS_DENIED,
            decision="deny",
            action=Action.EXPORT.value,
            rule_ids=plan.rule_ids,
            rulebook=asking.bundle.sha256,
        ),
    )
    key = next(iter(plan.denials), next(iter(asking.attributes)))
    raise asking.refusal(key, plan.denials.get(key))


def _shows(columns: Sequence[str], row: Row) -> Shows:
    """What the sheet shows of one person."""
    return Shows(
        subject=row.id,
        attributes=tuple(key for key in columns if row.cells[key].text),
        full=tuple(key for key in columns if row.cells[key].shown is Shown.FULL),
    )


def _finished(asking: Asking, audit_ids: Sequence[uuid.UUID], file_id: uuid.UUID) -> Entry:
    return Entry(
        event=Event.EXPORT_MADE,
        decision="allow",
        action=Action.EXPORT.value,
        rulebook=asking.bundle.sha256,
        relation="own",
        audit_ids=tuple(audit_ids),
        count=len(audit_ids),
        ref=str(file_id),
    )


def _record(
    asking: Asking, columns: Sequence[str], rows: Sequence[Row], *, batch: uuid.UUID, expires_at: datetime
) -> None:
    """One disclosure row per person: what of them left, to whom."""
    now = clock.now()
    Disclosure.objects.bulk_create(
        Disclosure(
            id=uuid7(),
            subject_id=row.id,
            kind="export",
            purpose=asking.caller.purpose,
            attributes=[key for key in columns if row.cells[key].text],
            batch=batch,
            actor_id=asking.caller.id,
            at=now,
            expires_at=expires_at,
        )
        for row in rows
    )


def _name() -> str:
    return f"{_('客户名单')}-{clock.today_cn():%Y%m%d}.xlsx"


def _workbook(asking: Asking, columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """The sheet: watermark line, heads, masked cells; every cell is text, so that nothing becomes a formula."""
    who = people.principal(asking.caller)
    line = _("仅供 %(name)s %(staff)s 使用 · %(at)s · %(rows)s 位客户 · 脱敏导出") % {
        "name": who.name, "staff": who.staff_no, "at": f"{clock.cn(clock.now()):%Y-%m-%d %H:%M}", "rows": len(rows),
    }  # fmt: skip
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(_("客户"))
    grey, bold = book.add_format({"font_color": "#98A2B0", "italic": True}), book.add_format({"bold": True})
    sheet.write_string(0, 0, line, grey)
    sheet.set_header(f"&C{line.replace('&', '&&')}")
    for column, head in enumerate([_("客户编号"), *(label(asking.bundle, key) for key in columns)]):
        sheet.write_string(1, column, head, bold)
    for place, row in enumerate(rows, start=2):
        sheet.write_string(place, 0, row.number)
        for column, key in enumerate(columns, start=1):
            sheet.write_string(place, column, row.cells[key].text if row.cells[key].shown in _VISIBLE else "")
    book.close()
    return buffer.getvalue()


_VISIBLE = frozenset({Shown.FULL, Shown.MASKED})


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 65_536):
        yield data[start : start + 65_536]
