"""What one session of PostgreSQL has prepared: a statement is parsed and planned once, then sent as a name and values.

A statement costs the driver's cursor more than it costs the database: a generator for each step, a state machine for
waiting, a row factory. A prepared statement needs none of them. libpq sends the name and the values, waits, and hands
the rows over; the types are psycopg's own.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, cast

import psycopg
from psycopg import pq
from psycopg.adapt import AdaptersMap, PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.types.datetime import TimestamptzLoader

Params: TypeAlias = Sequence[Any] | Mapping[str, Any]
#: Statements that one session keeps, the least used ones go first: lists with ever other filters are many.
KEPT = 200
_PLACE = re.compile(r"%(?:(%)|s|\((\w+)\)s)")


@lru_cache(maxsize=2 * KEPT)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...] | None, int]:
    """``%s`` and ``%(name)s`` as ``$1, $2, …``; the names in the order of their numbers (None for ``%s``); how many."""
    names: dict[str, int] = {}
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        if found[1]:
            return "%"
        if not found[2]:
            count += 1
            return f"${count}"
        return f"${names.setdefault(found[2], len(names) + 1)}"

    text = _PLACE.sub(place, sql).encode()
    return text, tuple(names) if names else None, len(names) or count


class _Types:
    """The connection's types, but for instants: Django's own reading of them, a class in Python, is left aside for
    psycopg's in C. Both give UTC, which Django makes the zone of every session."""

    __slots__ = ("adapters", "connection")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.adapters = AdaptersMap(connection.adapters)
        self.adapters.register_loader("timestamptz", TimestamptzLoader)


class Statements:
    """The prepared statements of one connection; ends with it."""

    __slots__ = ("_connection", "_made", "_names", "_types")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._types = _Types(connection)
        self._names: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = OrderedDict()
        self._made = 0

    def rows(self, sql: str, params: Params) -> list[tuple[Any, ...]]:
        """The rows of a statement (none for one without an answer). Blocks without holding up other threads. Raises
        psycopg's errors, as its cursors do."""
        session = self._connection.pgconn
        if not self._connection.autocommit and session.transaction_status == pq.TransactionStatus.IDLE:
            # The first statement of a transaction: psycopg knows how to begin one.
            cursor = psycopg.Cursor(self._connection)
            cursor.execute(sql, params, prepare=False)
            return cursor.fetchall() if cursor.description else []
        text, names, count = _numbered(sql)
        values = [cast(Mapping[str, Any], params)[name] for name in names] if names else cast(Sequence[Any], params)
        if len(values) != count:
            raise psycopg.ProgrammingError(f"the statement has {count} places, {len(values)} values were given")
        types = Transformer(self._types)
        sent = types.dump_sequence(values, [PyFormat.AUTO] * count)
        name = self._name(text, types.types or ())
        result = session.exec_prepared(name, sent, types.formats)  # type: ignore[arg-type]  # None is NULL, as documented
        if result.status == pq.ExecStatus.TUPLES_OK:
            types.set_pgresult(result)
            return types.load_rows(0, result.ntuples, tuple)
        if result.status != pq.ExecStatus.COMMAND_OK:
            self._raise(result)
        return []

    def _name(self, text: bytes, types: tuple[int, ...]) -> bytes:
        key = (text, types)
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
            return name
        session = self._connection.pgconn
        while len(self._names) >= KEPT:
            _old, forgotten = self._names.popitem(last=False)
            session.exec_(b"DEALLOCATE " + forgotten)
        self._made += 1
        name = b"kx%d" % self._made
        result = session.prepare(name, text, types)
        if result.status != pq.ExecStatus.COMMAND_OK:
            self._raise(result)
        self._names[key] = name
        return name

    def _raise(self, result: Any) -> None:
        """The error of a result. One without a code is not the server's but of a connection that is gone."""
        if result.error_field(pq.DiagnosticField.SQLSTATE) is None:
            raise psycopg.OperationalError(result.get_error_message())
        raise error_from_result(result, encoding=self._connection.info.encoding)
