"""The mirror: write-once files that hold every line again, on another disk, host or bucket.

    leaves/<first>-<end>      "kexin-bundle/1 <origin> <first> <end>", then one line of base64 per body
    checkpoints/<size>        the log's signed note
    cosigned/<size>           the same note with the witness's signature
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kexin.foundation.ids import uuid7

BUNDLE_FORMAT = "kexin-bundle/1"


class WriteOnce(FileExistsError):
    """Something else already stands under that name, and it stays."""


class MirrorDamaged(ValueError):
    """What the mirror holds is not a row of bundles without gaps."""


class Store(Protocol):
    """Where a mirror keeps its objects. A bucket with object lock is another implementation of these three."""

    def put(self, name: str, data: bytes) -> None:
        """Store once; the same bytes again are accepted, others raise WriteOnce."""

    def get(self, name: str) -> bytes | None:
        """The bytes under that name, None when there are none."""

    def names(self, prefix: str) -> list[str]:
        """Names below a prefix (which ends in "/"), sorted."""


class DirectoryStore:
    """A folder of read-only files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, data: bytes) -> None:
        """A hard link never replaces a file, so two writers cannot overwrite each other."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{uuid7()}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        except FileExistsError as error:
            if path.read_bytes() != data:
                raise WriteOnce(f"{name} is in the mirror with other bytes") from error
        finally:
            temporary.unlink()

    def get(self, name: str) -> bytes | None:
        """None when it is not there."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def names(self, prefix: str) -> list[str]:
        """Files of one subfolder; half-written ones begin with a dot and are left out."""
        try:
            return sorted(prefix + entry.name for entry in os.scandir(self.folder / prefix) if entry.name[0] != ".")
        except FileNotFoundError:
            return []


@dataclass(frozen=True, slots=True)
class Bundle:
    """A row of lines as the mirror names it."""

    name: str
    first: int
    end: int


class Mirror:
    """Bundles and notes over a store."""

    def __init__(self, store: Store, origin: str) -> None:
        self._store = store
        self._origin = origin

    def bundles(self) -> list[Bundle]:
        """Every bundle in order; raises MirrorDamaged on a gap or an overlap."""
        found, expected = [], 0
        for name in self._store.names("leaves/"):
            first, _, end = name.removeprefix("leaves/").partition("-")
            if not (first.isdecimal() and end.isdecimal()) or int(first) != expected or int(end) <= expected:
                raise MirrorDamaged(f"the mirror has {name} where a bundle from line {expected + 1} should stand")
            found.append(Bundle(name, int(first), int(end)))
            expected = int(end)
        return found

    def write(self, first: int, bodies: list[bytes]) -> None:
        """Add the next bundle."""
        end = first + len(bodies)
        head = f"{BUNDLE_FORMAT} {self._origin} {first} {end}\n".encode()
        self._store.put(f"leaves/{first:015d}-{end:015d}", head + b"".join(base64.b64encode(b) + b"\n" for b in bodies))

    def read(self, bundle: Bundle) -> list[bytes]:
        """The bodies of one bundle; raises MirrorDamaged when it is not what its name says."""
        data = self._store.get(bundle.name) or b""
        head, *rows = data.split(b"\n")
        if head.decode("utf-8", "replace") != f"{BUNDLE_FORMAT} {self._origin} {bundle.first} {bundle.end}":
            raise MirrorDamaged(f"{bundle.name} does not begin as its name says")
        if len(rows) != bundle.end - bundle.first + 1 or rows[-1]:
            raise MirrorDamaged(f"{bundle.name} does not hold as many lines as its name says")
        try:
            return [binascii.a2b_base64(row, strict_mode=True) for row in rows[:-1]]
        except binascii.Error as error:
            raise MirrorDamaged(f"{bundle.name} is not base64") from error

    def bodies(self, first: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
        """Lines [first, end) as runs of (number of the first, bodies)."""
        for bundle in self.bundles():
            if bundle.end <= first or bundle.first >= end:
                continue
            held = self.read(bundle)
            start = max(first, bundle.first)
            yield start, held[start - bundle.first : min(end, bundle.end) - bundle.first]

    def put_note(self, kind: str, size: int, note: str) -> None:
        """Keep a checkpoint (``checkpoints``) or a cosigned one (``cosigned``)."""
        self._store.put(f"{kind}/{size:015d}", note.encode())

    def last_note(self, kind: str) -> str | None:
        """The newest note of that kind."""
        names = self._store.names(f"{kind}/")
        data = self._store.get(names[-1]) if names else None
        return data.decode("utf-8", "replace") if data else None
