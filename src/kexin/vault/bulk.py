"""Sealing by the thousand: one prepared record becomes finished COPY lines, in this process or in others beside it.

Other processes help only with long inputs: they start in about a second, and each seals and tokenises whole batches
while this one decides and copies. They get keys over a pipe at their start and prepared batches after it, touch no
database, and end with the verb. Plaintext stays in memory.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kexin.foundation import clock, ids
from kexin.foundation.canonical import dumps
from kexin.regime.types import AttributeDef
from kexin.vault import copying, keys, records
from kexin.vault.keys import EpochKey
from kexin.vault.records import Prepared
from kexin.vault.search.tokens import IndexSecret, Tokeniser, Tokens

#: Batches in a row that must have been full before other processes are started.
LONG_INPUT_BATCHES = 4


@dataclass(frozen=True, slots=True)
class Tools:
    """What sealing needs, apart from any database: the same in every process."""

    attributes: Mapping[str, AttributeDef]
    tokeniser: Tokeniser
    house: uuid.UUID
    epochs: Mapping[int, EpochKey]


@dataclass(frozen=True, slots=True)
class Sealed:
    """One record as lines for COPY; `subject` lacks what only the writer knows (see `operations.admit`)."""

    id: uuid.UUID
    audit_id: uuid.UUID
    age_status: str
    facets: str
    keys: str
    envelopes: str
    exact: str
    grams: str
    tokens: tuple[tuple[str, int, bytes], ...]


def seal(subject_id: uuid.UUID, prepared: Prepared, tools: Tools, now: datetime) -> Sealed:
    """Mint keys, seal, tokenise, write the lines out. Touches no table."""
    held, wrapped = keys.mint(records.refs_of(subject_id, prepared.grades), tools.epochs)
    envelopes = records.seal_record(subject_id=subject_id, prepared=prepared, ver=1, held=held, house=tools.house)
    tokens = tools.tokeniser.tokens_for(prepared.values, tools.attributes)
    who = subject_id.hex
    return Sealed(
        id=subject_id,
        audit_id=uuid.uuid4(),
        age_status=prepared.age_status,
        facets=copying.text(dumps(dict(prepared.facets)).decode()),
        keys=keys.lines(wrapped, now),
        envelopes="".join(
            f"{who}\t{e.entity}\t{e.entity_id.hex}\t{e.grade}\t{e.ver}\t{e.suite}\t{e.key_gen}\t{copying.bytea(e.ct)}\n"
            for e in envelopes
        ),
        exact="".join(f"{who}\t{index}\t{gen}\t{copying.bytea(token)}\n" for index, gen, token in tokens.exact),
        grams="".join(f"{who}\t{index}\t{gen}\t{copying.array(grams)}\n" for index, gen, grams in tokens.grams),
        tokens=exact_tokens(tokens),
    )


def exact_tokens(tokens: Tokens) -> tuple[tuple[str, int, bytes], ...]:
    """The tokens of whole exact values: what a duplicate is found by."""
    return tuple(row for row in tokens.exact if row[0].endswith(":exact"))


def seal_batch(batch: Sequence[Prepared], tools: Tools) -> list[Sealed]:
    """Seal one batch here."""
    now = clock.now()
    with copying.no_cycles():
        return [seal(ids.uuid7(), prepared, tools, now) for prepared in batch]


class Sealers:
    """Processes that seal beside this one."""

    def __init__(self, tools: Tools, secrets: Sequence[IndexSecret], *, count: int) -> None:
        from kexin.vault import sealer_process

        given = (
            pickle.dumps(dict(tools.attributes)),
            pickle.dumps(tuple(secrets)),
            tools.house,
            pickle.dumps(dict(tools.epochs)),
        )
        self._work = sealer_process.work
        self.count = count
        self._pool = ProcessPoolExecutor(
            max_workers=count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=sealer_process.begin,
            initargs=given,
        )

    def seal(self, batch: Sequence[Prepared]) -> Future[bytes]:
        """Queue one batch; `opened` reads the answer."""
        return self._pool.submit(self._work, pickle.dumps(batch, protocol=5))

    @staticmethod
    def opened(answer: Future[bytes]) -> list[Sealed]:
        """Wait for one batch."""
        sealed: list[Sealed] = pickle.loads(answer.result())
        return sealed

    def stop(self) -> None:
        """End the processes; batches not begun are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def processes() -> int:
    """How many sealers this machine feeds: one core is left to the database and this process."""
    return max(1, min(4, (os.cpu_count() or 1)))


@contextmanager
def stopping(sealers: list[Sealers]) -> Iterator[None]:
    """Whatever happens, started sealers end."""
    try:
        yield
    finally:
        for one in sealers:
            one.stop()


def rebuild(
    attributes: Mapping[str, AttributeDef], secrets: Sequence[IndexSecret], house: uuid.UUID, epochs: Mapping[int, Any]
) -> Tools:
    """The tools again, in another process."""
    return Tools(attributes, Tokeniser(secrets, installation=house.bytes), house, epochs)
