"""Rights of the database roles, in the live catalogue; and whose information every table holds."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import connections

from kexin.regime import register
from kexin.site import setup

RIGHTS = """
SELECT c.relname, replace(r.rolname, 'kexin_', ''), a.privilege_type
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND r.oid <> c.relowner
UNION
SELECT c.relname, replace(r.rolname, 'kexin_', ''), a.privilege_type
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid CROSS JOIN LATERAL aclexplode(t.attacl) a
JOIN pg_roles r ON r.oid = a.grantee WHERE c.relnamespace = 'public'::regnamespace
"""


@pytest.mark.parametrize("alias", ["default", "keyring"])
def test_the_catalogue_says_what_the_rooms_say(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = {row[0] for row in cursor.fetchall()}
        cursor.execute(RIGHTS)
        live = set(cursor.fetchall())
    said = {
        (table, role, privilege.split(" ")[0])
        for table, rights in setup.all_grants().items()
        if table in tables
        for role, text in rights.items()
        for privilege in re.split(r", (?=[A-Z])", text)
    }
    assert live == said


def test_every_table_has_rights_written_down() -> None:
    """A table that nobody mentions is one that nobody thought about; an empty entry says that it was."""
    known = set(setup.all_grants())
    tables: set[str] = set()
    for alias in ("default", "keyring"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tables |= {row[0] for row in cursor.fetchall()}
    assert tables == known


@pytest.mark.parametrize("alias", ["default", "keyring"])
def test_nobody_may_create_or_truncate(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE 'kexin\\_%%' AND r.rolname NOT IN"
            " ('kexin_owner', 'kexin_admin') AND (has_schema_privilege(r.oid, 'public', 'CREATE')"
            " OR has_database_privilege(r.oid, current_database(), 'CREATE, TEMP') OR r.rolsuper OR r.rolbypassrls)"
        )
        assert cursor.fetchall() == []
        cursor.execute(RIGHTS)
        assert not {row for row in cursor.fetchall() if row[2] in ("TRUNCATE", "TRIGGER", "REFERENCES")}


@pytest.mark.no_db
def test_every_model_is_claimed_or_impersonal() -> None:
    labels = [model._meta.label for model in apps.get_models()]
    unclaimed = register.unclaimed(labels)
    assert not unclaimed, f"write a Holding, or impersonal(…, reason=…), in the room's holdings.py: {unclaimed}"
