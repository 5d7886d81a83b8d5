"""Files: sealed 64 KiB at a time while they arrive, opened chunk by chunk, gone with their key.

Each chunk is AES-256-GCM (under suite 2 SM4-GCM) under the file's own key; the nonce is the chunk's number and the last
flag, which a file never repeats (the STREAM construction of Hoang et al.), and both are in the associated data with the
file's id and suite. A chunk moved, dropped, doubled or cut off at the end does not open.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db import connections, transaction
from django.http import HttpRequest

from kexin.evidence import operations as evidence
from kexin.evidence.types import Noted
from kexin.foundation import clock, crypto, ids
from kexin.foundation.crypto import DoesNotOpen
from kexin.vault import file_keys, keys, sealing, suites
from kexin.vault.models import File, FileChunk, FileSubject
from kexin.vault.types import About, FileGone, FileRef, Shows

CHUNK_BYTES = 64 * 1024
#: The chunk number under which the file's name is sealed.
_NAME = 0xFFFF_FFFF
_MAX_NAME = 255


def _nonce(no: int, last: bool) -> bytes:
    return struct.pack(">QI", no, int(last))


class _Chunks:
    """How the chunks of one file are sealed and opened."""

    def __init__(self, file_id: uuid.UUID, key: bytes, suite: int) -> None:
        chinese = suite == sealing.SUITE_SM4
        self._seal, self._open = (crypto.sm4_seal, crypto.sm4_open) if chinese else (crypto.gcm_seal, crypto.gcm_open)
        self._key = crypto.hmac_sm3(key, b"kexin file 2")[: crypto.SM4_KEY_BYTES] if chinese else key
        self._head = (b"kexin file/2" if chinese else b"kexin file/1") + file_id.bytes

    def seal(self, no: int, last: bool, data: bytes) -> bytes:
        """One chunk; each number is used once."""
        nonce = _nonce(no, last)
        return self._seal(self._key, nonce, data, self._head + nonce)

    def open(self, no: int, last: bool, ct: bytes) -> bytes:
        """The same chunk at the same place; raises DoesNotOpen."""
        nonce = _nonce(no, last)
        return self._open(self._key, nonce, ct, self._head + nonce)


class FileWriter:
    """Seals one file while it is being received. Bytes wait in memory, at most one chunk of them."""

    def __init__(
        self,
        *,
        kept_by: uuid.UUID,
        kind: str,
        name: str,
        media_type: str,
        expires_at: datetime,
        about: About,
        subject_id: uuid.UUID | None = None,
        shows: Iterable[Shows] = (),
    ) -> None:
        self.id = ids.uuid7()
        suite = suites.in_force()
        self._chunks = _Chunks(self.id, file_keys.create(self.id, subject_id), suite)
        self._buffer = bytearray()
        self._no = 0
        self._size = 0
        sealed_name = self._chunks.seal(_NAME, True, name.encode()[:_MAX_NAME])
        self._row = File(
            id=self.id, kind=kind, subject_id=subject_id, suite=suite, name_ct=sealed_name, media_type=media_type[:100],
            kept_by=kept_by, created_at=clock.now(), expires_at=expires_at, permission=about.permission,
            purpose=about.purpose, action=about.action, attributes=list(about.attributes),
        )  # fmt: skip
        self._row.save(force_insert=True)
        FileSubject.objects.bulk_create(
            FileSubject(file_id=self.id, subject_id=one.subject, attributes=list(one.attributes), full=list(one.full))
            for one in shows
        )

    def write(self, data: bytes) -> None:
        """Take bytes in; every full chunk is sealed and stored at once."""
        self._buffer += data
        self._size += len(data)
        while len(self._buffer) > CHUNK_BYTES:
            self._seal(bytes(self._buffer[:CHUNK_BYTES]), last=False)
            del self._buffer[:CHUNK_BYTES]

    def finish(self) -> FileRef:
        """Seal the last chunk; from here on the file can be opened."""
        self._seal(bytes(self._buffer), last=True)
        self._buffer.clear()
        self._row.state, self._row.size_bytes, self._row.chunks = "kept", self._size, self._no
        self._row.save(update_fields=["state", "size_bytes", "chunks"])
        return as_ref(self._row)

    def _seal(self, data: bytes, *, last: bool) -> None:
        ct = self._chunks.seal(self._no, last, data)
        FileChunk(file_id=self.id, no=self._no, ct=ct).save(force_insert=True)
        self._no += 1


def as_ref(row: File) -> FileRef:
    """A row as the doors answer it."""
    return FileRef(
        id=row.id,
        kind=row.kind,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        subject_id=row.subject_id,
    )


def usable(file_id: uuid.UUID) -> File:
    """A file that is whole, not burned and not expired; FileGone otherwise."""
    row = File.objects.filter(id=file_id, state="kept").first()
    if row is None or row.expires_at <= clock.now():
        raise FileGone
    return row


def read(row: File, *, noted: Noted) -> tuple[str, Iterator[bytes]]:
    """Name and chunks of a file whose opening is already on record: ``noted`` is the committed line."""
    key = file_keys.fetch(row.id)
    if key is None or row.name_ct is None:
        raise FileGone
    evidence.count_opens(noted=noted, grade=keys.FILE_CLASS)
    chunks = _Chunks(row.id, key, row.suite)
    return chunks.open(_NAME, True, bytes(row.name_ct)).decode(errors="replace"), _opened(row, chunks)


def _opened(row: File, chunks: _Chunks) -> Iterator[bytes]:
    for no in range(row.chunks):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT ct FROM vault_filechunk WHERE file_id = %s AND no = %s", [row.id, no])
            found = cursor.fetchone()
        if found is None:
            raise DoesNotOpen("a chunk of the file is missing")
        yield chunks.open(no, no == row.chunks - 1, bytes(found[0]))


def burn(file_id: uuid.UUID) -> bool:
    """Destroy the key, then the chunks and whom it showed. Safe to run again; answers whether there was something to
    burn."""
    file_keys.burn(file_id)
    with transaction.atomic():
        FileChunk.objects.filter(file_id=file_id).delete()
        FileSubject.objects.filter(file_id=file_id).delete()
        return bool(
            File.objects.filter(id=file_id)
            .exclude(state="burned")
            .update(state="burned", name_ct=None, burned_at=clock.now())
        )


class SealedUpload:
    """What a form gets instead of an uploaded file: the id of a sealed one. Its bytes come from `open_file` only."""

    def __init__(self, *, file: FileRef, name: str, field_name: str) -> None:
        self.file = file
        self.name = name
        self.size = file.size_bytes
        self.content_type = file.media_type
        self.field_name = field_name

    def close(self) -> None:
        """Nothing is open: Django calls this at the end of the request."""


class SealingUploadHandler(FileUploadHandler):
    """Seals an upload while it is received: no spool file, no plaintext on disk. Put in front by
    `request.upload_handlers.insert(0, SealingUploadHandler(request, …))` before the form is read."""

    chunk_size = CHUNK_BYTES

    def __init__(
        self,
        request: HttpRequest | None = None,
        *,
        kind: str,
        about: About,
        expires_at: datetime,
        max_bytes: int,
    ) -> None:
        super().__init__(request)
        self._kind, self._about, self._expires_at, self._max_bytes = kind, about, expires_at, max_bytes
        self._writer: FileWriter | None = None
        self._received = 0
        self._sealed: list[uuid.UUID] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        caller = getattr(self.request, "caller", None)
        if caller is None:
            raise StopUpload(connection_reset=True)
        self._received = 0
        self._writer = FileWriter(
            kept_by=caller.id,
            kind=self._kind,
            name=self.file_name or "",
            media_type=self.content_type or "application/octet-stream",
            expires_at=self._expires_at,
            about=self._about,
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._writer is None:
            return
        self._received += len(raw_data)
        if self._received > self._max_bytes:
            self.upload_interrupted()
            raise StopUpload(connection_reset=True)
        self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> Any:
        """A SealedUpload: on purpose no UploadedFile of Django, which would offer the bytes."""
        if self._writer is None:
            return None
        done = self._writer.finish()
        self._writer = None
        self._sealed.append(done.id)
        return SealedUpload(file=done, name=self.file_name or "", field_name=self.field_name or "")

    def upload_interrupted(self) -> None:
        """Half a file is no file."""
        if self._writer is not None:
            burn(self._writer.id)
            self._writer = None

    def discard(self) -> None:
        """Burn what this request sealed: the form it came with was refused, so nobody keeps it."""
        self.upload_interrupted()
        for file in self._sealed:
            burn(file)
        self._sealed.clear()
