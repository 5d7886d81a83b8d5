"""The connection to PostgreSQL: Django's own, with a cheaper look whether it lives, and prepared statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections


def prepared(sql: str, params: Sequence[Any] | Mapping[str, Any], *, using: str = "default") -> list[tuple[Any, ...]]:
    """The rows of one statement whose text is the same each time: PostgreSQL parses and plans it once per connection
    (after `PREPARE_AFTER` uses) and gets values apart from it. In the caller's transaction, like any other cursor."""
    with connections[using].prepared_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def prepared_write(sql: str, params: Sequence[Any], *, using: str = "default") -> None:
    """The same for a statement without an answer."""
    with connections[using].prepared_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, params)
