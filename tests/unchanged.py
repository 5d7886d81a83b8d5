"""What a request left behind: every row of both databases before it and after it, and what a refusal may leave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from django.db import connections, transaction

#: The three connections: `evidence` is the main database again, and what it writes `default` does not see in a test.
ALIASES = ("default", "evidence", "keyring")

#: Tables to which a refusal may write, and why. In every other table each row must be what it was: no job is queued,
#: no session, no person, no grant, no customer is touched.
NOTED: Mapping[str, str] = {
    "evidence_intake": "a refusal about somebody is a line of the ledger",
    "evidence_refusal": "refusals of strangers are counted, per minute and kind",
    "evidence_opencount": "what earlier requests opened is written by the clock, whoever asks next",
    "people_attempt": "tries of a password and of a link are limited, so they are counted",
    "vault_revealcount": "values looked at are limited, so they are counted",
    "vault_searchmisses": "searches that find nobody are limited, so they are counted",
}
#: Columns that any request may write, and why.
USED: Mapping[str, Mapping[str, str]] = {
    "people_apitoken": {"used_on": "the day of a token's last use"},
    "django_session": {"session_data": "the minute of the last activity", "expire_date": "moves with it"},
}

#: Rows written so far by this transaction, savepoints that were rolled back included: cheap, and never too few.
_WRITTEN = (
    "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
    " WHERE schemaname = 'public' AND n_tup_ins + n_tup_upd + n_tup_del > 0"
)
_COLUMNS = (
    "SELECT c.relname, array_agg(a.attname ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
    " AND has_table_privilege(c.oid, 'SELECT') GROUP BY c.relname"
)


class Rows:
    """The rows as they stand when this is made. ``also``: further tables that may change, each with its reason."""

    def __init__(self, *, also: Mapping[str, str] | None = None) -> None:
        self.free = {*NOTED, *(also or {})}
        self.held = {alias: {table: _hash(alias, table, columns) for table, columns in _columns(alias)} for alias in ALIASES}
        self.written = {alias: _written(alias) for alias in ALIASES}

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is done inside is undone on all three connections, so that the rows stay those of the beginning."""
        with ExitStack() as stack:
            for alias in ALIASES:
                stack.enter_context(transaction.atomic(using=alias))
            try:
                yield
            finally:
                for alias in ALIASES:
                    transaction.set_rollback(True, using=alias)

    def changed(self) -> list[str]:
        """Inside `undone`: tables whose rows are not what they were. Only those written to since the last look, by this
        request or an earlier one, are read again."""
        found = []
        for alias in ALIASES:
            before, after = self.written[alias], _written(alias)
            self.written[alias] = after
            touched = {table for table, rows in after.items() if rows != before.get(table, 0)} - self.free
            columns = dict(_columns(alias)) if touched else {}
            found += [
                f"{alias}: {table}"
                for table in sorted(touched)
                if table not in columns or _hash(alias, table, columns[table]) != self.held[alias].get(table)
            ]
        return found


def _written(alias: str) -> dict[str, int]:
    with connections[alias].cursor() as cursor:
        cursor.execute(_WRITTEN)
        return dict(cursor.fetchall())


def _columns(alias: str) -> list[tuple[str, list[str]]]:
    """Table -> the columns that count, of every table this role may read."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_COLUMNS)
        return [(table, [one for one in columns if one not in USED.get(table, ())]) for table, columns in cursor.fetchall()]


def _hash(alias: str, table: str, columns: list[str]) -> str:
    names = ", ".join(f'"{one}"' for one in columns)
    with connections[alias].cursor() as cursor:
        cursor.execute(f'SELECT ROW({names})::text FROM "{table}" ORDER BY 1')
        digest = hashlib.sha256()
        for (row,) in cursor.fetchall():
            digest.update(row.encode() + b"\n")
        return digest.hexdigest()
