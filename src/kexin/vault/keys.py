"""Keys: epoch keys in memory for minutes, subject keys never kept, all of them wrapped in the keyring.

provider -> epoch key (one per class) -> subject key of (subject, class) | file key | index key. Classes: 0 evidence
payloads, 1–4 grades, 5 files, 6 search indexes. There is deliberately no cache of subject keys: an unwrap costs
microseconds, and so a live erasure holds at once in every process.
"""

from __future__ import annotations

import struct
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from django.utils.translation import gettext_lazy as _

from kexin.evidence import types as ledger
from kexin.foundation import canonical, clock, crypto
from kexin.foundation.crypto import DoesNotOpen
from kexin.foundation.database import prepared
from kexin.vault import copying, sealing, suites
from kexin.vault.providers import default_provider, provider
from kexin.vault.types import KeyMissing, KeyringDown, SubjectErased

ALIAS = "keyring"
FILE_CLASS = ledger.FILE_CLASS
INDEX_CLASS = 6
CLASSES = (0, 1, 2, 3, 4, FILE_CLASS, INDEX_CLASS)
#: How long a process may use an epoch key before it asks the provider again, in seconds.
EPOCH_TTL_S = 300
_REFUSED_ERASED = "KX001"
EPOCH_LOCK = 0x6B78_6570
_GRADE_GEN = struct.Struct(">BI")


@dataclass(frozen=True, slots=True)
class KeyRef:
    """Names one subject key."""

    subject_id: uuid.UUID
    grade: int
    gen: int


@dataclass(frozen=True, slots=True)
class EpochKey:
    """An epoch key in memory."""

    id: uuid.UUID
    grade: int
    key: bytes
    suite: int = sealing.SUITE_SIV


#: A row of keyring_subjectkey without its time: subject, grade, generation, epoch, wrapped key, commitment.
Row: TypeAlias = tuple[uuid.UUID, int, int, uuid.UUID, bytes, bytes]
_KEY_COLUMNS = "subject_id, grade, gen, epoch_id, wrapped, commit16, created_at"


_epochs: dict[uuid.UUID, tuple[float, EpochKey]] = {}
#: Whatever holds opened keys in memory; `forget` empties all of them.
caches: list[MutableMapping[Any, Any]] = [_epochs, suites.known]


@contextmanager
def _answering() -> Iterator[None]:
    """What an error of the keyring means. One that does not answer is `KeyringDown`: 503, nothing changed."""
    connection = connections[ALIAS]
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if not connection.in_atomic_block:
            connection.close()
        raise KeyringDown(remedy=_("稍后再试；数据没有改变")) from error
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") == _REFUSED_ERASED:
            raise SubjectErased from error
        raise


@contextmanager
def keyring() -> Iterator[Any]:
    """A cursor on the keyring."""
    with _answering(), connections[ALIAS].cursor() as cursor:
        yield cursor


@contextmanager
def keyring_atomic() -> Iterator[Any]:
    """One transaction of the keyring."""
    with _answering(), transaction.atomic(using=ALIAS), connections[ALIAS].cursor() as cursor:
        yield cursor


