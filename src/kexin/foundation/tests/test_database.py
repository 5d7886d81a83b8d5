"""Prepared statements: the rows, errors and transactions of an ordinary cursor, for less."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError, connections, transaction
from django.test.utils import CaptureQueriesContext

from kexin.foundation.database import prepared, statements

ONE = uuid.UUID("01a21f73-ad64-70bd-8c5d-a09c96c0f293")
AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
#: What the product sends: values of every type it uses, beside the place that needs a cast.
VALUES: list[tuple[str, Any]] = [
    ("uuid", ONE), ("text", "陈雨桐"), ("bytea", b"\x00\xff\\x"), ("int", 7), ("bigint", 2**40), ("boolean", True),
    ("timestamptz", AT), ("uuid[]", [ONE, ONE]), ("uuid[]", []), ("text[]", ["a,b", '"', "\\", ""]), ("text", None),
    ("int[]", [1, -2]), ("smallint[]", [1, 300]), ("bytea[]", [b"\x00", b""]), ("float8", 0.5),
]  # fmt: skip


def names(using: str = "default") -> int:
    """How many statements the session holds."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'kx%'")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_the_same_rows_as_a_cursor(kind: str, value: Any, times: int) -> None:
    sql = f'SELECT %s::{kind}, 100 AS "%%", pg_typeof(%s::{kind})::text'
    for _ in range(times):
        ours = prepared(sql, [value, value])
        with psycopg.Cursor(connections["default"].connection) as cursor:
            assert cursor.execute(sql, [value, value]).fetchall() == ours
    assert len(prepared("SELECT * FROM generate_series(1, %s::int)", [3])) == 3


def test_names_are_given_once_however_often_they_are_used() -> None:
    sql = "SELECT %(b)s::text, %(a)s::int, %(b)s::text"
    assert prepared(sql, {"a": 1, "b": "x", "unused": 2}) == [("x", 1, "x")]
    with pytest.raises(KeyError):
        prepared(sql, {"a": 1})
    with pytest.raises(Exception, match="2 places, 1 values"):
        prepared("SELECT %s::int, %s::int", [1])


def test_a_statement_is_parsed_once_and_the_least_used_is_forgotten(
    fresh_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "KEPT", 3)
    for number in (1, 2, 1, 1, 3, 4, 1):
        assert prepared(f"SELECT {number}, %s::int", [5]) == [(number, 5)]
        assert names() <= 3
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE name LIKE 'kx%'")
        assert {row[0][7] for row in cursor.fetchall()} == {"1", "3", "4"}


def count() -> None:
    """Write a row that may stand there once."""
    assert prepared("INSERT INTO evidence_refusal (minute, kind, count) VALUES (%s, %s, 1)", [AT, "token"]) == []


def counted() -> int:
    return int(prepared("SELECT count(*) FROM evidence_refusal", [])[0][0])


def test_errors_are_those_of_django_and_the_session_goes_on(fresh_db: Any) -> None:
    with pytest.raises(DataError):
        prepared("SELECT 1 / %s::int", [0])
    count()
    with pytest.raises(IntegrityError):
        count()
    assert counted() == 1
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            count()
        assert counted() == 1


def test_it_lives_in_the_transaction_that_is_open(fresh_db: Any) -> None:
    """The first statement of a transaction has to begin it, else what it writes would stay."""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        count()
        raise ZeroDivisionError
    assert counted() == 0
    with transaction.atomic():
        count()
    assert counted() == 1


def test_a_server_that_went_away_is_an_operational_error_and_the_next_session_starts_afresh(fresh_db: Any) -> None:
    assert prepared("SELECT %s::int", [1]) == [(1,)]
    connection = connections["default"]
    connection.connection.pgconn.finish()
    with pytest.raises(OperationalError):
        prepared("SELECT %s::int", [1])
    connection.close()
    assert prepared("SELECT %s::int", [1]) == [(1,)]


def test_a_rollback_forgets_nothing(fresh_db: Any) -> None:
    """psycopg drops every statement of a session after a rollback as soon as it has prepared one of its own."""
    sql = "SELECT %s::int + 40"
    prepared(sql, [2])
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        for number in range(5):
            psycopg.Cursor(connections["default"].connection).execute("SELECT %s::int", [number])
        raise ZeroDivisionError
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    assert prepared(sql, [2]) == [(42,)]


def test_who_counts_statements_sees_them() -> None:
    with CaptureQueriesContext(connections["default"]) as seen:
        prepared("SELECT %s::int", [1])
    assert len(seen) == 1
