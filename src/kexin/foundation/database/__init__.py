"""The connection to PostgreSQL: Django's own, with a cheaper look whether it lives, and prepared statements."""

from __future__ import annotations

from typing import Any, cast

from django.db import connections

from kexin.foundation.database.base import DatabaseWrapper
from kexin.foundation.database.statements import Params


def prepared(sql: str, params: Params, *, using: str = "default") -> list[tuple[Any, ...]]:
    """The rows of one statement whose text is the same each time (none for one without an answer): PostgreSQL parses
    and plans it once per connection and gets values apart from it. In the caller's transaction, like any cursor."""
    engine = cast(DatabaseWrapper, connections[using])  # as settings.DATABASES names its class
    return engine.prepared(sql, params)
