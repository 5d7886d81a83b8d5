"""The formal document as DOCX: Word's own headings, contents, repeated heading rows, page numbers, East Asian fonts."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx

from kexin.chapters.compliance.adapters import word_frame as frame
from kexin.chapters.compliance.rules.document.blocks import Article, Block, Clauses, Document, Paragraph, Part, Table
from kexin.chapters.compliance.rules.document.numerals import clause, ordinal

#: Rows with more paragraphs than this in one cell may break across pages; shorter ones move to the next page whole.
_TALL = 12


def render(document: Document) -> bytes:
    """The DOCX. The same document gives the same bytes."""
    word = docx.Document()
    frame.prepare(word, document)
    _cover(word, document)
    _front(word, document)
    for place, part in enumerate(document.parts):
        if place and part.wide != document.parts[place - 1].wide:
            frame.turn(word, wide=part.wide)
        _part(word, part, place, breaks=bool(place) and part.wide == document.parts[place - 1].wide)
    made = io.BytesIO()
    word.save(made)
    return _still(made.getvalue(), document.on)


def _cover(word: Any, document: Document) -> None:
    word.add_paragraph(document.company, style="KX Company")
    word.add_paragraph(document.title, style="Title")
    table = word.add_table(rows=0, cols=2)
    frame.widths(table, (32, 68), share=0.82)
    for label, value in document.cover:
        frame.fill(table, ((label,), (value,)), style="KX Cover")


def _front(word: Any, document: Document) -> None:
    """修订记录 and 目录, each on a page of its own."""
    frame.page_break(word)
    _table(word, document.history, wide=False)
    frame.page_break(word)
    word.add_paragraph("目录", style="KX Contents")
    frame.contents(word, [part.heading for part in document.parts])


def _part(word: Any, part: Part, place: int, *, breaks: bool) -> None:
    heading = word.add_paragraph(part.heading, style="Heading 1")
    heading.paragraph_format.page_break_before = breaks or place == 0
    frame.bookmark(heading, place)
    for block in part.blocks:
        _block(word, block, wide=part.wide)


def _block(word: Any, block: Block, *, wide: bool) -> None:
    match block:
        case Article(title=title, text=text, number=number):
            paragraph = word.add_paragraph(style="KX Article")
            paragraph.add_run(f"{ordinal(number)}【{title}】", style="KX Label")
            paragraph.add_run(text)
        case Paragraph(text=text):
            word.add_paragraph(text, style="KX Article")
        case Clauses(items=items):
            for place, item in enumerate(items, 1):
                word.add_paragraph(f"{clause(place)}{item}", style="KX Article")
        case Table():
            _table(word, block, wide=wide)


def _table(word: Any, table: Table, *, wide: bool) -> None:
    if table.caption:
        word.add_paragraph(table.caption, style="Caption")
    made = word.add_table(rows=0, cols=len(table.columns), style="Table Grid")
    frame.widths(made, tuple(column.share for column in table.columns), wide=wide)
    style = "KX Small Cell" if wide else "KX Cell"
    frame.fill(made, tuple((column.title,) for column in table.columns), style="KX Cell Head", heading=True)
    narrow = tuple(
        all(len(row.cells[place]) == 1 and len(row.cells[place][0]) <= 4 for row in table.rows) for place in range(len(table.columns))
    )
    for row in table.rows:
        frame.fill(made, row.cells, style=style, whole=max(map(len, row.cells)) <= _TALL, centred=narrow)
    word.add_paragraph(style="KX After Table")


def _still(made: bytes, on: str) -> bytes:
    """The same archive with the document's own day on every entry instead of this minute."""
    day = datetime.fromisoformat(on).replace(tzinfo=UTC)
    still = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as source, zipfile.ZipFile(still, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return still.getvalue()
