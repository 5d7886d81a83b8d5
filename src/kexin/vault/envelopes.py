"""Envelopes of records: the one module through which stored bytes become values and values become stored bytes.

Grades 3 and 4 open only under an evidence line that is committed already (`Noted` of `evidence.operations.note_now`);
each opening is counted under its line, and a job compares the counts with the lines. That all of it passes here is what lets this
module move into a process of its own later.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from kexin.evidence import operations as evidence
from kexin.evidence.types import Noted
from kexin.foundation import ids
from kexin.foundation.crypto import DoesNotOpen
from kexin.vault import keys, sealing, suites
from kexin.vault.keys import KeyRef
from kexin.vault.types import HIGH_GRADES, PAYLOAD_CLASS

IDENTITY = "identity"
DISPLAY = "display"
HOLD = "hold"
_PAYLOAD = "payload"
_PAYLOAD_GEN = 1
_COLUMNS = "subject_id, entity, entity_id, grade, ver, suite, key_gen, ct"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One row of vault_sealed."""

    subject_id: uuid.UUID
    entity: str
    entity_id: uuid.UUID
    grade: int
    ver: int
    suite: int
    key_gen: int
    ct: bytes

    @property
    def key(self) -> KeyRef:
        """Which subject key opens it."""
        return KeyRef(self.subject_id, self.grade, self.key_gen)

    @property
    def record(self) -> tuple[uuid.UUID, str, uuid.UUID]:
        """Which record it is a part of."""
        return (self.subject_id, self.entity, self.entity_id)

    def row(self) -> tuple[Any, ...]:
        """As a row of vault_sealed, in the order of its columns."""
        return (
            self.subject_id, self.entity, self.entity_id, self.grade, self.ver, self.suite, self.key_gen, self.ct,
        )  # fmt: skip


class NotAnnounced(RuntimeError):
    """Somebody tried to open grade 3 or 4 without a committed evidence line. A defect of the caller, never a state."""


_installations: dict[str, uuid.UUID] = {}


def installation() -> uuid.UUID:
    """The name of this installation in every seal."""
    connection = connections["default"]
    name = str(connection.settings_dict["NAME"])
    if name not in _installations:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM vault_installation")
            _installations[name] = cursor.fetchone()[0]
    return _installations[name]


def seal(
    *,
    subject_id: uuid.UUID,
    entity: str,
    entity_id: uuid.UUID,
    grade: int,
    ver: int,
    key_gen: int,
    key: bytes,
    values: Mapping[str, Any],
    suite: int | None = None,
    house: uuid.UUID | None = None,
) -> Envelope:
    """Seal one record's values of one grade. The key must be stored already."""
    suite = suite or suites.in_force()
    place = sealing.Place(
        installation=house or installation(),
        entity=entity,
        entity_id=entity_id,
        subject_id=subject_id,
        grade=grade,
        ver=ver,
        key_gen=key_gen,
    )
    ct = sealing.seal_values(key=key, place=place, values=dict(values), suite=suite)
    return Envelope(subject_id, entity, entity_id, grade, ver, suite, key_gen, ct)


def load(
    *, subjects: Collection[uuid.UUID], entity: str, grades: Collection[int] | None = None, lock: bool = False
) -> list[Envelope]:
    """The envelopes of these subjects as they are stored, still closed."""
    sql = f"SELECT {_COLUMNS} FROM vault_sealed WHERE subject_id = ANY(%s::uuid[]) AND entity = %s"
    params: list[Any] = [list(subjects), entity]
    if grades is not None:
        sql += " AND grade = ANY(%s::smallint[])"
        params.append(list(grades))
    if lock:
        sql += " FOR UPDATE"
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, params)
        return [_envelope(row) for row in cursor.fetchall()]


def of_other_suites(subjects: Collection[uuid.UUID], *, suite: int, but: Collection[str]) -> list[Envelope]:
    """The envelopes of these subjects that another suite sealed, apart from these entities; locked, still closed."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM vault_sealed WHERE subject_id = ANY(%s::uuid[]) AND suite <> %s"
            " AND entity <> ALL(%s::text[]) FOR UPDATE",
            [list(subjects), suite, list(but)],
        )
        return [_envelope(row) for row in cursor.fetchall()]


def _envelope(row: tuple[Any, ...]) -> Envelope:
    subject_id, entity, entity_id, grade, ver, suite, key_gen, ct = row
    return Envelope(subject_id, entity, entity_id, grade, ver, suite, key_gen, bytes(ct))


def open_all(envelopes: Sequence[Envelope], *, noted: Noted | None = None) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Open envelopes with one question to the keyring. Answer: ``(*record, grade)`` -> values.

    `noted` is the committed line that announced it: needed as soon as one envelope is of grade 3 or 4. Any envelope
    that does not open raises (`DoesNotOpen`); there is no partial answer.
    """
    high = Counter(envelope.grade for envelope in envelopes if envelope.grade in HIGH_GRADES)
    if high and not isinstance(noted, Noted):
        raise NotAnnounced("values of grade 3 and 4 open only under a committed evidence line")
    found = keys.fetch({envelope.key for envelope in envelopes})
    if noted is not None:
        for grade, opens in high.items():
            evidence.count_opens(noted=noted, grade=grade, opens=opens)
    house = installation()
    return {(*one.record, one.grade): _open(one, found[one.key], house) for one in envelopes}


