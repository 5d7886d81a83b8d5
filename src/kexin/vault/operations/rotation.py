"""Rotation: epochs and index generations move forward while the house works; progress is a query, never a guess."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Conflict
from kexin.vault import index_keys, keys, sealing
from kexin.vault.keys import CLASSES, KeyRef
from kexin.vault.providers import provider
from kexin.vault.types import KeyProgress

BATCH = 5_000
_TABLES = {5: "keyring_filekey", 6: "keyring_indexkey"}


class RollOpen(Conflict):
    """An earlier roll of this class has rows behind."""

    code = "roll-open"
    title = _("上一次换钥匙还没有完成")


def ensure_keys() -> None:
    """Set-up: an epoch for every class. Safe to run again."""
    keys.ensure_epochs()


def roll_epoch(caller: Caller, *, grade: int) -> uuid.UUID:
    """Start a new epoch of one class: it wraps every new key from now on; living keys follow by `rewrap`."""
    with keys.keyring_atomic() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [keys.EPOCH_LOCK])
        cursor.execute("SELECT count(*) FROM keyring_epoch WHERE grade = %s AND state = 'retiring'", [grade])
        if cursor.fetchone()[0]:
            raise RollOpen(remedy=_("先完成上一次，再开始新的一次"))
        cursor.execute("UPDATE keyring_epoch SET state = 'retiring' WHERE grade = %s AND state = 'active'", [grade])
        made = keys.new_epoch_row(cursor, grade)
    evidence.note(caller, Entry(event=Event.EPOCH_CREATED, decision="none", count=1, ref=str(made)))
    return made


def behind() -> KeyProgress:
    """Keys still wrapped by a retiring epoch, per class."""
    counts: dict[int, int] = {}
    for grade in CLASSES:
        table = _TABLES.get(grade, "keyring_subjectkey")
        rows = keys.ask(
            f"SELECT count(*) FROM {table} k JOIN keyring_epoch e ON e.id = k.epoch_id"
            " WHERE e.state = 'retiring' AND e.grade = %s",
            [grade],
        )
        counts[grade] = int(rows[0][0])
    return KeyProgress(behind=counts)


def rewrap(caller: Caller, *, grade: int, batch: int = BATCH) -> int:
    """Wrap living keys of one class again under its active epoch, a batch per transaction; answers how many. A run
    that is killed is continued by the next one: what is behind is what the query finds."""
    total = 0
    while moved := _rewrap_batch(grade, batch):
        total += moved
    if total:
        evidence.note(caller, Entry(event=Event.KEYS_ROTATED, decision="none", count=total))
    return total


def _rewrap_batch(grade: int, batch: int) -> int:
    table, names = _names(grade)
    columns = ", ".join(names)
    target = keys.active_epoch(grade)
    with keys.keyring_atomic() as cursor:
        cursor.execute(
            f"SELECT {columns}, epoch_id, wrapped, commit16 FROM {table} WHERE epoch_id IN"
            " (SELECT id FROM keyring_epoch WHERE state = 'retiring' AND grade = %s)"
            " LIMIT %s FOR UPDATE SKIP LOCKED",
            [grade, batch],
        )
        rows = cursor.fetchall()
        conditions = " AND ".join(f"{name} = %s" for name in names)
        cursor.executemany(
            f"UPDATE {table} SET epoch_id = %s, wrapped = %s, commit16 = %s WHERE {conditions}",
            [_moved(grade, row, target) for row in rows],
        )
    return len(rows)


def _names(grade: int) -> tuple[str, tuple[str, ...]]:
    if grade == keys.FILE_CLASS:
        return "keyring_filekey", ("file_id",)
    if grade == keys.INDEX_CLASS:
        return "keyring_indexkey", ("index", "gen")
    return "keyring_subjectkey", ("subject_id", "grade", "gen")


def _moved(grade: int, row: tuple[Any, ...], target: keys.EpochKey) -> tuple[Any, ...]:
    *place, old_id, wrapped, commit16 = row
    key = keys.unwrap(keys.epoch(old_id), bytes(wrapped), bytes(commit16), _aad(grade, place, old_id))
    wrapped_again = keys.wrap(target, key, _aad(grade, place, target.id))
    return (target.id, wrapped_again, sealing.commitment(key, suite=target.suite), *place)


def _aad(grade: int, place: list[Any], epoch_id: uuid.UUID) -> bytes:
    if grade == keys.FILE_CLASS:
        return keys.file_aad(place[0], epoch_id)
    if grade == keys.INDEX_CLASS:
        return index_keys.aad(place[0], place[1], epoch_id)
    return keys.subject_aad(KeyRef(*place), epoch_id)


def destroy_epoch(caller: Caller, *, epoch: uuid.UUID) -> None:
    """Destroy a retiring epoch's key at its provider, once nothing living is wrapped by it. What it wrapped in heap,
    WAL and backups of the keyring is dead from here on."""
    rows = keys.ask("SELECT grade, provider, provider_ref, state FROM keyring_epoch WHERE id = %s", [epoch])
    if not rows or rows[0][3] != "retiring":
        raise Conflict(_("只有已停用的钥匙期可以销毁"))
    grade, name, ref, _state = rows[0]
    if behind().behind[grade]:
        raise RollOpen(remedy=_("先完成上一次，再开始新的一次"))
    provider(name).destroy(ref=ref)
    with keys.keyring() as cursor:
        cursor.execute(
            "UPDATE keyring_epoch SET state = 'destroyed', destroyed_at = %s WHERE id = %s", [clock.now(), epoch]
        )
    keys.forget()
    evidence.note(caller, Entry(event=Event.EPOCH_DESTROYED, decision="none", count=1, ref=str(epoch)))
