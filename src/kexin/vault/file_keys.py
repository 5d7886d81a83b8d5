"""The key of one file: made before its first chunk, deleted to burn it."""

from __future__ import annotations

import uuid

from kexin.foundation import clock, crypto
from kexin.vault import keys, sealing


def create(file_id: uuid.UUID, subject_id: uuid.UUID | None) -> bytes:
    """A new key for one file, committed before its first chunk."""
    kek, key = keys.active_epoch(keys.FILE_CLASS), crypto.random_bytes(crypto.KEY_BYTES)
    with keys.keyring() as cursor:
        cursor.execute(
            "INSERT INTO keyring_filekey (file_id, subject_id, epoch_id, wrapped, commit16, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                file_id,
                subject_id,
                kek.id,
                keys.wrap(kek, key, keys.file_aad(file_id, kek.id)),
                sealing.commitment(key, suite=kek.suite),
                clock.now(),
            ],
        )
    return key


def fetch(file_id: uuid.UUID) -> bytes | None:
    """The key of one file; None when it was burned."""
    rows = keys.ask("SELECT epoch_id, wrapped, commit16 FROM keyring_filekey WHERE file_id = %s", [file_id])
    if not rows:
        return None
    epoch_id, wrapped, commit16 = rows[0]
    return keys.unwrap(keys.epoch(epoch_id), bytes(wrapped), bytes(commit16), keys.file_aad(file_id, epoch_id))


def burn(file_id: uuid.UUID) -> None:
    """Delete the key of one file."""
    with keys.keyring() as cursor:
        cursor.execute("DELETE FROM keyring_filekey WHERE file_id = %s", [file_id])
