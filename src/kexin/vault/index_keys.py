"""Keys of the search indexes, by generation: one to search, and while a new one is built or left two to write."""

from __future__ import annotations

import struct
import time
import uuid

from kexin.foundation import canonical, clock, crypto
from kexin.vault import keys, sealing, suites

_opened: dict[str, tuple[float, tuple[tuple[int, str, bytes, int], ...]]] = {}
_READ_STATES = ("active",)
_WRITE_STATES = ("active", "building", "retiring")
keys.caches.append(_opened)


def aad(index: str, gen: int, epoch_id: uuid.UUID) -> bytes:
    """What the wrapping of an index key is bound to."""
    return b"kexin wrap index" + canonical.length_prefixed(index.encode(), epoch_id.bytes, struct.pack(">I", gen))


def of(index: str, *, writing: bool = False) -> tuple[tuple[int, bytes, int], ...]:
    """(generation, key, suite) of a search index: those to search, or those to write tokens for. The first use of
    an index makes its first generation. Kept in memory as long as an epoch key is."""
    kept = _opened.get(index)
    if not kept or kept[0] <= time.monotonic():
        kept = (time.monotonic() + keys.EPOCH_TTL_S, _load(index))
        _opened[index] = kept
    states = _WRITE_STATES if writing else _READ_STATES
    return tuple((gen, key, suite) for gen, state, key, suite in kept[1] if state in states)


def _load(index: str) -> tuple[tuple[int, str, bytes, int], ...]:
    sql = "SELECT gen, state, suite, epoch_id, wrapped, commit16 FROM keyring_indexkey WHERE index = %s ORDER BY gen DESC"
    rows = keys.ask(sql, [index])
    if not any(row[1] == "active" for row in rows):
        add(index, state="active")
        rows = keys.ask(sql, [index])
    return tuple(
        (gen, state, keys.unwrap(keys.epoch(epoch_id), bytes(wrapped), bytes(commit16), aad(index, gen, epoch_id)), suite)
        for gen, state, suite, epoch_id, wrapped, commit16 in rows
    )


def add(index: str, *, state: str = "building") -> int:
    """A new generation of an index; answers with its number."""
    kek, key = keys.active_epoch(keys.INDEX_CLASS), crypto.random_bytes(crypto.KEY_BYTES)
    with keys.keyring_atomic() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [keys.EPOCH_LOCK])
        cursor.execute(
            "SELECT coalesce(max(gen), 0), coalesce(max(gen) FILTER (WHERE state = 'active'), 0)"
            " FROM keyring_indexkey WHERE index = %s",
            [index],
        )
        newest, active = cursor.fetchone()
        if state == "active" and active:
            return int(active)
        gen = int(newest) + 1
        cursor.execute(
            "INSERT INTO keyring_indexkey (index, gen, suite, epoch_id, wrapped, commit16, state, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                index,
                gen,
                suites.in_force(),
                kek.id,
                keys.wrap(kek, key, aad(index, gen, kek.id)),
                sealing.commitment(key, suite=kek.suite),
                state,
                clock.now(),
            ],
        )
    _opened.pop(index, None)
    return gen
