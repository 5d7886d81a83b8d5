"""The engine of settings.DATABASES. Django looks for the class of this name in a module of this name."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base

#: A statement that came this often on one connection is prepared there. Statements that come once are not worth it.
PREPARE_AFTER = 2


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL as Django speaks it, but for two things that cost a round trip or a plan on every request."""

    def get_connection_params(self) -> dict[str, Any]:
        """Ask psycopg to prepare what `prepared_cursor` repeats; Django's own cursors never prepare."""
        return {**super().get_connection_params(), "prepare_threshold": PREPARE_AFTER}

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

    def prepared_cursor(self) -> Any:
        """A cursor that sends values apart from the statement, so that PostgreSQL can keep its plan."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor: Any = base.ServerBindingCursor
            prepare: Any = super()._prepare_cursor  # type: ignore[misc]  # Django's own, not in its type stubs
            return prepare(cursor(self.connection))
