"""The child process that parses one table. It gets an open memory file and nothing else, and may not write a file,
start a process, or grow past its limits; what it finds goes out as length-prefixed JSON frames.

Started by `tables.py` with the descriptor's number and the request as its two arguments.
"""

from __future__ import annotations

import csv
import io
import os
import re
import resource
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from kexin.chapters.collection.adapters.zipcheck import Finding, check
from kexin.chapters.collection.rules import cells
from kexin.chapters.collection.rules.encoding import SAMPLE_BYTES, guess_delimiter, guess_encoding

MAX_COLUMNS = 200
MAX_CELL_CHARS = 10_000
MAX_LINE_CHARS = 1_000_000
BATCH_ROWS = 2_000
_SHEET_COLUMNS = 16_384
_CELL = re.compile(
    rb"<(?:\w+:)?(?:c\b([^>]*)>(?:<(?:\w+:)?(f)\b)?|row\b([^>]*)>|col\b[^>]*\bhidden=\"(1|true)\"[^>]*>|(mergeCell)\b)"
)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,4})(\d{1,8})"')
_ROW_NUMBER = re.compile(rb'\br="(\d{1,9})"')

Rows = Iterator[tuple[int, list[str], dict[int, str]]]


class Request(msgspec.Struct, frozen=True):
    """What to do. ``rows`` False: look only (facts, header, the first rows)."""

    rows: bool
    max_rows: int
    memory_bytes: int
    cpu_s: int
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: bool = True


def main() -> int:
    """Limit oneself, read, answer. Every end is a frame; a death without one is itself an answer (see `tables.py`)."""
    descriptor, request = int(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Request)
    _limit(request)
    out = sys.stdout.buffer
    source = os.fdopen(descriptor, "rb")
    try:
        for frame in _read(source, request):
            _send(out, frame)
    except Finding as finding:
        _send(out, {"k": "finding", "code": finding.code, "facts": finding.facts})
    except MemoryError:
        _send(out, {"k": "finding", "code": "too_large", "facts": {}})
    except BrokenPipeError:
        return 0
    return 0


