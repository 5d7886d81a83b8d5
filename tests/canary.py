"""The canary: a value driven through a journey, then sought in every byte that the house left on disk (I1).

`seek` reads folders (data directories, WAL, logs, spool and temporary files) and answers where it found the value in
any of the spellings in which software tends to leave it. It knows nothing of the product.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

BLOCK_BYTES = 4 << 20
#: Shorter needles are found by chance.
LEAST_BYTES = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a canary sings: file, offset and the spelling found."""

    file: Path
    offset: int
    spelling: str


def spellings(value: str) -> dict[bytes, str]:
    """Every way of writing the value that is worth looking for, with its name."""
    found: dict[bytes, str] = {}
    texts = {"plain": value, "reversed": value[::-1]}
    for (name, text), codec in itertools.product(texts.items(), ("utf-8", "utf-16-le", "utf-16-be", "gb18030")):
        found.setdefault(text.encode(codec), f"{name} {codec}")
    raw = value.encode()
    found.setdefault(binascii.hexlify(raw), "hex")
    found.setdefault(binascii.hexlify(raw).upper(), "hex upper")
    found.setdefault(quote(value, safe="").encode(), "url")
    found.setdefault(value.encode("unicode_escape"), "escaped")
    found.setdefault(value.encode("unicode_escape").replace(b"\\", b"\\\\"), "escaped twice")
    for shift in range(3):
        # base64 of the value at each of three offsets inside a longer text, without the groups that neighbours change:
        # a group that is whole stays, else a phone number shrinks to six digits, which every clock shows now and then
        padded = b"\0" * shift + raw
        encoded = base64.b64encode(padded[: len(padded) - len(padded) % 3])
        found.setdefault(encoded[4 if shift else 0 :], f"base64 at {shift}")
    return {needle: name for needle, name in found.items() if len(needle) >= LEAST_BYTES}


def seek(values: Iterable[str], folders: Iterable[Path]) -> list[Hit]:
    """Every place where one of the values stands in one of the folders. An empty answer is what we want; prove that
    the search sees something by planting a file (`tests/house`)."""
    needles: dict[bytes, str] = {}
    for value in values:
        needles.update(spellings(value))
    return [hit for folder in folders for path in _files(folder) for hit in _search(path, needles)]


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for root, _folders, names in os.walk(folder, onerror=_fail):
        for name in names:
            path = Path(root) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _fail(error: OSError) -> None:
    """A folder that cannot be read has not been searched. One that vanished meanwhile (a temporary one) is empty."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _search(path: Path, needles: Mapping[bytes, str]) -> Iterator[Hit]:
    overlap = max(len(needle) for needle in needles) - 1
    try:
        with path.open("rb") as file:
            tail, at = b"", 0
            while block := file.read(BLOCK_BYTES):
                window = tail + block
                for needle, name in needles.items():
                    found = window.find(needle)
                    if found >= 0:
                        yield Hit(path, at - len(tail) + found, name)
                tail, at = window[-overlap:] if overlap else b"", at + len(block)
    except FileNotFoundError:
        return
