"""Make the databases ready: roles, databases, tables, rights. Run as administrator once per start; safe to repeat."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

import psycopg
import typer
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from psycopg import sql

from kexin.foundation import clock
from kexin.site import foreign, shell, words
from kexin.site.instance import CLUSTERS, ROLES, URL_VARIABLES, Instance

#: Limits of each role, so that they also hold on a PostgreSQL that is not ours. Milliseconds as PostgreSQL reads them.
LIMITS = {
    "owner": {"lock_timeout": "5s"},
    "web": {"statement_timeout": "15s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"},
    "worker": {"statement_timeout": "10min", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "10min"},
    "sequencer": {"statement_timeout": "60s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"},
    "reader": {"statement_timeout": "120s", "lock_timeout": "5s", "default_transaction_read_only": "on"},
}
SERVING = tuple(role for role in ROLES if role != "owner")
_PRIVILEGES = re.compile(r"(SELECT|INSERT|UPDATE|DELETE)( \([a-z0-9_]+(, [a-z0-9_]+)*\))?")


class BadGrant(ImproperlyConfigured):
    """A grants.py names a role, a privilege or a table that does not exist."""


class NotFinished(ImproperlyConfigured):
    """A database refused a step in the middle. What is done stays done, and a second try goes on from there."""


# --- as administrator ------------------------------------------------------------------------------------------------


def make_roles_and_databases(instance: Instance) -> None:
    """Roles with passwords of this instance and one database per cluster, owned by `kexin_owner`, closed to others."""
    for cluster in CLUSTERS:
        name = instance.address(cluster, "web").name
        with foreign.connect(instance.address(cluster, "admin"), variable=URL_VARIABLES[cluster]) as connection:
            mighty = _is_superuser(connection)
            for role in ROLES:
                _make_role(connection, role, instance.role_secret(cluster, role), mighty=mighty)
            mark = sql.Literal(foreign.MARK + instance.mark())
            connection.execute(sql.SQL("COMMENT ON ROLE kexin_owner IS {}").format(mark))
            with _as_member(connection, "kexin_owner", mighty=mighty):
                _make_database(connection, name)
        close_database(instance, cluster, name, who="admin" if mighty else "owner")


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _make_role(connection: psycopg.Connection, role: str, password: str, *, mighty: bool) -> None:
    """Create or correct one role. What only a superuser may give, only a superuser can take away; without one,
    `foreign` has refused a role that has it."""
    name = sql.Identifier(f"kexin_{role}")
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [f"kexin_{role}"]).fetchone()
    verb = sql.SQL("ALTER ROLE {}" if found else "CREATE ROLE {}").format(name)
    # The password is sent as a SCRAM verifier: it never stands in a statement that somebody could log.
    verifier = connection.pgconn.encrypt_password(password.encode(), f"kexin_{role}".encode(), b"scram-sha-256")
    # PostgreSQL 15 gives an owner its schema `public` only by inheritance. The others have nothing to inherit.
    power = "INHERIT" if role == "owner" else "NOINHERIT"
    taken = " NOSUPERUSER NOREPLICATION NOBYPASSRLS" if mighty else ""
    plain = sql.SQL(f" LOGIN NOCREATEDB NOCREATEROLE {power}{taken} PASSWORD {{}}").format(sql.Literal(verifier.decode()))
    connection.execute(verb + plain)
    for setting, value in LIMITS[role].items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(statement.format(name, sql.Identifier(setting), sql.Literal(value)))


@contextmanager
def _as_member(connection: psycopg.Connection, role: str, *, mighty: bool) -> Iterator[None]:
    """Belong to a role for as long as something is handed to it. Who is no superuser may hand a database only to a role
    that it can become: by membership up to 15, by membership with SET from 16 on (its creator has only ADMIN)."""
    right = "SET" if connection.info.server_version >= 160_000 else "MEMBER"
    row = connection.execute("SELECT pg_has_role(current_user, %s, %s)", [role, right]).fetchone()
    if mighty or (row and row[0]):
        yield
        return
    options = " WITH INHERIT TRUE, SET TRUE" if right == "SET" else ""
    connection.execute(sql.SQL(f"GRANT {{}} TO CURRENT_USER{options}").format(sql.Identifier(role)))
    try:
        yield
    finally:
        connection.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(sql.Identifier(role)))


def _make_database(connection: psycopg.Connection, name: str) -> None:
    """The database, ours. Its order of texts is that of bytes, as in the embedded clusters: no library can change it."""
    row = connection.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [name]).fetchone()
    if row is None:
        statement = sql.SQL("CREATE DATABASE {} OWNER kexin_owner ENCODING 'UTF8' TEMPLATE template0 {}")
        connection.execute(statement.format(sql.Identifier(name), sql.SQL(_locale(connection))))
    elif row[0] != "kexin_owner":
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO kexin_owner").format(sql.Identifier(name)))


def _locale(connection: psycopg.Connection) -> str:
    known = connection.execute("SELECT 1 FROM pg_collation WHERE collprovider = 'c' AND collname IN ('C.utf8', 'C.UTF-8')")
    plain = "C.UTF-8" if known.fetchone() else "C"
    if connection.info.server_version >= 170_000:
        return f"LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE '{plain}'"
    return f"LOCALE_PROVIDER libc LOCALE '{plain}'"


def close_database(instance: Instance, cluster: str, name: str, *, who: str = "admin") -> None:
    """Only our roles may connect, and only the owner may create anything."""
    database = sql.Identifier(name)
    roles = sql.SQL(", ").join(sql.Identifier(f"kexin_{role}") for role in ROLES)
    inside = psycopg.conninfo.make_conninfo(instance.address(cluster, who).url(), dbname=name)
    with psycopg.connect(inside, autocommit=True) as connection:
        for statement in (
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, roles),
            # First ours, then closed: who does not own a schema revokes nothing, with a warning that nobody reads.
            sql.SQL("ALTER SCHEMA public OWNER TO kexin_owner"),
            sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
            sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(roles),
        ):
            connection.execute(statement)


# --- as owner, inside Django -----------------------------------------------------------------------------------------


def migrate(*, verbosity: int = 0) -> None:
    """Bring both databases to the newest tables. Needs a process with KEXIN_ROLE=owner."""
    call_command("migrate", database="default", interactive=False, verbosity=verbosity)
    call_command("migrate", database="keyring", interactive=False, verbosity=verbosity)


def all_grants() -> dict[str, dict[str, str]]:
    """table -> role -> privileges, of every room that has a grants.py. A table in two rooms is refused."""
    grants: dict[str, dict[str, str]] = {}
    for room in settings.ROOMS:
        if find_spec(f"{room}.grants") is None:
            continue
        for table, rights in import_module(f"{room}.grants").GRANTS.items():
            if table in grants:
                raise BadGrant(f"{room}.grants: table {table} has rights in another room already")
            grants[table] = rights
    return grants


def statements(grants: Mapping[str, Mapping[str, str]], tables: frozenset[str]) -> Iterator[sql.Composed]:
    """The GRANT statements for those of ``tables`` that this database has; unknown roles and privileges are refused."""
    for table, rights in sorted(grants.items()):
        if table not in tables:
            continue
        for role, privileges in rights.items():
            if role not in SERVING:
                raise BadGrant(f"{table}: {role!r} is not one of {', '.join(SERVING)}")
            for privilege in re.split(r", (?=[A-Z])", privileges):
                if not _PRIVILEGES.fullmatch(privilege):
                    raise BadGrant(f"{table}: {privilege!r} for {role} is not SELECT, INSERT, UPDATE or DELETE")
                statement = sql.SQL("GRANT {} ON {} TO {}")
                yield statement.format(sql.SQL(privilege), sql.Identifier(table), sql.Identifier(f"kexin_{role}"))


def apply_grants(connection: psycopg.Connection) -> None:
    """Take everything away, then give what the rooms' grants.py say. One transaction: nobody sees the gap."""
    grants = all_grants()
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    roles = sql.SQL(", ").join([sql.SQL("PUBLIC"), *(sql.Identifier(f"kexin_{role}") for role in SERVING)])
    tables = frozenset(row[0] for row in rows)
    with connection.transaction():
        for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            everything = sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA public FROM {}")
            connection.execute(everything.format(sql.SQL(kind), roles))
        for statement in statements(grants, tables):
            connection.execute(statement)
        for sequence, table in _sequences(connection):
            for role, privileges in grants.get(table, {}).items():
                if "INSERT" in privileges:
                    usage = sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}")
                    connection.execute(usage.format(sql.Identifier(sequence), sql.Identifier(f"kexin_{role}")))
        serving = sql.SQL(", ").join(sql.Identifier(f"kexin_{role}") for role in SERVING)
        # A function runs with its caller's rights, so that calling one gives nothing new. The exception, a function
        # that runs as its owner, is given to nobody here.
        for signature in _ordinary_functions(connection):
            connection.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(signature), serving))


