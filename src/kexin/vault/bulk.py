"""Sealing by the thousand: rows become finished COPY lines, in this process or in others beside it.

Other processes help only with long inputs: they start in about a second, and each prepares, seals and tokenises whole
batches while this one decides and copies. They get keys over a pipe at their start and rows after it, touch no
database, and end with the verb. Plaintext stays in memory.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from django.db import connections

from kexin.foundation import canonical, clock, ids
from kexin.regime.types import AttributeDef
from kexin.vault import copying, keys, sealing
from kexin.vault.envelopes import DISPLAY, IDENTITY
from kexin.vault.keys import EpochKey, Minter
from kexin.vault.records import Prepared, Preparer
from kexin.vault.search.tokens import IndexSecret, Tokeniser, Tokens
from kexin.vault.types import DISPLAY_GRADE

#: Batches in a row that must have been full before other processes are started.
LONG_INPUT_BATCHES = 4
#: A row of vault_sealed after its subject and record: entity, grade, version, suite, generation of the key, bytes.
SealedRow: TypeAlias = tuple[str, int, int, int, int, bytes]
#: What a decision about a new record depends on: attributes, age, facets that some rule names.
Question: TypeAlias = tuple[tuple[str, ...], str, tuple[tuple[str, str], ...]]
_FIRST = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What all rows of one source act share."""

    id: uuid.UUID
    purpose: str
    kind: str
    unproven: bool
    #: Facets that conditions of the rulebook name: rows that differ in them are decided one by one.
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class Given:
    """What another process is given: the same as `Tools`, as values that can be sent."""

    attributes: Mapping[str, AttributeDef]
    secrets: Sequence[IndexSecret] = field(repr=False)
    house: uuid.UUID
    epochs: Mapping[int, EpochKey] = field(repr=False)
    suite: int


class Tools:
    """What sealing needs, apart from any database: the same in every process."""

    __slots__ = ("attributes", "house", "minter", "rests", "suite", "tokeniser")

    def __init__(
        self,
        attributes: Mapping[str, AttributeDef],
        tokeniser: Tokeniser,
        house: uuid.UUID,
        epochs: Mapping[int, EpochKey],
        suite: int,
    ) -> None:
        self.attributes = attributes
        self.tokeniser = tokeniser
        self.house = house.bytes
        self.minter = Minter(epochs)
        self.suite = suite
        places = [*((IDENTITY, grade) for grade in epochs), (DISPLAY, DISPLAY_GRADE)]
        #: (entity, grade) -> the end of the associated data of a first envelope.
        self.rests = {
            (entity, grade): sealing.numbers(entity, grade=grade, ver=_FIRST, suite=self.suite, key_gen=_FIRST)
            for entity, grade in places
        }


@dataclass(frozen=True, slots=True)
class Sealed:
    """One record as rows; `vault_subject` and `vault_provenance` lack what only the writer knows."""

    id: uuid.UUID
    audit_id: uuid.UUID
    age_status: str
    facets: Mapping[str, str]
    keys: Sequence[keys.Row]
    envelopes: Sequence[SealedRow]
    tokens: Tokens


def seal(subject_id: uuid.UUID, prepared: Prepared, tools: Tools) -> Sealed:
    """Mint keys, seal, tokenise. Touches no table."""
    who, suite, rests = subject_id.bytes, tools.suite, tools.rests
    held: dict[int, bytes] = {}
    rows: list[keys.Row] = []
    for grade in prepared.grades:
        held[grade], row = tools.minter.mint(subject_id, grade)
        rows.append(row)
    made: list[SealedRow] = []
    contents: list[tuple[str, int, Mapping[str, Any]]]
    contents = [(IDENTITY, grade, values) for grade, values in prepared.by_grade.items()]
    for entity, grade, values in (*contents, (DISPLAY, DISPLAY_GRADE, prepared.display)):
        ct = sealing.seal_under(
            key=held[grade],
            aad=sealing.associated(tools.house, who, who, rests[entity, grade]),
            plaintext=canonical.dumps_plain(values),
            suite=suite,
        )
        made.append((entity, grade, _FIRST, suite, _FIRST, ct))
    return Sealed(
        id=subject_id,
        audit_id=uuid.uuid4(),
        age_status=prepared.age_status,
        facets=prepared.facets,
        keys=rows,
        envelopes=made,
        tokens=tools.tokeniser.tokens_for(prepared.values, tools.attributes),
    )


def exact_tokens(tokens: Tokens) -> tuple[tuple[str, int, bytes], ...]:
    """The tokens of whole exact values: what a duplicate is found by."""
    return tuple(row for row in tokens.exact if row[0].endswith(":exact"))