def ask(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Read from the keyring; a connection that died meanwhile is replaced once."""
    for attempt in (1, 2):
        try:
            with _answering():
                return prepared(sql, params, using=ALIAS)
        except KeyringDown:
            if attempt == 2 or connections[ALIAS].in_atomic_block:
                raise
    raise AssertionError("unreachable")


# --- epochs ---------------------------------------------------------------------------------------------------------


def ensure_epochs() -> None:
    """Make the epochs that are missing (set-up calls it; safe to run again)."""
    for grade in CLASSES:
        active_epoch(grade)


def active_epoch(grade: int) -> EpochKey:
    """The epoch that wraps new keys of this class; made when there is none yet."""
    return active_epochs([grade])[grade]


def active_epochs(grades: Collection[int]) -> dict[int, EpochKey]:
    """The epochs that wrap new keys of these classes, with one question."""
    rows = ask("SELECT grade, id FROM keyring_epoch WHERE grade = ANY(%s) AND state = 'active'", [list(grades)])
    known = dict(rows)
    return {grade: epoch(known[grade] if grade in known else _first_epoch(grade)) for grade in grades}


def epoch(epoch_id: uuid.UUID) -> EpochKey:
    """An epoch key by id, from memory or unwrapped by its provider."""
    kept = _epochs.get(epoch_id)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    rows = ask(
        "SELECT grade, provider, provider_ref, wrapped, commit16, suite FROM keyring_epoch WHERE id = %s", [epoch_id]
    )
    if not rows:
        raise KeyMissing("no such epoch")
    grade, provider_name, ref, wrapped, commit16, suite = rows[0]
    key = provider(provider_name).unwrap(ref=ref, wrapped=bytes(wrapped), aad=_epoch_aad(epoch_id, grade))
    if not crypto.equal(sealing.commitment(key, suite=suite), bytes(commit16)):
        raise DoesNotOpen("this is not the key that the epoch was committed to")
    made = EpochKey(epoch_id, grade, key, suite)
    _epochs[epoch_id] = (time.monotonic() + EPOCH_TTL_S, made)
    return made


def forget() -> None:
    """Drop every key held in memory (tests, epoch destruction, locked mode)."""
    for cache in caches:
        cache.clear()


def new_epoch_row(cursor: Any, grade: int) -> uuid.UUID:
    """Make an epoch of the suite in force and write its row as active, after proving that the provider gives back what
    it wrapped."""
    epoch_id, name, suite = uuid.uuid4(), default_provider(), suites.in_force()
    held = provider(name)
    ref = held.create(epoch=epoch_id, grade=grade, suite=suite)
    key, aad = crypto.random_bytes(crypto.KEY_BYTES), _epoch_aad(epoch_id, grade)
    wrapped = held.wrap(ref=ref, key=key, aad=aad)
    if not crypto.equal(held.unwrap(ref=ref, wrapped=wrapped, aad=aad), key):
        raise DoesNotOpen("the provider does not give back what it wrapped")
    cursor.execute(
        "INSERT INTO keyring_epoch (id, grade, provider, provider_ref, wrapped, commit16, suite, state, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 'active', %s)",
        [epoch_id, grade, name, ref, wrapped, sealing.commitment(key, suite=suite), suite, clock.now()],
    )
    return epoch_id


def _first_epoch(grade: int) -> uuid.UUID:
    with keyring_atomic() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EPOCH_LOCK])
        cursor.execute("SELECT id FROM keyring_epoch WHERE grade = %s AND state = 'active'", [grade])
        row = cursor.fetchone()
        return row[0] if row else new_epoch_row(cursor, grade)


def _epoch_aad(epoch_id: uuid.UUID, grade: int) -> bytes:
    return b"kexin epoch" + canonical.length_prefixed(epoch_id.bytes, bytes((grade,)))


# --- wrapping -------------------------------------------------------------------------------------------------------


def wrap(kek: EpochKey, key: bytes, aad: bytes) -> bytes:
    """Wrap a key as the epoch's suite does."""
    return sealing.wrap(key=kek.key, aad=aad, plaintext=key, suite=kek.suite)


def unwrap(kek: EpochKey, wrapped: bytes, commit16: bytes, aad: bytes) -> bytes:
    """Unwrap a key and check that it is the one committed to."""
    key = sealing.unwrap(key=kek.key, aad=aad, wrapped=wrapped, suite=kek.suite)
    if not crypto.equal(sealing.commitment(key, suite=kek.suite), commit16):
        raise DoesNotOpen("this is not the key that the row was committed to")
    return key


def subject_aad(ref: KeyRef, epoch_id: uuid.UUID) -> bytes:
    """What the wrapping of a subject key is bound to."""
    return b"kexin wrap" + ref.subject_id.bytes + epoch_id.bytes + _GRADE_GEN.pack(ref.grade, ref.gen)


def file_aad(file_id: uuid.UUID, epoch_id: uuid.UUID) -> bytes:
    """What the wrapping of a file key is bound to."""
    return b"kexin wrap file" + file_id.bytes + epoch_id.bytes


# --- subject keys ---------------------------------------------------------------------------------------------------


class Minter:
    """Makes subject keys under the epochs in force. Lives as long as one verb."""

    __slots__ = ("_by_grade",)

    def __init__(self, epochs: Mapping[int, EpochKey]) -> None:
        self._by_grade = {grade: (kek, kek.id.bytes, _wrapper(kek)) for grade, kek in epochs.items()}

    def mint(self, subject_id: uuid.UUID, grade: int, gen: int = 1) -> tuple[bytes, Row]:
        """A new random key, and its row as it must be stored before anything sealed under the key is."""
        kek, epoch, wrapped = self._by_grade[grade]
        key = crypto.random_bytes(crypto.KEY_BYTES)
        aad = b"kexin wrap" + subject_id.bytes + epoch + _GRADE_GEN.pack(grade, gen)
        return key, (subject_id, grade, gen, kek.id, wrapped(key, aad), sealing.commitment(key, suite=kek.suite))


def _wrapper(kek: EpochKey) -> Callable[[bytes, bytes], bytes]:
    """`wrap` under one epoch, for many keys: suite 1 takes the key in once."""
    if kek.suite != sealing.SUITE_SIV:
        return lambda key, aad: wrap(kek, key, aad)
    seal, fresh = crypto.Siv(kek.key).seal, crypto.random_bytes

    def siv(key: bytes, aad: bytes) -> bytes:
        nonce = fresh(crypto.GCM_NONCE_BYTES)
        return nonce + seal(nonce, key, aad)

    return siv


def create(refs: Collection[KeyRef]) -> dict[KeyRef, bytes]:
    """Mint keys and commit their rows. Called before the data that needs them: an orphan key is harmless, an
    orphan envelope would be a loss."""
    minter = Minter(active_epochs({ref.grade for ref in refs}))
    minted = {ref: minter.mint(ref.subject_id, ref.grade, ref.gen) for ref in refs}
    store([row for _key, row in minted.values()])
    return {ref: key for ref, (key, _row) in minted.items()}


def store(rows: Sequence[Row]) -> None:
    """Commit some minted keys by one statement, which is its own transaction."""
    now = clock.now()
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(rows))
    with keyring() as cursor:
        cursor.execute(
            f"INSERT INTO keyring_subjectkey ({_KEY_COLUMNS}) VALUES {places}",
            [value for row in rows for value in (*row, now)],
        )


