"""Comparing the database, line by line, with the mirror and the witness. Reads only; names the first damage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from kexin.evidence import keys, places, witnessing
from kexin.evidence.mirror import Mirror, MirrorDamaged
from kexin.evidence.rules import body as bodies
from kexin.evidence.rules import notes
from kexin.evidence.rules.body import Claims
from kexin.evidence.rules.merkle import HASH_BYTES, TILE_WIDTH, Frontier, leaf_hash, root_of
from kexin.evidence.tiles import Cursor
from kexin.evidence.types import Damage

#: Lines per step; a multiple of the tile width, so that a resumed run begins at a tile.
STEP = 8192


class Found(Exception):
    """The first damage, which ends the run."""

    def __init__(self, kind: str, seq: int | None = None, detail: str = "") -> None:
        super().__init__(kind)
        self.damage = Damage(kind=kind, seq=seq, detail=detail)


class NoKeeper(Exception):
    """Nobody outside can be asked: a verdict against our own copy alone would be worth nothing."""


@dataclass(slots=True)
class Outside:
    """What the keepers hold, each with both signatures checked."""

    mirror: Mirror
    mirror_size: int
    marks: dict[int, tuple[str, bytes]] = field(default_factory=dict)  # size -> (who says so, root)
    witness_size: int = 0
    witness_reached: bool = False


def ask() -> Outside:
    """Ask mirror and witness; when the witness is silent, the last note it signed is read from the mirror."""
    mirror = places.mirror()
    try:
        bundles = mirror.bundles()
    except MirrorDamaged as error:
        raise Found("mirror", None, str(error)) from error
    outside = Outside(mirror=mirror, mirror_size=bundles[-1].end if bundles else 0)
    kept = _log_note(mirror.last_note("checkpoints"), "mirror")
    if kept:
        outside.marks[kept.size] = ("mirror", kept.root)
    try:
        cosigned = _witness_note(mirror, outside)
    except witnessing.Contradicts as error:
        raise Found("witness", None, str(error)) from error
    if cosigned:
        outside.witness_size = cosigned.size
        if cosigned.size in outside.marks and outside.marks[cosigned.size][1] != cosigned.root:
            raise Found("mirror", None, f"the mirror and the witness keep different trees of {cosigned.size} lines")
        outside.marks[cosigned.size] = ("witness", cosigned.root)
    return outside


def _log_note(note: str | None, kind: str) -> notes.Checkpoint | None:
    if not note:
        return None
    try:
        if keys.signer(note) is None:
            raise Found(kind, None, "a checkpoint is not signed by a key of this ledger")
        checkpoint = notes.read_checkpoint(notes.split(note)[0])
    except notes.BadNote as error:
        raise Found(kind, None, f"a checkpoint is malformed: {error}") from error
    if checkpoint.origin != keys.ring().origin:
        raise Found(kind, None, f"a checkpoint is of {checkpoint.origin}")
    return checkpoint


def _witness_note(mirror: Mirror, outside: Outside) -> notes.Checkpoint | None:
    base = places.witness_url()
    kept = mirror.last_note("cosigned")
    remembered = witnessing.check(kept) if kept else None
    if not base:
        return remembered
    try:
        note = witnessing.latest(base)
        outside.witness_reached = True
    except witnessing.Unreachable:
        return remembered
    seen = witnessing.check(note) if note else None
    if remembered and (seen is None or seen.size < remembered.size):
        raise witnessing.Contradicts("the witness has forgotten what it signed")
    return seen


_LINES = (
    "SELECT seq, hash, body, intake_id::text, (extract(epoch FROM at) * 1000000)::bigint, event, decision, actor, opens"
    " FROM evidence_leaf WHERE seq >= %s AND seq < %s ORDER BY seq"
)
_SUBJECTS = (
    "SELECT seq, string_agg(uuid_send(audit_id), ''::bytea ORDER BY audit_id) FROM evidence_subject"
    " WHERE seq >= %s AND seq < %s GROUP BY seq"
)
_PAYLOADS = "SELECT seq, sealed FROM evidence_payload WHERE seq >= %s AND seq < %s ORDER BY seq"
_TILES = (
    'SELECT "index", hashes, root FROM evidence_tile WHERE level = 0 AND "index" >= %s AND "index" < %s ORDER BY "index"'
)
_CHECKPOINTS = "SELECT size, root, note FROM evidence_checkpoint WHERE size > %s AND size <= %s ORDER BY size"


def step(cursor: Cursor, outside: Outside, frontier: Frontier, end: int) -> None:
    """Check lines [frontier.size, end) and move the frontier; raises Found."""
    first = frontier.size
    hashes, said = _check_lines(cursor, first, end, _mirrored(outside, first, end))
    _check_beside(cursor, first, end, said)
    tiles = _check_tiles(cursor, first, hashes)
    _check_roots(cursor, outside, frontier, hashes, tiles)


def _mirrored(outside: Outside, first: int, end: int) -> Iterator[bytes]:
    try:
        for _start, held in outside.mirror.bodies(first, end):
            yield from held
    except MirrorDamaged as error:
        raise Found("mirror", None, str(error)) from error


def _check_lines(
    cursor: Cursor, first: int, end: int, kept: Iterator[bytes]
) -> tuple[list[bytes], dict[int, Claims]]:
    """The hashes of these lines, and what those say that touched somebody or hold sealed details."""
    cursor.execute(_LINES, (first, end))
    hashes: list[bytes] = []
    said: dict[int, Claims] = {}
    expected = first
    for seq, stored_hash, body, *columns in cursor.fetchall():
        if seq != expected:
            raise Found("missing", expected, f"line {expected + 1} is not in the database")
        outside_body = next(kept, None)
        if outside_body is not None and outside_body != body:
            raise Found("changed", seq, f"line {seq + 1} differs from the copy kept outside")
        value = leaf_hash(body)
        if value != stored_hash:
            raise Found("changed" if outside_body is None else "hash", seq, f"line {seq + 1} does not have the hash stored with it")
        try:
            claims = bodies.claims(body)
        except ValueError as error:
            raise Found("changed", seq, f"line {seq + 1} is not a line") from error
        if columns != [claims.id, claims.t_us, claims.event, claims.decision, claims.actor, claims.opens]:
            raise Found("columns", seq, f"the searchable columns of line {seq + 1} say something else than the line")
        hashes.append(value)
        if claims.subject_count or claims.payload:
            said[seq] = claims
        expected += 1
    if expected != end:
        raise Found("missing", expected, f"line {expected + 1} is not in the database")
    return hashes, said


def _check_beside(cursor: Cursor, first: int, end: int, said: dict[int, Claims]) -> None:
    cursor.execute(_SUBJECTS, (first, end))
    subjects: dict[int, bytes] = dict(cursor.fetchall())
    wrong = [seq for seq, ids in subjects.items() if seq not in said or bodies.packed_root(ids) != said[seq].subjects]
    wrong += [seq for seq, claims in said.items() if claims.subject_count and seq not in subjects]
    if wrong:
        raise Found("subjects", min(wrong), f"line {min(wrong) + 1} touched other customers than the index says")
    cursor.execute(_PAYLOADS, (first, end))
    for seq, sealed in cursor.fetchall():
        if seq not in said or hashlib.sha256(sealed).hexdigest() != said[seq].payload:
            raise Found("payload", seq, f"the sealed details of line {seq + 1} are not those that were signed")


def _check_tiles(cursor: Cursor, first: int, hashes: list[bytes]) -> list[bytes]:
    """Full tiles of level 0 within these lines; answers their roots."""
    low, high = first // TILE_WIDTH, (first + len(hashes)) // TILE_WIDTH
    cursor.execute(_TILES, (low, high))
    stored = {index: (bytes(packed), bytes(root)) for index, packed, root in cursor.fetchall()}
    roots: list[bytes] = []
    for index in range(low, high):
        own = hashes[index * TILE_WIDTH - first : (index + 1) * TILE_WIDTH - first]
        roots.append(root_of(own))
        if stored.get(index) != (b"".join(own), roots[-1]):
            raise Found("tile", index * TILE_WIDTH, f"tile 0/{index} does not hold the hashes of its lines")
    return roots


def _check_roots(
    cursor: Cursor, outside: Outside, frontier: Frontier, hashes: list[bytes], tiles: list[bytes]
) -> None:
    """Grow the frontier through every signed size on the way, and compare the roots."""
    first, end = frontier.size, frontier.size + len(hashes)
    cursor.execute(_CHECKPOINTS, (first, end))
    marks = {size: [("checkpoint", bytes(root))] for size, root, note in cursor.fetchall() if _signed(size, note)}
    for size, mark in outside.marks.items():
        if first < size <= end:
            marks.setdefault(size, []).append(mark)
    for size in sorted(marks):
        _grow(frontier, first, hashes, tiles, size)
        for who, root in marks[size]:
            if frontier.root() != root:
                raise Found(who, None, f"the tree of {size} lines is not the one that was signed")
    _grow(frontier, first, hashes, tiles, end)


def _grow(frontier: Frontier, first: int, hashes: list[bytes], tiles: list[bytes], size: int) -> None:
    """Move the frontier, which began at ``first`` (where a tile begins), to ``size``: by whole tiles where it can, whose
    roots were worked out already."""
    while frontier.size < size:
        if frontier.size % TILE_WIDTH == 0 and frontier.size + TILE_WIDTH <= size:
            frontier.extend_tile(tiles[(frontier.size - first) // TILE_WIDTH])
        else:
            until = min(size, frontier.size - frontier.size % TILE_WIDTH + TILE_WIDTH)
            frontier.extend(hashes[frontier.size - first : until - first])


def _signed(size: int, note: str) -> bool:
    checkpoint = _log_note(note, "checkpoint")
    if checkpoint is None or checkpoint.size != size:
        raise Found("checkpoint", None, f"the checkpoint of {size} lines was changed")
    return True


def upper_tiles(cursor: Cursor, size: int) -> None:
    """Full tiles above level 0, each against the roots below it; raises Found."""
    level = 1
    while size >> (8 * (level + 1)):
        cursor.execute('SELECT root FROM evidence_tile WHERE level = %s ORDER BY "index"', (level - 1,))
        below = [bytes(root) for (root,) in cursor.fetchall()]
        cursor.execute('SELECT "index", hashes, root FROM evidence_tile WHERE level = %s ORDER BY "index"', (level,))
        for index, packed, root in cursor.fetchall():
            own = below[index * TILE_WIDTH : (index + 1) * TILE_WIDTH]
            if len(bytes(packed)) != TILE_WIDTH * HASH_BYTES or (bytes(packed), bytes(root)) != (b"".join(own), root_of(own)):
                raise Found("tile", None, f"tile {level}/{index} does not hold the roots below it")
        level += 1


def blame_mirror(outside: Outside) -> Damage | None:
    """When database and mirror disagree: is it the mirror that no longer makes the signed tree? Asked only then."""
    marks = dict(outside.marks)
    frontier = Frontier()
    try:
        for _, held in outside.mirror.bodies(0, max(marks, default=0)):
            for body in held:
                frontier.append(leaf_hash(body))
                if frontier.size in marks and frontier.root() != marks[frontier.size][1]:
                    return Damage(kind="mirror", seq=None, detail="the copy kept outside does not make the signed tree")
    except MirrorDamaged as error:
        return Damage(kind="mirror", seq=None, detail=str(error))
    return None