def _sequences(connection: psycopg.Connection) -> list[tuple[str, str]]:
    rows = connection.execute(
        "SELECT s.relname, t.relname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid"
        " AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')"
        " JOIN pg_class t ON t.oid = d.refobjid WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace"
    )
    return [(row[0], row[1]) for row in rows.fetchall()]


def _ordinary_functions(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
        " AND p.prokind = 'f' AND NOT p.prosecdef"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    return [row[0] for row in rows.fetchall()]


def record_birth(connection: psycopg.Connection, *, demo: bool) -> bool:
    """Write how this installation was born, unless it is written already. Answers what stands there."""
    connection.execute(
        "INSERT INTO site_birth (id, demo, born_at) VALUES (1, %s, %s) ON CONFLICT DO NOTHING", [demo, clock.now()]
    )
    row = connection.execute("SELECT demo FROM site_birth").fetchone()
    return bool(row and row[0])


def prepare(instance: Instance, *, demo: bool) -> bool:
    """Everything above in order; Django must run as KEXIN_ROLE=owner. Answers whether this is a demo installation."""
    assert apps.ready
    from kexin.evidence.operations import create_keys  # models can be imported only now

    create_keys()
    migrate()
    for cluster in CLUSTERS:
        with psycopg.connect(instance.address(cluster, "owner").url(), autocommit=True) as connection:
            apply_grants(connection)
    with psycopg.connect(instance.address("main", "owner").url(), autocommit=True) as connection:
        return record_birth(connection, demo=demo)


def collect_static(instance: Instance) -> None:
    """Static files under names of their content, only when they changed since the last start."""
    import hashlib
    from pathlib import Path

    digest = hashlib.sha256()
    for folder in map(Path, settings.STATICFILES_DIRS):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                facts = path.stat()
                digest.update(f"{path}|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    mark = settings.STATIC_ROOT / "collected"
    if mark.exists() and mark.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(digest.hexdigest())


def main() -> None:
    """`python -m kexin.site.setup [--demo]` as KEXIN_ROLE=owner; the last line of output is one JSON object: the facts,
    or with exit code 1 what is wrong and what to do."""
    instance = Instance()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexin.site.settings")
    try:
        with shell.told(as_json=True):
            facts = _set_up(instance, demo="--demo" in sys.argv[1:])
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    print(json.dumps(facts))


def _set_up(instance: Instance, *, demo: bool) -> dict[str, bool]:
    import django
    from django.db import DatabaseError
    from django.utils import translation

    try:
        one_server = False
        if any(os.environ.get(variable, "").strip() for variable in URL_VARIABLES.values()):
            one_server = foreign.examine(instance)
            make_places(instance, one_server=one_server)
        make_roles_and_databases(instance)
        django.setup()
        translation.activate(words.language())
        demo = prepare(instance, demo=demo)
    except (psycopg.Error, DatabaseError) as error:
        raise NotFinished(foreign.explained(error)) from error
    instance.remember(demo=demo)
    collect_static(instance)
    return {"demo": demo, "one_server": one_server}


def make_places(instance: Instance, *, one_server: bool) -> None:
    """Remember where external databases are, so that serving processes need no administrator's URL."""
    for cluster in CLUSTERS:
        given = instance.address(cluster, "admin")
        roles_of = "main" if one_server else cluster
        instance.place(
            cluster, host=given.host, port=given.port, name=given.name, options=given.options, roles_of=roles_of
        )


if __name__ == "__main__":
    main()