def open_values(envelopes: Sequence[Envelope], *, noted: Noted | None = None) -> dict[str, Any]:
    """All values of one record, its grades together."""
    merged: dict[str, Any] = {}
    for values in open_all(envelopes, noted=noted).values():
        merged.update(values)
    return merged


def open_display(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """The display envelopes of these subjects (grade 2: masked renderings and what the catalogue shows in full)."""
    opened = open_all(load(subjects=subjects, entity=DISPLAY))
    return {record[0]: values for record, values in opened.items()}


def _open(envelope: Envelope, key: bytes, house: uuid.UUID) -> dict[str, Any]:
    place = sealing.Place(
        installation=house,
        entity=envelope.entity,
        entity_id=envelope.entity_id,
        subject_id=envelope.subject_id,
        grade=envelope.grade,
        ver=envelope.ver,
        key_gen=envelope.key_gen,
    )
    return sealing.open_values(key=key, place=place, envelope=envelope.ct, suite=envelope.suite)


# --- storing --------------------------------------------------------------------------------------------------------


def store(envelopes: Iterable[Envelope]) -> None:
    """Write envelopes in the caller's transaction; one that exists at that place is replaced."""
    with connections["default"].cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO vault_sealed ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (subject_id, entity, entity_id, grade) DO UPDATE SET"
            " ver = excluded.ver, suite = excluded.suite, key_gen = excluded.key_gen, ct = excluded.ct",
            [envelope.row() for envelope in envelopes],
        )


def drop(envelopes: Iterable[Envelope]) -> None:
    """Remove envelopes in the caller's transaction."""
    with connections["default"].cursor() as cursor:
        cursor.executemany(
            "DELETE FROM vault_sealed WHERE subject_id = %s AND entity = %s AND entity_id = %s AND grade = %s",
            [(one.subject_id, one.entity, one.entity_id, one.grade) for one in envelopes],
        )


# --- evidence payloads ----------------------------------------------------------------------------------------------


def payload_key(subject_id: uuid.UUID) -> bytes:
    """The key under which what evidence says about this subject is sealed; made when first needed. Once it burns, the
    lines still verify and their payloads say nothing."""
    ref = KeyRef(subject_id, PAYLOAD_CLASS, _PAYLOAD_GEN)
    if PAYLOAD_CLASS not in keys.generations(subject_id):
        # A refusal (the person was erased) must not end a transaction of the keyring that is open around this.
        with keys.keyring_atomic():
            return keys.create([ref])[ref]
    return keys.fetch([ref])[ref]


def seal_payload(subject_id: uuid.UUID, payload: Mapping[str, Any]) -> bytes:
    """Seal the details of an evidence line. Format: id of this payload (16 bytes), then an envelope."""
    payload_id = ids.uuid7()
    envelope = sealing.seal_values(
        key=payload_key(subject_id),
        place=_payload_place(subject_id, payload_id),
        values=dict(payload),
        suite=suites.in_force(),
    )
    return payload_id.bytes + envelope


def open_payload(subject_id: uuid.UUID, sealed: bytes) -> dict[str, Any]:
    """The details of an evidence line; SubjectErased once the person was erased."""
    if len(sealed) < 17:
        raise DoesNotOpen("a payload begins with its id")
    ref = KeyRef(subject_id, PAYLOAD_CLASS, _PAYLOAD_GEN)
    place = _payload_place(subject_id, uuid.UUID(bytes=sealed[:16]))
    return sealing.open_values(key=keys.fetch([ref])[ref], place=place, envelope=sealed[16:], suite=sealed[16])


def _payload_place(subject_id: uuid.UUID, payload_id: uuid.UUID) -> sealing.Place:
    return sealing.Place(
        installation=installation(),
        entity=_PAYLOAD,
        entity_id=payload_id,
        subject_id=subject_id,
        grade=PAYLOAD_CLASS,
        ver=1,
        key_gen=_PAYLOAD_GEN,
    )


def seal_text(subject_id: uuid.UUID, text: str) -> bytes:
    """Seal one typed sentence (a reason) like a payload."""
    return seal_payload(subject_id, {"text": text})