def line(row: Row, who: str, now: str) -> str:
    """A minted key as a line for `create_many`; ``who`` is the subject in hex."""
    _subject, grade, gen, epoch_id, wrapped, commit16 = row
    return (
        f"{who}\t{grade}\t{gen}\t{epoch_id.hex}\t{copying.bytea(wrapped)}\t{copying.bytea(commit16)}\t{now}\n"
    )


def create_many(lines: Iterable[str]) -> None:
    """Commit many minted keys by COPY."""
    with keyring_atomic() as cursor:
        copying.copy(cursor, f"keyring_subjectkey ({_KEY_COLUMNS})", lines)


_FOUND = "SELECT k.subject_id, k.grade, k.gen, k.epoch_id, k.wrapped, k.commit16 FROM"
_KEYS = (
    f"{_FOUND} unnest(%s::uuid[], %s::smallint[], %s::smallint[]) AS w(subject_id, grade, gen)"
    " JOIN keyring_subjectkey k USING (subject_id, grade, gen)"
)
#: The same for one key. A plan for arrays of any length is never cheap enough for one: it would be planned each time.
_ONE_KEY = (
    f"{_FOUND} keyring_subjectkey k WHERE k.subject_id = %s AND k.grade = %s::smallint AND k.gen = %s::smallint"
)


