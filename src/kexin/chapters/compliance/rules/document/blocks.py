"""What a formal document is made of. Frozen; says what stands there, never how it looks: that is the adapters' part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kexin.chapters.compliance.rules.document.numerals import clause, ordinal


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """第…条【title】text. ``number`` runs through the whole document; 0 until `compose` has counted."""

    title: str
    text: str
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Plain text under an article."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clauses:
    """（一）…；（二）…: the numbers are written by whoever shows them, from 1 in each list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading and its share of the width."""

    title: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; each cell is a list of paragraphs."""

    cells: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        """The row as one text, cells and paragraphs parted by line feeds."""
        return "\n".join(line for cell in self.cells for line in cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose heading row repeats on every page; ``caption`` stands above it ("" = none)."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


Block: TypeAlias = Article | Paragraph | Clauses | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One chapter (第一章 总则) or appendix (附录一 …). ``wide``: its tables need the page on its side."""

    number: str
    title: str
    blocks: tuple[Block, ...]
    wide: bool = False

    @property
    def heading(self) -> str:
        """As it stands above the part and in the table of contents."""
        return f"{self.number}　{self.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole document. ``watermark`` "" or one word across every page; ``edition`` stands in header and properties;
    ``cover`` label and value in order; ``on`` the ISO day that the file's properties carry."""

    company: str
    title: str
    edition: str
    watermark: str
    cover: tuple[tuple[str, str], ...]
    history: Table
    parts: tuple[Part, ...]
    on: str


def row(*cells: str | tuple[str, ...]) -> Row:
    """A row from texts, or from lists of paragraphs where a cell has several; an empty cell says 无 by a dash."""
    return Row(cells=tuple((cell or "—",) if isinstance(cell, str) else cell or ("—",) for cell in cells))


def columns(*headed: tuple[str, int]) -> tuple[Column, ...]:
    """Columns from (heading, share)."""
    return tuple(Column(title=title, share=share) for title, share in headed)


def lines(document: Document) -> Iterator[str]:
    """Every text of the document in reading order: one for a paragraph, one for a whole table row."""
    yield from (document.company, document.title)
    yield from (f"{label}\n{value}" for label, value in document.cover)
    yield from _of_table(document.history)
    for part in document.parts:
        yield part.heading
        for block in part.blocks:
            yield from _of_block(block)


def _of_block(block: Block) -> Iterator[str]:
    match block:
        case Article(title=title, text=text, number=number):
            yield f"{ordinal(number)}【{title}】{text}"
        case Paragraph(text=text):
            yield text
        case Clauses(items=items):
            yield from (f"{clause(place)}{item}" for place, item in enumerate(items, 1))
        case Table():
            yield from _of_table(block)


def _of_table(table: Table) -> Iterator[str]:
    if table.caption:
        yield table.caption
    yield "\n".join(column.title for column in table.columns)
    yield from (one.text for one in table.rows)
