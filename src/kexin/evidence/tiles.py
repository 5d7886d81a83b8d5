"""Reading the tree from PostgreSQL: tiles of 256, partial ones put together from the rows that make them."""

from __future__ import annotations

from typing import Any, Protocol

from kexin.evidence.rules.merkle import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, root_of


class Cursor(Protocol):
    """What Django's and psycopg's cursors have in common."""

    def execute(self, query: str, params: Any = ...) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


def tile(cursor: Cursor, level: int, index: int) -> list[bytes]:
    """The hashes of one tile: all 256, or as many as the tree has today (C2SP's partial tile)."""
    cursor.execute('SELECT hashes FROM evidence_tile WHERE level = %s AND "index" = %s', (level, index))
    found = cursor.fetchone()
    if found:
        packed = bytes(found[0])
        return [packed[i : i + HASH_BYTES] for i in range(0, len(packed), HASH_BYTES)]
    first = index * TILE_WIDTH
    if level == 0:
        query = "SELECT seq, hash FROM evidence_leaf WHERE seq >= %s AND seq < %s ORDER BY seq"
        cursor.execute(query, (first, first + TILE_WIDTH))
    else:
        query = (
            'SELECT "index", root FROM evidence_tile WHERE level = %s AND "index" >= %s AND "index" < %s ORDER BY "index"'
        )
        cursor.execute(query, (level - 1, first, first + TILE_WIDTH))
    rows = cursor.fetchall()
    if [position for position, _ in rows] != list(range(first, first + len(rows))):
        raise ValueError(f"the hashes of tile {level}/{index} have a gap")
    return [bytes(value) for _, value in rows]


class Nodes:
    """Complete subtrees by height and index, for proofs; reads each tile once."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        level, within = divmod(height, TILE_HEIGHT)
        first = index << within
        place = (level, first // TILE_WIDTH)
        if place not in self._tiles:
            self._tiles[place] = tile(self._cursor, *place)
        start = first % TILE_WIDTH
        hashes = self._tiles[place][start : start + (1 << within)]
        if len(hashes) != 1 << within:
            raise ValueError(f"the tree has no complete subtree of height {height} at {index}")
        return root_of(hashes)
