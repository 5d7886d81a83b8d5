"""Files: kept sealed, opened with an evidence line, burned for good."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.problems import Refused
from kexin.vault import files
from kexin.vault.models import File
from kexin.vault.types import FileGone, FileRef


class FileRefused(Refused):
    """Somebody else's file."""

    code = "file-refused"
    title = _("没有执行：这不是您的文件")


def keep_file(
    caller: Caller,
    *,
    chunks: Iterable[bytes],
    kind: str,
    name: str,
    expires_at: datetime,
    media_type: str = "application/octet-stream",
    subject: uuid.UUID | None = None,
) -> FileRef:
    """Seal a file while it is read; nothing of it is ever on disk in the clear. The key is committed first, so a
    failure leaves at most a key without a file, which is swept."""
    with transaction.atomic():
        writer = files.FileWriter(
            kept_by=caller.id, kind=kind, name=name, media_type=media_type, expires_at=expires_at, subject_id=subject
        )
        for chunk in chunks:
            writer.write(chunk)
        kept = writer.finish()
        evidence.note(caller, _entry(Event.FILE_KEPT, kept.id))
    return kept


def open_file(caller: Caller, *, file: uuid.UUID) -> tuple[str, Iterator[bytes]]:
    """Its name and its bytes, chunk by chunk, each verified before it is given; the line is committed first."""
    row = files.usable(file)
    _own(caller, row)
    noted = evidence.note_now(caller, _entry(Event.FILE_OPENED, file, opens=1))
    return files.read(row, noted=noted)


def burn_file(caller: Caller, *, file: uuid.UUID) -> None:
    """Destroy the key, then the chunks."""
    row = File.objects.filter(id=file).first()
    if row is None or row.state == "burned":
        raise FileGone
    _own(caller, row)
    with transaction.atomic():
        files.burn(file)
        evidence.note(caller, _entry(Event.FILE_BURNED, file))


def _own(caller: Caller, row: File) -> None:
    """A file belongs to whoever kept it; service accounts work on it in the keeper's name."""
    if caller.kind is CallerKind.SERVICE or caller.id == row.kept_by:
        return
    evidence.note_now(caller, Entry(event=Event.ACCESS_DENIED, decision="deny", ref=f"file:{row.id}"))
    raise FileRefused


def _entry(event: Event, file: uuid.UUID, *, opens: int = 0) -> Entry:
    return Entry(event=event, decision="allow", count=1, opens=opens, ref=f"file:{file}")
