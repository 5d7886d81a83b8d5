"""Delivering the ledger outside: new lines and heads to the mirror, heads to the witness. Runs beside the sequencer."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import psycopg

from kexin.evidence import places, tiles, witnessing
from kexin.evidence.mirror import Mirror, MirrorDamaged, WriteOnce
from kexin.evidence.rules import merkle, notes
from kexin.foundation import clock

MIRROR_S = 2.0
WITNESS_S = 10.0
BUNDLE_LINES = 4096
_log = logging.getLogger(__name__)

_KEEPER = (
    "INSERT INTO evidence_keeperstate (kind, name, size, root, at, state, detail) VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (kind) DO UPDATE SET name = EXCLUDED.name, size = EXCLUDED.size, root = EXCLUDED.root,"
    " at = EXCLUDED.at, state = EXCLUDED.state, detail = EXCLUDED.detail"
)
_LOST = (
    "INSERT INTO evidence_keeperstate (kind, name, size, root, at, state, detail) VALUES (%s, '', 0, '', NULL, %s, %s)"
    " ON CONFLICT (kind) DO UPDATE SET state = EXCLUDED.state, detail = EXCLUDED.detail"
)


class Publisher:
    """One step delivers what is due. Each keeper is asked what it holds, so a step may be repeated or lost."""

    def __init__(self) -> None:
        self._mirror: Mirror | None = None
        self._mirrored = -1
        self._next = {"mirror": 0.0, "witness": 0.0}

    def step(self, connection: psycopg.Connection[Any], *, now: bool = False) -> None:
        """Deliver to the mirror and to the witness whatever is due (``now``: both at once)."""
        head = _head(connection)
        if head is None:
            return
        for kind, every, deliver in (("mirror", MIRROR_S, self._to_mirror), ("witness", WITNESS_S, self._to_witness)):
            if not now and time.monotonic() < self._next[kind]:
                continue
            self._next[kind] = time.monotonic() + every
            try:
                deliver(connection, *head)
            except witnessing.Unreachable as error:
                _keep(connection, _LOST, (kind, "unreachable", str(error)))
            except OSError as error:
                state = "contradicts" if isinstance(error, WriteOnce) else "unreachable"
                _keep(connection, _LOST, (kind, state, f"{type(error).__name__}"))
                _log.warning("the %s of the ledger could not be written: %s", kind, type(error).__name__)
            except (witnessing.Contradicts, MirrorDamaged, merkle.ProofFails) as error:
                _keep(connection, _LOST, (kind, "contradicts", str(error)))
                _log.error("the %s contradicts the ledger: %s", kind, error)

    def _to_mirror(self, connection: psycopg.Connection[Any], size: int, root: bytes, note: str) -> None:
        mirror = self._mirror or places.mirror()
        if self._mirrored < 0:
            self._mirrored = _mirror_end(mirror, connection, size)
            self._mirror = mirror
        while self._mirrored < size:
            end = min(size, self._mirrored + BUNDLE_LINES)
            with connection.transaction(), connection.cursor() as cursor:
                query = "SELECT body FROM evidence_leaf WHERE seq >= %s AND seq < %s ORDER BY seq"
                cursor.execute(query, (self._mirrored, end))
                bodies = [bytes(body) for (body,) in cursor.fetchall()]
            if len(bodies) != end - self._mirrored:
                raise MirrorDamaged(f"lines from {self._mirrored + 1} on are missing in the database")
            mirror.write(self._mirrored, bodies)
            self._mirrored = end
        mirror.put_note("checkpoints", size, note)
        where = str(places.mirror_folder())
        _keep(connection, _KEEPER, ("mirror", where, size, root.hex(), clock.now(), "agrees", ""))

    def _to_witness(self, connection: psycopg.Connection[Any], size: int, root: bytes, note: str) -> None:
        base = places.witness_url()
        if not base:
            return
        key = witnessing.introduce(base)
        seen = witnessing.latest(base)
        known = notes.read_checkpoint(notes.split(seen)[0]) if seen else None
        kept = places.mirror().last_note("cosigned")
        if kept and (known is None or known.size < witnessing.check(kept).size):
            raise witnessing.Contradicts("the witness has forgotten what it signed")
        if known and known.size > size:
            raise witnessing.Contradicts(f"the witness has seen {known.size} lines, the ledger has {size}")
        old = known.size if known else 0
        if old < size:
            path = _consistency(connection, old, size)
            places.mirror().put_note("cosigned", size, witnessing.submit(base, old=old, path=path, note=note))
        elif known and known.root != root:
            raise witnessing.Contradicts(f"the witness has seen another tree of {size} lines")
        _keep(connection, _KEEPER, ("witness", key.name, size, root.hex(), clock.now(), "agrees", ""))


def _head(connection: psycopg.Connection[Any]) -> tuple[int, bytes, str] | None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT size, root, note FROM evidence_checkpoint ORDER BY size DESC LIMIT 1")
        found = cursor.fetchone()
    return (int(found[0]), bytes(found[1]), str(found[2])) if found else None


def _keep(connection: psycopg.Connection[Any], query: str, values: tuple[object, ...]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(query, values)


def _consistency(connection: psycopg.Connection[Any], old: int, size: int) -> list[bytes]:
    with connection.transaction(), connection.cursor() as cursor:
        return merkle.consistency_path(tiles.Nodes(cursor), old, size) if old else []


def _mirror_end(mirror: Mirror, connection: psycopg.Connection[Any], size: int) -> int:
    """How far the mirror reaches; raises MirrorDamaged when its last signed head is not in the database's tree."""
    bundles = mirror.bundles()
    end = bundles[-1].end if bundles else 0
    if end > size:
        raise MirrorDamaged(f"the mirror holds {end} lines, the ledger has signed {size}")
    last = mirror.last_note("checkpoints")
    if last:
        known = notes.read_checkpoint(notes.split(last)[0])
        with connection.transaction(), connection.cursor() as cursor:
            nodes = tiles.Nodes(cursor)
            ours = merkle.Frontier(known.size, [nodes(*place) for place in merkle.left_nodes(known.size)])
        if ours.root() != known.root:
            raise MirrorDamaged(f"the mirror keeps another tree of {known.size} lines")
    return end


def run(stop: threading.Event, conninfo: str) -> None:
    """Deliver until ``stop`` is set, on a connection of its own: a slow witness never holds up the numbering."""
    while not stop.is_set():
        try:
            with psycopg.connect(conninfo, autocommit=True) as connection:
                publisher = Publisher()
                while not stop.wait(0.25):
                    publisher.step(connection)
        except psycopg.OperationalError:
            stop.wait(1.0)
        except Exception:  # noqa: BLE001 - delivery must outlive any surprise; the numbering goes on beside it
            _log.exception("delivering the ledger outside failed and starts again")
            stop.wait(5.0)
