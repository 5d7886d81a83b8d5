"""Files: sealed while they arrive, whole or not at all, gone with their key."""

from __future__ import annotations

import io
import os
import uuid
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadhandler import StopUpload
from django.http.multipartparser import MultiPartParser

from kexin.foundation import clock
from kexin.foundation.caller import CallerKind
from kexin.foundation.crypto import DoesNotOpen
from kexin.vault import file_keys, files
from kexin.vault import operations as vault
from kexin.vault.keyring.models import FileKey
from kexin.vault.models import File, FileChunk
from kexin.vault.operations import upkeep
from kexin.vault.operations.files import FileRefused
from kexin.vault.tests.worlds import ERASER, IMPORTER, STRANGER, customer
from kexin.vault.types import About, FileGone

pytestmark = pytest.mark.usefixtures("house")
CHUNK = files.CHUNK_BYTES
ABOUT = About(purpose="presale")


def keep(data: bytes, *, days: int = 1, **more: Any) -> Any:
    pieces = [data[at : at + 50_000] for at in range(0, len(data), 50_000)]
    return vault.keep_file(
        IMPORTER,
        chunks=pieces,
        kind="upload",
        name="陈雨桐 名片.csv",
        expires_at=clock.now() + timedelta(days=days),
        about=ABOUT,
        **more,
    )


def content(file: uuid.UUID) -> bytes:
    return b"".join(vault.open_file(IMPORTER, file=file)[1])


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_any_size_comes_back_as_it_went_in(size: int) -> None:
    data = os.urandom(size)
    kept = keep(data)
    name, chunks = vault.open_file(IMPORTER, file=kept.id)
    assert name == "陈雨桐 名片.csv" and b"".join(chunks) == data and kept.size_bytes == size
    assert all(data[:64] not in bytes(row.ct) for row in FileChunk.objects.all()) or size < 64


def test_chunks_cannot_be_moved_dropped_doubled_or_cut() -> None:
    data = os.urandom(2 * CHUNK + 5)
    kept, other = keep(data), keep(data)
    first, second = (FileChunk.objects.get(file_id=kept.id, no=no) for no in (0, 1))
    foreign = FileChunk.objects.get(file_id=other.id, no=0)

    def put(no: int, ct: bytes) -> None:
        FileChunk.objects.filter(file_id=kept.id, no=no).delete()
        FileChunk(file_id=kept.id, no=no, ct=ct).save(force_insert=True)

    swapped = {0: bytes(second.ct), 1: bytes(first.ct)}
    for forged in (swapped, {0: bytes(foreign.ct)}, {1: bytes(second.ct)[:-1]}):
        for no, ct in forged.items():
            put(no, ct)
        with pytest.raises(DoesNotOpen):
            content(kept.id)
        for row in (first, second):
            put(row.no, bytes(row.ct))
    assert content(kept.id) == data
    File.objects.filter(id=kept.id).update(chunks=2)
    with pytest.raises(DoesNotOpen):
        content(kept.id)
    File.objects.filter(id=kept.id).update(chunks=4)
    with pytest.raises(DoesNotOpen):
        content(kept.id)


def test_somebody_elses_file_stays_closed() -> None:
    kept = keep(b"x")
    stranger = replace(STRANGER, kind=CallerKind.STAFF, service="", id=uuid.uuid4())
    with pytest.raises(FileRefused):
        vault.open_file(stranger, file=kept.id)
    with pytest.raises(FileRefused):
        vault.burn_file(stranger, file=kept.id)


def test_a_burned_or_expired_file_is_gone() -> None:
    burned, expired = keep(b"x"), keep(b"y", days=-1)
    vault.burn_file(IMPORTER, file=burned.id)
    assert not FileKey.objects.filter(file_id=burned.id).exists()
    for file in (burned.id, expired.id):
        with pytest.raises(FileGone):
            content(file)
    assert upkeep.burn_expired_files() == 1
    assert not FileChunk.objects.exists() and not FileKey.objects.exists()
    assert file_keys.fetch(expired.id) is None


def test_a_persons_files_leave_with_the_person() -> None:
    subject = customer()
    kept = keep(b"scan", subject=subject)
    asked = vault.erase(ERASER, subject=subject)
    vault.continue_erasure(ERASER, erasure=asked.id)
    with pytest.raises(FileGone):
        content(kept.id)
    assert not FileChunk.objects.filter(file_id=kept.id).exists()


def _request(data: bytes, handler: Any) -> Any:
    body = (
        b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
        + data
        + b"\r\n--X--\r\n"
    )
    meta = {"CONTENT_TYPE": "multipart/form-data; boundary=X", "CONTENT_LENGTH": str(len(body))}
    return MultiPartParser(meta, io.BytesIO(body), [handler], "utf-8").parse()


def test_an_upload_is_sealed_while_it_is_received() -> None:
    data = os.urandom(2 * CHUNK + 9)
    request = SimpleNamespace(caller=IMPORTER)
    ends = clock.now() + timedelta(days=1)
    handler = files.SealingUploadHandler(request, kind="upload", about=ABOUT, expires_at=ends, max_bytes=1 << 20)
    _post, received = _request(data, handler)
    upload = received["file"]
    assert isinstance(upload, files.SealedUpload) and upload.size == len(data)
    assert content(upload.file.id) == data
    small = files.SealingUploadHandler(request, kind="upload", about=ABOUT, expires_at=ends, max_bytes=100)
    with pytest.raises(StopUpload):
        small.new_file("file", "b.csv", "text/csv", 0)
        small.receive_data_chunk(data[:101], 0)
    assert File.objects.filter(state="burned").count() == 1
    with pytest.raises(StopUpload):
        files.SealingUploadHandler(SimpleNamespace(), kind="upload", about=ABOUT, expires_at=ends, max_bytes=1).new_file(
            "file", "c.csv", "text/csv", 0
        )
