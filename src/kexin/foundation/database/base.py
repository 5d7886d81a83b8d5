"""The engine of settings.DATABASES. Django looks for the class of this name in a module of this name."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base

from kexin.foundation.database.statements import Params, Statements


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL as Django speaks it, but for two things that cost a round trip or a plan on every request."""

    _statements: Statements | None = None

    def get_connection_params(self) -> dict[str, Any]:
        """Keep psycopg from preparing by itself: what it drops after a rollback would be our statements too."""
        return {**super().get_connection_params(), "prepare_threshold": None}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A new session knows no statement of the old one."""
        self._statements = None
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        """Whether the connection lives. On a socket of this machine a server that died has closed it, and a closed
        socket is readable: a look is enough. Over a network a dead host says nothing, and after an error the state of
        the session matters: then the server is asked, as Django does."""
        if self.errors_occurred or not str(self.settings_dict["HOST"]).startswith("/"):
            return bool(super().is_usable())
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
        return not poll.poll(0)

    def prepared(self, sql: str, params: Params) -> list[tuple[Any, ...]]:
        """The rows of a statement that this session keeps prepared, in the transaction that is open."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_no_broken_transaction()
        if self.queries_logged or self.execute_wrappers:
            return self._watched(sql, params)
        with self.wrap_database_errors:
            if self._statements is None:
                self._statements = Statements(self.connection)
            return self._statements.rows(sql, params)

    def _watched(self, sql: str, params: Params) -> list[tuple[Any, ...]]:
        """The same through a cursor of Django's, for those who count or see statements."""
        bound: Any = base.ServerBindingCursor
        prepare: Any = super()._prepare_cursor  # type: ignore[misc]  # Django's own, not in its type stubs
        with prepare(bound(self.connection)) as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []
