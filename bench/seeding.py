"""Fill the installation through the product's own verb, and the tables beside it by COPY of the same bytes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.figures import Figure
from bench.house import RAW_SCHEMA, Installation
from bench.people import FIELDS, people

if TYPE_CHECKING:
    import psycopg

#: Customers of the salesperson who asks: a large book, within what one person may sort and search freely.
OWNED = 2_000
#: At most this many people are copied raw: the ratio of rates needs no more.
COPIED = 50_000
_BATCH = 1_000
#: Tables that `admit_many` fills, in its order, with the columns it names.
_FILLED = {
    "vault_subject": "id, number, kind, state, age_status, unproven, audit_id, facets, freeze_ground, created_at, ver",
    "vault_sealed": "subject_id, entity, entity_id, grade, ver, suite, key_gen, ct",
    "vault_tokenexact": "subject_id, index, gen, token",
    "vault_tokengram": "subject_id, index, gen, tokens",
    "vault_provenance": "subject_id, source_act_id, attributes, at",
}
_KEYS = "subject_id, grade, gen, epoch_id, wrapped, commit16, created_at"
#: A customer table as anybody would write it: everything in the clear, the phone and the newest-first order indexed.
_PLAIN = """
CREATE TABLE {schema}.customer (
    id uuid PRIMARY KEY, number bigint NOT NULL UNIQUE, name text, mobile text, email text, address text, city text,
    level text, stage text, source text, landline text, wechat_id text, qq text, postcode text, employer text,
    job_title text, interest text, intent text, product text, budget text, house_type text, salutation text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON {schema}.customer (mobile);
CREATE INDEX ON {schema}.customer (created_at DESC, id DESC);
CREATE TABLE {schema}.token (digest bytea PRIMARY KEY, person uuid NOT NULL);
CREATE TABLE {schema}.business (id uuid PRIMARY KEY, body text NOT NULL, at timestamptz NOT NULL DEFAULT now());
GRANT USAGE ON SCHEMA {schema} TO kexin_web;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {schema} TO kexin_web;
"""


def seed(house: Installation, count: int) -> Figure:
    """`admit_many` of ``count`` people: validated, decided, sealed, searchable, evidenced, committed in both clusters."""
    from kexin.foundation.caller import Caller
    from kexin.vault import operations as vault
    from kexin.vault.types import SourceActRef

    caller = Caller.for_service("bench", purpose="presale", cause="bench")
    source = SourceActRef(source="import", purpose="presale", basis="contract_if_asked", label="测速数据")
    rows = people(count)
    began = time.perf_counter()
    done = vault.admit_many(caller, rows=rows, source=source)
    spent = time.perf_counter() - began
    if done.admitted != count:
        raise SystemExit(f"{len(done.refused)} of {count} invented people were refused: {done.refused[:3]}")
    return Figure(
        name="bulk admit (validated, sealed, searchable, evidenced)", value=count / spent, unit="people/s",
        better="high", budget=8_000, note=f"{count:,} people in {spent:.0f} s, both clusters included",
    )  # fmt: skip


def raw_copy(house: Installation, count: int) -> float:
    """People per second by COPY of the same sealed bytes into identical tables with the same indexes, in both
    clusters, a thousand people per transaction as the product does. Reading the bytes is not counted."""
    left = min(count, COPIED)
    spent, done = 0.0, 0
    with house.admin() as main, house.admin("keyring") as keyring:
        for connection, tables in ((main, tuple(_FILLED)), (keyring, ("keyring_subjectkey",))):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RAW_SCHEMA}")
            for table in tables:
                connection.execute(f"CREATE TABLE {RAW_SCHEMA}.{table} (LIKE public.{table} INCLUDING ALL)")
        last = UUID(int=0)
        while done < left:
            ids = [
                row[0]
                for row in main.execute(
                    "SELECT id FROM vault_subject WHERE id > %s ORDER BY id LIMIT %s", [last, _BATCH]
                ).fetchall()
            ]
            if not ids:
                break
            last = ids[-1]
            bytes_of = {table: _read(main, table, columns, ids) for table, columns in _FILLED.items()}
            keys = _read(keyring, "keyring_subjectkey", _KEYS, ids)
            began = time.perf_counter()
            with keyring.transaction():
                _write(keyring, "keyring_subjectkey", _KEYS, keys)
            with main.transaction():
                for table, columns in _FILLED.items():
                    _write(main, table, columns, bytes_of[table])
            spent += time.perf_counter() - began
            done += len(ids)
        for connection, tables in ((main, tuple(_FILLED)), (keyring, ("keyring_subjectkey",))):
            for table in tables:
                connection.execute(f"DROP TABLE {RAW_SCHEMA}.{table}")
    return done / spent


def _read(connection: psycopg.Connection[Any], table: str, columns: str, ids: Sequence[UUID]) -> bytes:
    key = "id" if table == "vault_subject" else "subject_id"
    query = f"COPY (SELECT {columns} FROM public.{table} WHERE {key} = ANY(%s::uuid[])) TO STDOUT"
    with connection.cursor().copy(query, [list(ids)]) as stream:
        return b"".join(bytes(part) for part in stream)


def _write(connection: psycopg.Connection[Any], table: str, columns: str, data: bytes) -> None:
    with connection.cursor().copy(f"COPY {RAW_SCHEMA}.{table} ({columns}) FROM STDIN") as stream:
        stream.write(data)


def plain_tables(house: Installation, count: int) -> None:
    """The same people in one plain table, for every query that is measured beside the product's."""
    from kexin.foundation.ids import uuid7

    with house.admin() as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RAW_SCHEMA}")
        connection.execute(_PLAIN.format(schema=RAW_SCHEMA))
        columns = ", ".join(("id", "number", *FIELDS))
        with connection.cursor().copy(f"COPY {RAW_SCHEMA}.customer ({columns}) FROM STDIN") as stream:
            for number, row in enumerate(people(count), 1):
                stream.write_row((uuid7(), number, *(row[key] for key in FIELDS)))


def give_book(house: Installation, count: int) -> list[UUID]:
    """Make the salesperson the owner of customers spread over the whole file; answers their ids, oldest first."""
    from kexin.foundation.caller import Caller
    from kexin.regime import operations as regime

    every = max(1, count // OWNED)
    with house.admin() as connection:
        rows = connection.execute(
            "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM vault_subject) AS all_of_them"
            " WHERE place %% %s = 0 ORDER BY id LIMIT %s",
            [every, OWNED],
        ).fetchall()
    owned = [row[0] for row in rows]
    caller = Caller.for_service("bench", purpose="presale", cause="bench")
    regime.grant_many(caller, subjects=owned, principal=house.sales.id, relation="owner")
    return owned


def settle(house: Installation) -> None:
    """VACUUM ANALYZE and a checkpoint in both clusters, so that the bulk load is not paid by what follows."""
    for cluster in ("main", "keyring"):
        with house.admin(cluster) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
