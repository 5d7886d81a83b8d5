"""Tables in files: what a file holds, and its rows, read in a child process from memory that no disk ever sees."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from kexin.chapters.collection.adapters.findings import refusal

WIZARD_ROWS = 200_000
COMMAND_ROWS = 1_000_000
MAX_FILE_BYTES = 300 * 1024 * 1024
_MEMORY_BYTES = 1 << 30
#: The child runs isolated from the environment and the current folder; only this package's own place is told to it.
_ROOT = str(Path(__file__).resolve().parents[4])
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from kexin.chapters.collection.adapters.reader import main; sys.exit(main())"
)
_FRAME_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file is. ``encoding`` and ``delimiter`` are "" for a workbook; ``count`` is the rows below the header."""

    kind: str
    header: tuple[str, ...]
    first_rows: tuple[Line, ...]
    count: int
    encoding: str = ""
    encoding_sure: bool = True
    delimiter: str = ""
    delimiter_sure: bool = True
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    remarks: tuple[tuple[str, int], ...] = ()


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One row: its number as a spreadsheet shows it, its cells as text, and what is wrong with which cell
    (-1: with the row)."""

    row: int
    cells: list[str]
    found: dict[int, str]


class _Frame(msgspec.Struct, frozen=True):
    k: str
    rows: list[Line] = []
    code: str = ""
    facts: dict[str, str | int] = {}
    kind: str = ""
    header: list[str] = []
    encoding: str = ""
    sure: bool = True
    delimiter: str = ""
    delimiter_sure: bool = True
    sheet: str = ""
    sheets: list[str] = []
    remarks: list[tuple[str, int]] = []
    count: int = 0


_DECODE = msgspec.json.Decoder(_Frame)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read: choices that a person made ("" = found by the reader) and the limits of the place."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    max_rows: int = WIZARD_ROWS
    cpu_s: int = 60
    wall_s: int = 600


def look(chunks: Iterable[bytes], *, reading: Reading) -> Sheet:
    """Read a file once, whole and strictly; answer with what it is, its header and its first twenty rows."""
    with _child(chunks, reading, rows=False) as frames:
        first = next(frames)
        lines: list[Line] = []
        count = 0
        for frame in frames:
            lines += frame.rows
            count = frame.count or count
    return Sheet(
        kind=first.kind,
        header=tuple(first.header),
        first_rows=tuple(lines),
        count=count,
        encoding=first.encoding,
        encoding_sure=first.sure,
        delimiter=first.delimiter,
        delimiter_sure=first.delimiter_sure,
        sheet=first.sheet,
        sheets=tuple(first.sheets),
        remarks=tuple(first.remarks),
    )


def lines(chunks: Iterable[bytes], *, reading: Reading, after: int = 0) -> Iterator[list[Line]]:
    """The rows of a file in order, in batches of at most 2,000; rows up to number ``after`` are skipped."""
    with _child(chunks, reading, rows=True) as frames:
        next(frames)
        for frame in frames:
            batch = [line for line in frame.rows if line.row > after]
            if batch:
                yield batch


@contextmanager
def _child(chunks: Iterable[bytes], reading: Reading, *, rows: bool) -> Iterator[Iterator[_Frame]]:
    """Start the reader on a memory file, give its frames, and see to its end whatever happens."""
    descriptor = _memory(chunks)
    request = {
        "rows": rows,
        "max_rows": reading.max_rows,
        "memory_bytes": _MEMORY_BYTES,
        "cpu_s": reading.cpu_s,
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "sheet": reading.sheet,
    }
    try:
        process = subprocess.Popen(
            [
                sys.executable, "-I", "-c", _START, _ROOT,
                str(descriptor), msgspec.json.encode(request).decode(),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,), env={"PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    finally:
        os.close(descriptor)
    late = threading.Timer(reading.wall_s, process.kill)
    late.daemon = True
    late.start()
    assert process.stdout is not None
    try:
        yield _frames(process, process.stdout)
    finally:
        late.cancel()
        process.stdout.close()
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def _memory(chunks: Iterable[bytes]) -> int:
    descriptor = os.memfd_create("table", os.MFD_CLOEXEC)
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise refusal("too_big", {"limit": MAX_FILE_BYTES // 1024 // 1024})
            view = memoryview(chunk)
            while view:
                view = view[os.write(descriptor, view) :]
    except BaseException:
        os.close(descriptor)
        raise
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _frames(process: subprocess.Popen[bytes], out: IO[bytes]) -> Iterator[_Frame]:
    """Frames until the last one; a child that falls silent before it was stopped by one of its limits."""
    while True:
        size = int.from_bytes(out.read(4), "big")
        body = out.read(size) if 0 < size <= _FRAME_BYTES else b""
        if not body or len(body) < size:
            code = process.wait()
            raise refusal({-24: "too_slow", -9: "too_slow", -6: "too_large"}.get(code, "reader_died"), {})
        frame = _DECODE.decode(body)
        if frame.k == "finding":
            raise refusal(frame.code, frame.facts)
        yield frame
        if frame.k == "end":
            return
