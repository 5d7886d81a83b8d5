"""Files: kept sealed, opened with an evidence line, burned for good."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from kexin.foundation.caller import Caller
from kexin.vault.types import FileRef


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
    """Seal a file while it is read; nothing of it is ever on disk in the clear."""
    raise NotImplementedError


def open_file(caller: Caller, *, file: uuid.UUID) -> tuple[str, Iterator[bytes]]:
    """Its name and its bytes, chunk by chunk, each verified before it is given; the line is committed first."""
    raise NotImplementedError


def burn_file(caller: Caller, *, file: uuid.UUID) -> None:
    """Destroy the key, then the chunks."""
    raise NotImplementedError
