"""Files: kept sealed, opened by a decision with an evidence line, burned for good."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.vault import files
from kexin.vault.models import File
from kexin.vault.queries.file_rights import FileOutOfDate, FileRefused, FileRightsEnded, may_open, refuse_stranger
from kexin.vault.queries.opening import Moved
from kexin.vault.types import About, FileGone, FileRef, Shows

__all__ = ["FileOutOfDate", "FileRefused", "FileRightsEnded", "burn_file", "keep_file", "open_file"]


def keep_file(
    caller: Caller,
    *,
    chunks: Iterable[bytes],
    kind: str,
    name: str,
    expires_at: datetime,
    about: About,
    media_type: str = "application/octet-stream",
    subject: uuid.UUID | None = None,
    shows: Iterable[Shows] = (),
) -> FileRef:
    """Seal a file while it is read; nothing of it is ever on disk in the clear. ``about`` is decided again at every
    opening; ``subject`` is the one person it is about, ``shows`` everybody else whom it shows and the keeper knows by
    id: an erasure of one of them burns it. The key is committed first, so a failure leaves at most a key without a
    file, which is swept. Raises Moved when one of those whom it shows has left meanwhile."""
    named = tuple(shows)
    with transaction.atomic():
        _stay([one.subject for one in named])
        writer = files.FileWriter(
            kept_by=caller.id, kind=kind, name=name, media_type=media_type, expires_at=expires_at, about=about,
            subject_id=subject, shows=named,
        )  # fmt: skip
        for chunk in chunks:
            writer.write(chunk)
        kept = writer.finish()
        evidence.note(caller, _entry(Event.FILE_KEPT, kept.id, purpose=about.purpose, action=about.action))
    return kept


def _stay(subjects: Collection[uuid.UUID]) -> None:
    """Nobody of these is erased until the file that shows them is committed: an erasure that came first is seen here,
    one that comes later finds the file."""
    if not subjects:
        return
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM vault_subject WHERE id = ANY(%s::uuid[]) AND visible ORDER BY id FOR SHARE", [list(subjects)]
        )
        if len(cursor.fetchall()) < len(set(subjects)):
            raise Moved


def open_file(caller: Caller, *, file: uuid.UUID) -> tuple[str, Iterator[bytes]]:
    """Its name and its bytes, chunk by chunk, each verified before it is given; the line is committed first.

    Who opens is the keeper, is still active, and has now the permission and purpose that the file was kept under; what
    it shows of people is decided again for each of them. A service account opens what was kept for the purpose that it
    works under and is declared for. Raises FileGone (burned, expired), FileRefused, FileRightsEnded, FileOutOfDate.
    """
    row = files.usable(file)
    grounds = may_open(caller, row)
    noted = evidence.note_now(
        caller,
        _entry(
            Event.FILE_OPENED,
            file,
            purpose=row.purpose,
            action=row.action,
            opens=1,
            rulebook=grounds.rulebook,
            rule_ids=grounds.rule_ids,
            audit_ids=grounds.audit_ids,
        ),
    )
    return files.read(row, noted=noted)


def burn_file(caller: Caller, *, file: uuid.UUID) -> None:
    """Destroy the key, then the chunks. The keeper may do so with whatever rights are left."""
    row = File.objects.filter(id=file).first()
    if row is None or row.state == "burned":
        raise FileGone
    refuse_stranger(caller, row)
    with transaction.atomic():
        files.burn(file)
        evidence.note(caller, _entry(Event.FILE_BURNED, file))


def _entry(event: Event, file: uuid.UUID, **fields: Any) -> Entry:
    return Entry(event=event, decision="allow", count=1, ref=f"file:{file}", **fields)
