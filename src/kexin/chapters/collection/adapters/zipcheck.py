"""A look at an XLSX before anything parses it: sizes that lie, bombs, macros, links, entities, foreign containers.

Limits after reliability.md §0.11 and §5: an honest workbook unpacks 7:1, one of equal cells 25:1.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import BinaryIO

MAX_ENTRIES = 200
MAX_RATIO = 60
MAX_TOTAL_BYTES = 300 * 1024 * 1024
#: Small entries may pack better than the ratio without harm.
RATIO_FREE_BYTES = 256 * 1024
_CHUNK = 1 << 20
_DIRECTORY_BYTES = 1 << 18
_ODD_NAME = re.compile(r"(^|/)\.\.(/|$)|^/|\\|^[A-Za-z]:|\x00")
_NESTED = (".zip", ".xlsx", ".xlsm", ".docx", ".jar", ".7z", ".rar", ".gz")
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_HARMLESS_RELATION = b"relationships/hyperlink"


class Finding(Exception):
    """Why a file is not read: a stable code and the numbers or names for its sentence."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def check(source: BinaryIO, *, size_bytes: int) -> zipfile.ZipFile:
    """Answer with the opened archive, or raise a `Finding`. Inflates every entry once, keeping nothing."""
    _directory(source, size_bytes)
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error) as error:
        raise Finding("xlsx_damaged") from error
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Finding("xlsx_entries", limit=MAX_ENTRIES)
    _places(entries, size_bytes)
    names = {entry.filename.lower() for entry in entries}
    if not any(name.endswith("workbook.xml") for name in names):
        raise Finding("not_a_workbook")
    for entry in entries:
        _named(entry)
    total = 0
    for entry in entries:
        total += _inflate(source, entry, total)
    return archive


def _directory(source: BinaryIO, size_bytes: int) -> None:
    """The end record by hand first: an archive of a million entries must not be listed to be refused."""
    source.seek(max(0, size_bytes - 65_557))
    tail = source.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise Finding("xlsx_damaged")
    count, directory_bytes = struct.unpack("<HL", tail[at + 10 : at + 16])
    if at >= 20 and tail[at - 20 : at - 16] == b"PK\x06\x07":
        where = struct.unpack("<Q", tail[at - 12 : at - 4])[0]
        if where + 56 > size_bytes:
            raise Finding("xlsx_damaged")
        source.seek(where)
        record = source.read(56)
        if record[:4] != b"PK\x06\x06":
            raise Finding("xlsx_damaged")
        count, directory_bytes = struct.unpack("<QQ", record[32:48])
    if count > MAX_ENTRIES or directory_bytes > _DIRECTORY_BYTES:
        raise Finding("xlsx_entries", limit=MAX_ENTRIES)


def _places(entries: list[zipfile.ZipInfo], size_bytes: int) -> None:
    """Entries that share bytes are a bomb or a disguise; so is anything in front of the first one."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise Finding("xlsx_overlap")
        end = entry.header_offset + 30 + len(entry.filename.encode("utf-8", "replace")) // 2 + entry.compress_size
        if end > size_bytes:
            raise Finding("xlsx_damaged")
    if entries and min(entry.header_offset for entry in entries) != 0:
        raise Finding("xlsx_disguised")


def _named(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.lower()
    if entry.flag_bits & 0x1:
        raise Finding("encrypted")
    if _ODD_NAME.search(entry.filename) or (entry.external_attr >> 16) & 0o170000 == 0o120000:
        raise Finding("xlsx_names")
    if name.endswith("vbaproject.bin") or "/macrosheets/" in name or "/dialogsheets/" in name:
        raise Finding("macros")
    if "/externallinks/" in name:
        raise Finding("external_links")
    if "/embeddings/" in name or "/activex/" in name:
        raise Finding("embedded_objects")
    if name.endswith(_NESTED):
        raise Finding("nested_archive")
    if entry.file_size > RATIO_FREE_BYTES and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        raise Finding("xlsx_ratio", limit=MAX_RATIO)
    if entry.file_size > MAX_TOTAL_BYTES:
        raise Finding("xlsx_total", limit=MAX_TOTAL_BYTES // 1024 // 1024)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Finding("xlsx_damaged")


def _inflate(source: BinaryIO, entry: zipfile.ZipInfo, before: int) -> int:
    """Unpack one entry without trusting its declared size, look at its content, count its bytes."""
    source.seek(entry.header_offset)
    header = source.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise Finding("xlsx_damaged")
    name_bytes, extra_bytes = struct.unpack("<HH", header[26:30])
    source.seek(entry.header_offset + 30 + name_bytes + extra_bytes)
    unpack = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    left, seen, carry = entry.compress_size, 0, b""
    is_xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
    while left > 0:
        data = source.read(min(_CHUNK, left))
        if not data:
            raise Finding("xlsx_damaged")
        left -= len(data)
        for block in _blocks(unpack, data):
            if seen == 0 and block[:4] == b"PK\x03\x04":
                raise Finding("nested_archive")
            if seen == 0 and is_xml and block[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Finding("xml_encoding")
            seen += len(block)
            if seen > entry.file_size:
                raise Finding("xlsx_size_lie")
            if before + seen > MAX_TOTAL_BYTES:
                raise Finding("xlsx_total", limit=MAX_TOTAL_BYTES // 1024 // 1024)
            if is_xml:
                carry = _look(carry + block, entry.filename)
    if seen != entry.file_size:
        raise Finding("xlsx_size_lie")
    return seen


def _blocks(unpack: zlib._Decompress | None, data: bytes) -> list[bytes]:
    """Bounded pieces: one megabyte of input may hold a gigabyte of output."""
    if unpack is None:
        return [data]
    pieces = []
    try:
        while data:
            piece = unpack.decompress(data, _CHUNK)
            data = unpack.unconsumed_tail
            if piece:
                pieces.append(piece)
            if len(pieces) > MAX_RATIO * 2:
                raise Finding("xlsx_ratio", limit=MAX_RATIO)
    except zlib.error as error:
        raise Finding("xlsx_damaged") from error
    return pieces


def _look(text: bytes, name: str) -> bytes:
    """Entities and links out of the file; answers with the tail that the next block continues."""
    if _DTD.search(text):
        raise Finding("dtd")
    if name.lower().endswith(".rels"):
        for relation in _RELATION.findall(text):
            if b'"External"' in relation and _HARMLESS_RELATION not in relation:
                raise Finding("external_links")
    if name.lower() == "[content_types].xml" and b"macroEnabled" in text:
        raise Finding("macros")
    return text[-4096:] if name.lower().endswith(".rels") else text[-16:]
