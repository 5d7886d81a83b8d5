"""Sixteen writers with rollbacks while the sequencer is killed at every statement: each committed line, exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from typing import Any

import psycopg
import pytest

from kexin.evidence import queries
from kexin.evidence.operations.noting import INSERT, row
from kexin.evidence.rules.merkle import leaf_hash, root_of
from kexin.evidence.tests.conftest import SERVICE, Ledger
from kexin.evidence.types import Entry, Event

POINTS = (
    "before_drain", "after_drain", "before_commit", "after_commit",
    "before_checkpoint", "after_checkpoint", "after_checkpoint_commit",
)  # fmt: skip
WRITERS = 16
START = (
    "import django; django.setup()\n"
    "import threading\n"
    "from kexin.evidence import sequencer\n"
    "sequencer.run(threading.Event(), conninfo=__import__('os').environ['TORTURE_URL'], publish=False)\n"
)


def _writer(
    url: str, seed: int, over: threading.Event, committed: list[uuid.UUID], failures: list[BaseException]
) -> None:
    chance = random.Random(seed)
    try:
        with psycopg.connect(url) as connection:
            while not over.is_set():
                ids = []
                for _ in range(chance.randint(1, 3)):
                    noted, values = row(SERVICE, Entry(event=Event.CUSTOMER_OPENED, audit_ids=(uuid.uuid4(),)))
                    connection.execute(INSERT, values)
                    ids.append(noted.intake_id)
                    time.sleep(chance.random() * 0.03)
                if chance.random() < 0.3:
                    connection.rollback()
                else:
                    connection.commit()
                    committed.extend(ids)
    except BaseException as error:  # noqa: BLE001 - told to the test's own thread
        failures.append(error)


def _start(ledger: Ledger, point: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "TORTURE_URL": ledger.databases.url("sequencer"), "KEXIN_TORTURE": "1", "KEXIN_FAULT": point}
    return subprocess.Popen([sys.executable, "-c", START], env=environment)


def test_killed_at_each_statement_nothing_is_lost_or_twice(ledger: Ledger):
    committed: list[uuid.UUID] = []
    failures: list[BaseException] = []
    over = threading.Event()
    url = ledger.databases.url("web")
    writers = [threading.Thread(target=_writer, args=(url, n, over, committed, failures)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for number, point in enumerate(POINTS):
        child = _start(ledger, f"{point}:{1 + number % 3}")
        child.wait(timeout=60)
        assert child.returncode == -signal.SIGKILL, point
    over.set()
    for writer in writers:
        writer.join()
    assert not failures
    ledger.sequence()
    with ledger.databases.connect("sequencer") as direct:
        rows = direct.execute("SELECT seq, intake_id, hash, body FROM evidence_leaf ORDER BY seq").fetchall()
        left = direct.execute("SELECT count(*) FROM evidence_intake").fetchone()
    assert left == (0,)
    assert [seq for seq, *_ in rows] == list(range(len(rows)))
    assert sorted(row[1] for row in rows) == sorted(committed)
    assert all(leaf_hash(bytes(body)) == bytes(value) for _, _, value, body in rows)
    assert queries.head().root == root_of([bytes(value) for _, _, value, _ in rows]).hex()
    ledger.deliver()
    from kexin.evidence.operations import verify_now

    assert verify_now(SERVICE).ok


def test_only_one_leads(ledger: Ledger):
    from kexin.evidence.sequencer import Sequencer

    with ledger.databases.connect("sequencer") as first, ledger.databases.connect("sequencer") as second:
        assert Sequencer(first).lead() and not Sequencer(second).lead()


def test_a_restored_database_is_not_signed_over(ledger: Ledger):
    from kexin.evidence.sequencer import LedgerDamaged, Sequencer

    ledger.write(10)
    ledger.tamper("DELETE FROM evidence_leaf WHERE seq > 5")
    with ledger.databases.connect("sequencer") as connection, pytest.raises(LedgerDamaged):
        Sequencer(connection).start()


def test_a_checkpoint_is_there_within_a_second(ledger: Ledger):
    child = _start(ledger, "")
    try:
        deadline = time.monotonic() + 20
        noted = _note(ledger)
        while queries.proof(noted) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        started = time.monotonic()
        noted = _note(ledger)
        while queries.proof(noted) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert time.monotonic() - started < 1.5
    finally:
        child.kill()
        child.wait()


def _note(ledger: Ledger) -> uuid.UUID:
    from kexin.evidence.operations import note_now

    return note_now(SERVICE, Entry(event=Event.SIGNOUT)).intake_id


def test_stored_bytes_are_hashed_whatever_they_hold(ledger: Ledger):
    """Containarium #1326: verification never rebuilds a line. Hostile bytes in, the same bytes out."""
    hostile: list[Any] = ["é", "e\u0301", 2**63, -0.0, 1e300, "\u2028", "\x00"[:0], {"b": 1, "a": [1.10, 1.1]}]
    with ledger.databases.connect("web") as web:
        bodies = []
        for value in hostile:
            values = row(SERVICE, Entry(event=Event.SIGNOUT))[1]
            claims = {**json.loads(values[6]), "extra": value}
            body = json.dumps(claims, ensure_ascii=bool(len(bodies) % 2), indent=len(bodies) % 3 or None).encode()
            bodies.append(body)
            web.execute(INSERT, (*values[:6], body, *values[7:]))
    ledger.sequence()
    ledger.deliver()
    from kexin.evidence.operations import verify_now

    assert verify_now(SERVICE).ok
    with ledger.databases.connect("sequencer") as direct:
        stored = {bytes(body) for (body,) in direct.execute("SELECT body FROM evidence_leaf")}
    assert stored == set(bodies)
