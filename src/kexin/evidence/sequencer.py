"""The one process that numbers lines: drains the intake, grows the tree, signs checkpoints, delivers them outside.

One leader by advisory lock. A batch is one transaction: a kill at any statement leaves the lines in the intake, so each
committed line is numbered exactly once. Numbers come from the tree's own size, never from an id watermark: a
transaction that commits late is simply in a later batch.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from datetime import timedelta
from typing import Any

import psycopg

from kexin.evidence import keys, publishing, tiles
from kexin.evidence.operations.noting import INSERT, row
from kexin.evidence.rules.merkle import TILE_WIDTH, Frontier, left_nodes, root_of
from kexin.evidence.rules.notes import Checkpoint, signature_line
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock, crypto
from kexin.foundation.caller import Caller

BATCH = 1024
IDLE_S = 0.1
CHECKPOINT_S = 1.0
REFUSALS_S = 10.0
LEADER_LOCK = 0x6B65_7869_6E65_7669  # "kexinevi"
_log = logging.getLogger(__name__)

_DRAIN = """
WITH picked AS (
    SELECT id FROM evidence_intake ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM evidence_intake i USING picked p WHERE i.id = p.id
    RETURNING i.id, i.at, i.event, i.decision, i.actor, i.opens, i.body, i.audit_ids, i.payload
), numbered AS (
    SELECT %(size)s + row_number() OVER (ORDER BY at, id) - 1 AS seq, * FROM gone
), subjects AS (
    INSERT INTO evidence_subject (audit_id, seq) SELECT DISTINCT unnest(audit_ids), seq FROM numbered
), payloads AS (
    INSERT INTO evidence_payload (seq, sealed) SELECT seq, payload FROM numbered WHERE payload IS NOT NULL
)
INSERT INTO evidence_leaf (seq, intake_id, hash, body, at, event, decision, actor, opens)
SELECT seq, id, sha256('\\x00'::bytea || body), body, at, event, decision, actor, opens FROM numbered ORDER BY seq
RETURNING seq, hash
"""
_TILE = 'INSERT INTO evidence_tile (level, "index", hashes, root) VALUES (%s, %s, %s, %s)'
_CHECKPOINT = "INSERT INTO evidence_checkpoint (size, root, note, at) VALUES (%s, %s, %s, %s)"


class LedgerDamaged(RuntimeError):
    """The stored tree contradicts its own signed head. The sequencer stops rather than sign over it."""


def fault(point: str) -> None:
    """Die here when a torture test says so (KEXIN_FAULT=point:n, with KEXIN_TORTURE=1). Off everywhere else."""
    wanted = os.environ.get("KEXIN_FAULT", "")
    if not wanted or os.environ.get("KEXIN_TORTURE") != "1":
        return
    name, _, count = wanted.partition(":")
    if name != point:
        return
    _faults[point] = _faults.get(point, 0) + 1
    if _faults[point] >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)


_faults: dict[str, int] = {}


class Tree:
    """The tree's growing edge in memory: a frontier for the root and the unfinished tile of each level."""

    def __init__(self, frontier: Frontier, open_tiles: list[list[bytes]]) -> None:
        self.frontier = frontier
        self.open_tiles = open_tiles

    @classmethod
    def read(cls, cursor: tiles.Cursor) -> Tree:
        """Rebuild the edge from the tables."""
        cursor.execute("SELECT coalesce(max(seq) + 1, 0) FROM evidence_leaf")
        size = int(cursor.fetchone()[0])
        open_tiles: list[list[bytes]] = []
        count, level = size, 0
        while count:
            width = count % TILE_WIDTH
            found = tiles.tile(cursor, level, count // TILE_WIDTH) if width else []
            if len(found) != width:
                raise LedgerDamaged(f"level {level} should have {width} hashes at its edge and has {len(found)}")
            open_tiles.append(found)
            count, level = count // TILE_WIDTH, level + 1
        nodes = tiles.Nodes(cursor)
        return cls(Frontier(size, [nodes(*place) for place in left_nodes(size)]), open_tiles)

    def copy(self) -> Tree:
        """A copy to try a batch on; the original stays true if the transaction fails."""
        return Tree(Frontier(self.frontier.size, self.frontier.hashes), [list(level) for level in self.open_tiles])

    def extend(self, hashes: list[bytes]) -> list[tuple[int, int, bytes, bytes]]:
        """Append leaf hashes; answers the tiles that became full as (level, index, hashes, root)."""
        full: list[tuple[int, int, bytes, bytes]] = []
        position = self.frontier.size
        self.frontier.extend(hashes)
        for leaf in hashes:
            position += 1
            self._push(0, leaf, position, full)
        return full

    def _push(self, level: int, value: bytes, position: int, full: list[tuple[int, int, bytes, bytes]]) -> None:
        if level == len(self.open_tiles):
            self.open_tiles.append([])
        open_tile = self.open_tiles[level]
        open_tile.append(value)
        if len(open_tile) == TILE_WIDTH:
            root = root_of(open_tile)
            full.append((level, position // TILE_WIDTH - 1, b"".join(open_tile), root))
            self.open_tiles[level] = []
            self._push(level + 1, root, position // TILE_WIDTH, full)


class Sequencer:
    """The leader's work on one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.tree: Tree | None = None
        self.signed_size = 0
        self.signed_at = 0.0

    def lead(self) -> bool:
        """Become the leader, if nobody is. The lock dies with the connection."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (LEADER_LOCK,))
            found = cursor.fetchone()
            return bool(found and found[0])

    def start(self) -> None:
        """Read the edge and hold it against the last signed head before anything is added."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            self.tree = Tree.read(cursor)
            cursor.execute("SELECT size, root FROM evidence_checkpoint ORDER BY size DESC LIMIT 1")
            last = cursor.fetchone()
            if not last:
                return
            size, root = int(last[0]), bytes(last[1])
            if size > self.tree.frontier.size:
                raise LedgerDamaged(f"{size} lines are signed, {self.tree.frontier.size} are stored")
            nodes = tiles.Nodes(cursor)
            if Frontier(size, [nodes(*place) for place in left_nodes(size)]).root() != root:
                raise LedgerDamaged(f"the stored tree of {size} lines is not the one that was signed")
            self.signed_size = size

    def drain(self) -> int:
        """Number one batch; answers how many lines it had."""
        if self.tree is None:
            self.start()
        assert self.tree is not None
        grown = self.tree.copy()
        with self.connection.transaction(), self.connection.cursor() as cursor:
            fault("before_drain")
            cursor.execute(_DRAIN, {"batch": BATCH, "size": grown.frontier.size})
            rows = cursor.fetchall()
            fault("after_drain")
            if not rows:
                return 0
            full = grown.extend([bytes(value) for _, value in sorted(rows)])
            if full:
                cursor.executemany(_TILE, full)
            fault("before_commit")
        fault("after_commit")
        self.tree = grown
        return len(rows)

    def sign(self) -> bool:
        """Sign the head if it moved; answers whether a checkpoint was added."""
        assert self.tree is not None
        size = self.tree.frontier.size
        if size == self.signed_size:
            return False
        with keys.unchanged(), self.connection.transaction(), self.connection.cursor() as cursor:
            ring = keys.ring()
            checkpoint = Checkpoint(origin=ring.origin, size=size, root=self.tree.frontier.root())
            text = checkpoint.text()
            signature = crypto.sign(ring.private["checkpoint"], text.encode())
            note = f"{text}\n{signature_line(ring.key('checkpoint'), signature)}"
            fault("before_checkpoint")
            cursor.execute(_CHECKPOINT, (size, checkpoint.root, note, clock.now()))
            fault("after_checkpoint")
        fault("after_checkpoint_commit")
        self.signed_size, self.signed_at = size, time.monotonic()
        return True

    def settle_refusals(self) -> int:
        """Write one line per finished minute and kind of refusals of the unauthenticated; answers how many."""
        caller = Caller.for_service("sequencer")
        over = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=1)
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("DELETE FROM evidence_refusal WHERE minute < %s RETURNING kind, count", (over,))
            counted = cursor.fetchall()
            for kind, count in counted:
                entry = Entry(event=Event.REFUSALS_COUNTED, decision="deny", action=kind, count=count)
                cursor.execute(INSERT, row(caller, entry)[1])
        return len(counted)


def database_url() -> str:
    """libpq conninfo of this process's own database role (KEXIN_ROLE=sequencer)."""
    from django.db import connections

    params = connections["default"].get_connection_params()
    ours = ("client_encoding", "prepare_threshold")  # of the driver, not of libpq
    allowed: dict[str, Any] = {key: value for key, value in params.items() if isinstance(value, (str, int)) and key not in ours}
    return psycopg.conninfo.make_conninfo(**allowed)


def run(stop: threading.Event, *, conninfo: str | None = None, publish: bool = True) -> None:
    """Work until ``stop`` is set: a new connection after every database error, a new leader after every death."""
    url = conninfo or database_url()
    while not stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                _lead(Sequencer(connection), stop, url if publish else "")
        except psycopg.OperationalError as error:
            _log.warning("the ledger's database is not there (%s); trying again", type(error).__name__)
            stop.wait(1.0)


def _lead(sequencer: Sequencer, stop: threading.Event, publish_to: str) -> None:
    while not sequencer.lead():
        if stop.wait(1.0):
            return
    sequencer.start()
    over = threading.Event()
    delivery = threading.Thread(target=publishing.run, args=(over, publish_to), name="publishing", daemon=True)
    if publish_to:
        delivery.start()
    try:
        _work(sequencer, stop)
    finally:
        over.set()
        if publish_to:
            delivery.join(timeout=10)


def _work(sequencer: Sequencer, stop: threading.Event) -> None:
    settled = 0.0
    while not stop.is_set():
        drained = sequencer.drain()
        # A busy ledger signs once a second, a quiet one as soon as it has caught up.
        if not drained or time.monotonic() - sequencer.signed_at >= CHECKPOINT_S:
            sequencer.sign()
        if time.monotonic() - settled >= REFUSALS_S:
            sequencer.settle_refusals()
            settled = time.monotonic()
        if not drained:
            stop.wait(IDLE_S)


def main() -> None:
    """The sequencer process: SIGTERM and SIGINT end it after the batch in hand."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(json.dumps({"event": "sequencer.started"}))
    run(stop)