def fetch(refs: Collection[KeyRef]) -> dict[KeyRef, bytes]:
    """The keys of these refs, unwrapped. A missing key of an erased subject is `SubjectErased`; of a living one it
    is an incident (`KeyMissing`), never an empty answer."""
    wanted = list(dict.fromkeys(refs))
    if not wanted:
        return {}
    if len(wanted) == 1:
        rows = ask(_ONE_KEY, [wanted[0].subject_id, wanted[0].grade, wanted[0].gen])
    else:
        columns = ([ref.subject_id for ref in wanted], [ref.grade for ref in wanted], [ref.gen for ref in wanted])
        rows = ask(_KEYS, columns)
    keys: dict[KeyRef, bytes] = {}
    for subject_id, grade, gen, epoch_id, wrapped, commit16 in rows:
        ref = KeyRef(subject_id, grade, gen)
        keys[ref] = unwrap(epoch(epoch_id), bytes(wrapped), bytes(commit16), subject_aad(ref, epoch_id))
    missing = [ref for ref in wanted if ref not in keys]
    if missing:
        _explain(missing)
    return keys


def _explain(missing: Sequence[KeyRef]) -> None:
    subjects = {ref.subject_id for ref in missing}
    if subjects <= tombstoned(subjects):
        raise SubjectErased
    raise KeyMissing(_("一条加密记录找不到钥匙，已作为事故记录"), remedy=_("请联系系统管理员运行 kexin doctor"))


def tombstoned(subjects: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these subjects were erased, as the keyring knows it."""
    rows = ask("SELECT subject_id FROM keyring_tombstone WHERE subject_id = ANY(%s::uuid[])", [list(subjects)])
    return {row[0] for row in rows}


def generations(subject_id: uuid.UUID) -> dict[int, int]:
    """The newest key generation per class that this subject has."""
    rows = ask("SELECT grade, max(gen) FROM keyring_subjectkey WHERE subject_id = %s GROUP BY grade", [subject_id])
    return dict(rows)


def burn(subject_id: uuid.UUID) -> int:
    """Tombstone and delete in one transaction; answers how many keys died. From here on no process can open the
    subject, and the database refuses it any new key. Safe to run again."""
    with keyring_atomic() as cursor:
        cursor.execute(
            "INSERT INTO keyring_tombstone (subject_id, at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [subject_id, clock.now()],
        )
        cursor.execute("DELETE FROM keyring_subjectkey WHERE subject_id = %s", [subject_id])
        burned = int(cursor.rowcount)
        cursor.execute("DELETE FROM keyring_filekey WHERE subject_id = %s", [subject_id])
        return burned + int(cursor.rowcount)


def burn_generation(ref: KeyRef) -> None:
    """Delete one generation of one key: envelopes sealed under it, in any backup of the data, open no more."""
    with keyring() as cursor:
        cursor.execute(
            "DELETE FROM keyring_subjectkey WHERE subject_id = %s AND grade = %s AND gen = %s",
            [ref.subject_id, ref.grade, ref.gen],
        )


def burn_all_but(subject_id: uuid.UUID, spared: Collection[tuple[int, int]]) -> None:
    """Delete every key of a subject but these (class, generation) pairs; no tombstone: a legal hold still needs them."""
    with keyring_atomic() as cursor:
        cursor.execute(
            "DELETE FROM keyring_subjectkey k WHERE k.subject_id = %s AND NOT EXISTS ("
            "SELECT 1 FROM unnest(%s::smallint[], %s::smallint[]) AS w(grade, gen)"
            " WHERE w.grade = k.grade AND w.gen = k.gen)",
            [subject_id, [grade for grade, _gen in spared], [gen for _grade, gen in spared]],
        )
