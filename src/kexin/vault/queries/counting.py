"""How many people a rulebook's draft touches: living records grouped by the truth of the rules' atoms. Only numbers.

Regime asks (it knows the rules), this room counts (it knows the records). The table is walked in pieces by id, so that
no statement is long, memory holds the groups alone, and the progress is true."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

from kexin.foundation.caller import Caller
from kexin.regime import queries as regime
from kexin.regime import register as registry
from kexin.regime.types import Counted, Sql, SubjectFacts

#: People per statement.
PIECE = 20_000
_TRUTH = {1: True, 0: False, 2: None}
_FIRST = uuid.UUID(int=0)
#: Whom a draft concerns: what lists and searches show at all.
_LIVING = "s.visible"
_OPEN = "s.id, s.kind, s.state, s.age_status, s.unproven, s.facets, s.contact_at, s.created_at"


def register() -> None:
    """Tell regime who counts."""
    registry.register_counting(groups)


def groups(
    caller: Caller, atoms: Sequence[Sql], sample: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Counted:
    """Living records by the truth of ``atoms`` (SQL over alias ``s`` that yields 1, 0 or 2 for unknown), about
    ``sample`` of them one by one beside. For who drafts or signs rulebooks; raises NotPermitted for anybody else."""
    regime.require(caller, "regime:rulebook:publish", "regime:rulebook:sign")
    total = _rows(f"SELECT count(*) FROM vault_subject s WHERE {_LIVING}", [])[0][0]
    pieces = max(1, -(-total // PIECE))
    columns = ", ".join(f"({atom.text})::smallint AS a{number}" for number, atom in enumerate(atoms))
    params = [value for atom in atoms for value in atom.params]
    counted: Counter[tuple[bool | None, ...]] = Counter()
    seen: list[tuple[SubjectFacts, tuple[bool | None, ...]]] = []
    after, done = _FIRST, 0
    while True:
        last, size = _piece(after)
        if last is None:
            return Counted(people=sum(counted.values()), groups=counted, sample=tuple(seen))
        span = [after, last]
        inner = f"SELECT * FROM vault_subject s WHERE {_LIVING} AND s.id > %s AND s.id <= %s"
        names = ", ".join(f"a{number}" for number in range(len(atoms)))
        grouped = f"SELECT {names}, count(*) FROM (SELECT {columns} FROM ({inner}) AS s) AS t GROUP BY {names}"
        for *values, count in _rows(grouped, [*params, *span]):
            counted[tuple(_TRUTH[value] for value in values)] += count
        share = -(-sample // pieces) if sample else 0
        chosen = f"SELECT * FROM ({inner}) AS s ORDER BY hashtextextended(s.id::text, %s) LIMIT %s"
        for row in _rows(f"SELECT {_OPEN}, {columns} FROM ({chosen}) AS s", [*params, *span, total, share]) if share else ():
            seen.append((_facts(row), tuple(_TRUTH[value] for value in row[8:])))
        after, done = last, done + size
        progress(min(done, total), total)


def _piece(after: uuid.UUID) -> tuple[uuid.UUID | None, int]:
    """The last id of the next piece, and how many living records are in it."""
    sql = f"SELECT id FROM vault_subject s WHERE {_LIVING} AND s.id > %s ORDER BY s.id LIMIT %s"
    rows = _rows(f'SELECT max(id::text COLLATE "C"), count(*) FROM ({sql}) AS piece', [after, PIECE])
    return (uuid.UUID(rows[0][0]), rows[0][1]) if rows[0][1] else (None, 0)


def _rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _facts(row: Sequence[Any]) -> SubjectFacts:
    """A row as a single decision sees it, without relations and consents (regime's own)."""
    facets = json.loads(row[5]) if isinstance(row[5], str) else row[5]
    return SubjectFacts(
        id=row[0], kind=row[1], state=row[2], age_status=row[3], unproven=row[4], facets=facets, contact_at=row[6],
        created_at=row[7],
    )  # fmt: skip
