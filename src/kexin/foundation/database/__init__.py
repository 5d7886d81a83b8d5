"""The connection to PostgreSQL: Django's own, with a cheaper look whether it lives, and prepared statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.db import connections

from kexin.foundation.database.base import DatabaseWrapper


def prepared(sql: str, params: Sequence[Any] | Mapping[str, Any], *, using: str = "default") -> list[tuple[Any, ...]]:
    """The rows of one statement whose text is the same each time: PostgreSQL parses and plans it once per connection
    (after `PREPARE_AFTER` uses) and gets values apart from it. In the caller's transaction, like any other cursor."""
    with _engine(using).prepared_cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def prepared_write(sql: str, params: Sequence[Any], *, using: str = "default") -> None:
    """The same for a statement without an answer."""
    with _engine(using).prepared_cursor() as cursor:
        cursor.execute(sql, params)


def _engine(using: str) -> DatabaseWrapper:
    """The connection as settings.DATABASES names its class."""
    return cast(DatabaseWrapper, connections[using])