@dataclass(slots=True)
class Batch:
    """Rows of one batch as lines for COPY, table by table; the n-th entry of each list is of the n-th good row."""

    refused: list[tuple[int, tuple[tuple[str, str], ...]]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    ids: list[uuid.UUID] = field(default_factory=list)
    audit_ids: list[uuid.UUID] = field(default_factory=list)
    tokens: list[tuple[tuple[str, int, bytes], ...]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    envelopes: list[str] = field(default_factory=list)
    exact: list[list[str]] = field(default_factory=list)
    grams: list[str] = field(default_factory=list)
    provenance: list[str] = field(default_factory=list)

    def without(self, places: set[int]) -> Batch:
        """The batch without the good rows at these places (a rule refused them)."""
        if not places:
            return self
        kept = Batch(refused=self.refused)
        for name in ("rows", "questions", "ids", "audit_ids", "tokens", *LINES):
            column = getattr(self, name)
            setattr(kept, name, [one for place, one in enumerate(column) if place not in places])
        return kept


#: The columns of a batch that are lines of a table each.
LINES = ("keys", "subjects", "envelopes", "exact", "grams", "provenance")


def seal_batch(rows: Sequence[tuple[int, Mapping[str, str]]], act: Act, tools: Tools) -> Batch:
    """Prepare and seal numbered rows; those that cannot be are named with their errors."""
    prepare = Preparer(tools.attributes, purpose=act.purpose, kind=act.kind)
    batch, now = Batch(), clock.now().isoformat()
    shared = (f"\t{act.kind}\tactive\t", f"\t{'t' if act.unproven else 'f'}\t", f"\t\t{now}\t1\n")
    provenance = f"\t{act.id.hex}\t{copying.NULL}\t{now}\n"
    with copying.no_cycles():
        for row, values in rows:
            prepared = prepare(values)
            if prepared.errors:
                batch.refused.append((row, prepared.errors))
                continue
            named = tuple((key, prepared.facets[key]) for key in act.named if key in prepared.facets)
            batch.rows.append(row)
            batch.questions.append((tuple(prepared.values), prepared.age_status, named))
            _add(batch, seal(ids.uuid7(), prepared, tools), shared, provenance, now)
    return batch


def _add(batch: Batch, one: Sealed, shared: tuple[str, str, str], provenance: str, now: str) -> None:
    """One sealed record as lines."""
    who = one.id.hex
    batch.ids.append(one.id)
    batch.audit_ids.append(one.audit_id)
    batch.tokens.append(exact_tokens(one.tokens))
    batch.keys.append("".join([keys.line(row, who, now) for row in one.keys]))
    facets = copying.text(canonical.dumps_plain(one.facets).decode())
    start, middle, end = shared
    batch.subjects.append(f"{who}{start}{one.age_status}{middle}{one.audit_id.hex}\t{facets}{end}")
    batch.envelopes.append(
        "".join(
            [
                f"{who}\t{entity}\t{who}\t{grade}\t{ver}\t{suite}\t{gen}\t{copying.bytea(ct)}\n"
                for entity, grade, ver, suite, gen, ct in one.envelopes
            ]
        )
    )
    batch.exact.append([f"{index}\t{gen}\t{copying.bytea(token)}\t{who}\n" for index, gen, token in one.tokens.exact])
    batch.grams.append(
        "".join([f"{who}\t{index}\t{gen}\t{copying.array(grams)}\n" for index, gen, grams in one.tokens.grams])
    )
    batch.provenance.append(who + provenance)


class Sealers:
    """Processes that seal beside this one."""

    def __init__(self, given: Given, act: Act, *, count: int) -> None:
        from kexin.vault import sealer_process

        self._work = sealer_process.work
        self.count = count
        self._pool = ProcessPoolExecutor(
            max_workers=count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=sealer_process.begin,
            initargs=(pickle.dumps((given, act), protocol=5),),
        )

    def seal(self, rows: Sequence[tuple[int, Mapping[str, str]]]) -> Future[bytes]:
        """Queue one batch; `opened` reads the answer."""
        return self._pool.submit(self._work, pickle.dumps(rows, protocol=5))

    @staticmethod
    def opened(answer: Future[bytes]) -> Batch:
        """Wait for one batch."""
        batch: Batch = pickle.loads(answer.result())
        return batch

    def stop(self) -> None:
        """End the processes; batches not begun are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class KeyLane:
    """Where minted keys are stored: at once, or for long inputs by a thread with a connection of its own, so that one
    cluster commits while the other one is copied into. The order stays: data waits for its keys' `result`."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None

    def widen(self) -> None:
        """From now on by a thread."""
        self._thread = self._thread or ThreadPoolExecutor(max_workers=1, thread_name_prefix="keys")

    def store(self, lines: Sequence[str]) -> Future[None]:
        """Commit these lines; ask the answer for its `result` before anything sealed under them is written."""
        if self._thread:
            return self._thread.submit(keys.create_many, lines)
        done: Future[None] = Future()
        keys.create_many(lines)
        done.set_result(None)
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._thread:
            self._thread.submit(_hang_up)
            self._thread.shutdown(wait=True)


def _hang_up() -> None:
    """A thread's connection is its own to close."""
    connections[keys.ALIAS].close()


def processes() -> int:
    """How many sealers this machine feeds; what they leave of it goes to the database and this process."""
    return max(1, min(4, (os.cpu_count() or 1)))


@contextmanager
def stopping(sealers: list[Sealers]) -> Iterator[None]:
    """Whatever happens, started sealers end."""
    try:
        yield
    finally:
        for one in sealers:
            one.stop()


def rebuild(given: Given) -> Tools:
    """The tools again, in another process."""
    tokeniser = Tokeniser(given.secrets, installation=given.house.bytes)
    return Tools(given.attributes, tokeniser, given.house, given.epochs, given.suite)
