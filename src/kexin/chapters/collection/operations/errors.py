"""The loud door of this chapter: rows that were not written leave as a file, joined with the sealed source."""

from __future__ import annotations

import io
import uuid

import xlsxwriter
from django.utils.translation import gettext as _

from kexin.chapters.collection import queries
from kexin.chapters.collection.adapters import tables
from kexin.chapters.collection.adapters.reasons import reason
from kexin.chapters.collection.models import ImportRejection
from kexin.chapters.collection.types import ErrorFile
from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller


def error_file(caller: Caller, *, run: uuid.UUID) -> ErrorFile:
    """Row number, reason and remedy beside the row as it stands in the source; can be corrected and brought in again.

    The line is committed before the source is opened. Cells are text, so that no program computes or shortens them.
    """
    queries.require_importer(caller)
    row = queries.row_of(caller, run)
    found = {one.row: one for one in ImportRejection.objects.filter(run=row)}
    evidence.note_now(
        caller, Entry(event=Event.EXPORT_MADE, decision="allow", count=len(found), ref=f"import:{row.id}", action="export")
    )
    known = queries.catalogue()
    labels = {key: queries.label_of(one) for key, one in known.items()}
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(_("未写入的行"))
        sheet.set_column(0, len(row.headers) + 2, 18, text)
        for place, header in enumerate([_("原文件行号"), _("原因"), _("怎么改"), *row.headers]):
            sheet.write_string(0, place, header, text)
        at = 0
        for batch in tables.lines(queries.content(caller, row.file_id), reading=queries.reading(row)) if found else ():
            for line in batch:
                if line.row not in found:
                    continue
                at += 1
                note = found[line.row]
                cells = dict(zip(row.mapping, line.cells, strict=False))
                said = reason(
                    note.code,
                    other_row=note.other_row,
                    label=labels.get(note.attribute, ""),
                    definition=known.get(note.attribute),
                    value=cells.get(note.attribute, ""),
                )
                for place, cell in enumerate([str(line.row), *said, *line.cells]):
                    sheet.write_string(at, place, cell, text)
    return ErrorFile(
        name=f"import-{str(row.id)[:8]}-errors.xlsx",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        content=out.getvalue(),
        rows=len(found),
    )