def _limit(request: Request) -> None:
    for what, most in (
        (resource.RLIMIT_AS, request.memory_bytes),
        (resource.RLIMIT_CPU, request.cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _send(out: BinaryIO, frame: dict[str, Any]) -> None:
    body = msgspec.json.encode(frame)
    out.write(len(body).to_bytes(4, "big") + body)
    out.flush()


def _read(source: BinaryIO, request: Request) -> Iterator[dict[str, Any]]:
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    head = source.read(4096)
    source.seek(0)
    kind = _kind(head, source, size)
    facts: dict[str, Any] = {"k": "facts", "kind": kind, "remarks": []}
    rows = _sheet(source, size, request, facts) if kind == "xlsx" else _text(source, request, facts)
    first = next(rows, None)
    if first is None:
        raise Finding("no_rows")
    facts["header"] = first[1]
    facts["first_row"] = first[0]
    yield facts
    yield from _framed(rows, len(first[1]), request)


def _kind(head: bytes, source: BinaryIO, size: int) -> str:
    """By content, never by name: what is inside decides (41, 49)."""
    if size == 0 or not head.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise Finding("empty_file")
    if head[:4] == b"PK\x03\x04":
        return "xlsx"
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        whole = source.read(1 << 22)
        source.seek(0)
        raise Finding("encrypted" if "EncryptedPackage".encode("utf-16-le") in whole else "old_xls")
    begin = head.lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if begin.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<script", b"<head", b"<body")):
        raise Finding("html_table")
    if head[:4] in (b"%PDF", b"\x89PNG", b"GIF8", b"Rar!", b"7z\xbc\xaf") or head[:3] in (b"\xff\xd8\xff", b"\x1f\x8b\x08"):
        raise Finding("not_a_table")
    return "csv"


def _text(source: BinaryIO, request: Request, facts: dict[str, Any]) -> Rows:
    guess = guess_encoding(source.read(SAMPLE_BYTES))
    source.seek(0)
    if guess.rival and not request.encoding:
        raise Finding("big5")
    encoding = request.encoding or guess.encoding
    facts.update(encoding=encoding, sure=bool(request.encoding) or guess.sure)
    lines = _lines(io.TextIOWrapper(source, encoding=encoding, errors="strict", newline=""))
    opening = list(islice(lines, 40))
    told = _separator(opening[0]) if opening else ""
    if told:
        opening = opening[1:]
    guessed, clear = guess_delimiter([line for line in opening if line.strip()])
    delimiter = request.delimiter or told or guessed
    facts.update(delimiter=delimiter, delimiter_sure=bool(request.delimiter or told) or clear)
    return _records(_chain(opening, lines), delimiter, 1 if not told else 2)


def _chain(opening: list[str], lines: Iterator[str]) -> Iterator[str]:
    yield from opening
    yield from lines


def _separator(line: str) -> str:
    """Excel's own first line ``sep=;``."""
    text = line.strip().strip('"')
    return text[4] if len(text) == 5 and text.lower().startswith("sep=") else ""


def _lines(stream: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while True:
        try:
            line = stream.readline(MAX_LINE_CHARS)
        except UnicodeDecodeError as error:
            raise Finding("encoding_broken", line=number + 1, encoding=stream.encoding) from error
        if not line:
            return
        number += 1
        if len(line) >= MAX_LINE_CHARS and line[-1] not in "\r\n":
            raise Finding("line_too_long", line=number)
        if "\x00" in line:
            raise Finding("nul_byte", line=number)
        yield line


def _records(lines: Iterator[str], delimiter: str, number: int) -> Rows:
    csv.field_size_limit(MAX_LINE_CHARS)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        began = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            code = "quote_open" if "end of data" in str(error) or "field limit" in str(error) else "quote_stray"
            raise Finding(code, line=began) from error
        found: dict[int, str] = {}
        for index, text in enumerate(record):
            record[index], code = cells.of_text(text)
            if code:
                found[index] = code
        yield number, record, found
        number += 1


def _sheet(source: BinaryIO, size: int, request: Request, facts: dict[str, Any]) -> Rows:
    archive = check(source, size_bytes=size)
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        source.seek(0)
        book = CalamineWorkbook.from_filelike(source)
        sheets = [(index, one.name, str(one.visible).endswith(".Visible")) for index, one in enumerate(book.sheets_metadata)]
        shown = [name for _index, name, visible in sheets if visible]
        chosen = request.sheet if request.sheet in shown else (shown[0] if shown else "")
        facts.update(sheets=shown, sheet=chosen)
        if len(shown) < len(sheets):
            facts["remarks"].append(("hidden_sheets", len(sheets) - len(shown)))
        if not chosen:
            raise Finding("no_rows")
        position = next(index for index, name, _visible in sheets if name == chosen)
        errors, bare = _scan(archive, position, request, facts)
        sheet = book.get_sheet_by_name(chosen)
        yield from _cells(sheet, errors, bare)
    except PasswordError as error:
        raise Finding("encrypted") from error
    except (CalamineError, ValueError, OverflowError, KeyError, UnicodeError) as error:
        raise Finding("xlsx_damaged") from error
    except BaseException as error:  # a Rust panic is no Exception; it is an answer all the same
        if type(error).__name__ == "PanicException":
            raise Finding("xlsx_damaged") from error
        raise


def _scan(
    archive: Any, position: int, request: Request, facts: dict[str, Any]
) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Walk the sheet's XML once: true dimensions, error cells, formulas, hidden rows. calamine shows none of them."""
    errors: set[tuple[int, int]] = set()
    formulas: set[tuple[int, int]] = set()
    hidden = merged = row = column = 0
    name = _part(archive, position)
    carry = b""
    with archive.open(name) as stream:
        while True:
            block = stream.read(1 << 20)
            text = carry + block
            cut = text.rfind(b"<", 0, len(text) - 4096) if block and len(text) > 8192 else len(text)
            cut = len(text) if cut < 0 else cut
            for match in _CELL.finditer(text, 0, cut if block else len(text)):
                attributes, formula, row_text, hidden_column, merge = match.groups()
                if row_text is not None:
                    number = _ROW_NUMBER.search(row_text)
                    row, column = (int(number.group(1)) if number else row + 1), 0
                    hidden += b'hidden="1"' in row_text or b'hidden="true"' in row_text
                elif attributes is not None:
                    at = _REFERENCE.search(attributes)
                    column = _column(at.group(1)) if at else column + 1
                    row = int(at.group(2)) if at else row
                    if row > request.max_rows + 1:
                        raise Finding("too_many_rows", limit=request.max_rows)
                    if column > _SHEET_COLUMNS or (column > MAX_COLUMNS and b"t=" in attributes):
                        raise Finding("too_many_columns", limit=MAX_COLUMNS)
                    if b't="e"' in attributes:
                        errors.add((row, column))
                    if formula:
                        formulas.add((row, column))
                else:
                    merged += merge is not None
                    hidden += hidden_column is not None
            carry = text[cut:] if block else b""
            if not block:
                break
    for code, count in (("hidden_rows", hidden), ("merged_cells", merged), ("formulas", len(formulas))):
        if count:
            facts["remarks"].append((code, count))
    return errors, formulas


def _part(archive: Any, position: int) -> str:
    """The sheet's file in the archive, by the workbook's own order and relations."""
    book = archive.read("xl/workbook.xml")
    relations = archive.read("xl/_rels/workbook.xml.rels")
    ids = re.findall(rb"<(?:\w+:)?sheet\b[^>]*?\b\w+:id=\"([^\"]+)\"", book)
    for relation in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", relations):
        if b'Id="' + ids[position] + b'"' in relation:
            target = re.search(rb'Target="([^"]+)"', relation)
            path = (target.group(1) if target else b"").decode()
            return path.lstrip("/") if path.startswith("/") else "xl/" + path
    raise Finding("xlsx_damaged")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _cells(sheet: Any, errors: set[tuple[int, int]], formulas: set[tuple[int, int]]) -> Rows:
    if sheet.start is None:
        return
    if sheet.end[1] >= MAX_COLUMNS * 4:
        raise Finding("too_many_columns", limit=MAX_COLUMNS)
    for number, values in enumerate(sheet.iter_rows(), start=1):
        row: list[str] = []
        found: dict[int, str] = {}
        for index, value in enumerate(values):
            text, code = cells.of_value(value)
            row.append(text)
            if code:
                found[index] = code
        for mark, where, code in ((errors, None, "cell_error"), (formulas, "", "formula_empty")):
            for index in range(len(row)) if mark else ():
                if (number, index + 1) in mark and (where is None or row[index] == where):
                    found.setdefault(index, code)
        yield number, row, found


def _framed(rows: Rows, width: int, request: Request) -> Iterator[dict[str, Any]]:
    """Batches of rows; empty rows are skipped, their numbers stay used, as on the person's own screen."""
    if width > MAX_COLUMNS:
        raise Finding("too_many_columns", limit=MAX_COLUMNS)
    batch: list[Any] = []
    count = last = 0
    for number, row, found in rows:
        if not any(text.strip() for text in row) and not found:
            continue
        count += 1
        last = number
        if count > request.max_rows:
            raise Finding("too_many_rows", limit=request.max_rows)
        if request.rows or count <= 20:
            batch.append((number, *_squared(row, width, found)))
        if len(batch) >= BATCH_ROWS:
            yield {"k": "rows", "rows": batch}
            batch = []
    if batch:
        yield {"k": "rows", "rows": batch}
    yield {"k": "end", "count": count, "last": last}


def _squared(row: list[str], width: int, found: dict[int, str]) -> tuple[list[str], dict[int, str]]:
    """As many cells as the header has; what stands beyond it makes the row unreadable, not the column anonymous."""
    beyond = any(text.strip() for text in row[width:])
    row = row[:width] + [""] * (width - len(row))
    for index in [key for key in found if key >= width]:
        del found[index]
    if beyond:
        found[-1] = "cells_beyond"
    for index, text in enumerate(row):
        if len(text) > MAX_CELL_CHARS:
            row[index], found[index] = "", "cell_long"
    return row, found
