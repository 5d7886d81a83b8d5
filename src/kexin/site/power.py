"""A process of the product refuses to run with more power over the database than its role needs."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from kexin.site.words import gettext as _

_POWER = """
SELECT current_user, r.rolsuper, r.rolbypassrls, r.rolcreaterole OR r.rolcreatedb, r.rolreplication,
       pg_has_role(current_user, d.datdba, 'MEMBER'),
       EXISTS (SELECT 1 FROM pg_roles p WHERE p.rolname ~ '^pg_' AND p.rolname <> 'pg_database_owner'
               AND pg_has_role(current_user, p.oid, 'MEMBER'))
FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()
"""


_EXCESS = ("superuser", "BYPASSRLS", "CREATEROLE or CREATEDB", "REPLICATION", "owner", "member of a pg_… role")


class TooPowerful(ImproperlyConfigured):
    """The database role could switch off the fences that protect customers: grants, triggers, the ledger."""


def refuse_excess() -> None:
    """Stop the process when either cluster gave it a superuser, an owner, a role that makes roles or copies servers, or
    one that belongs to a role of PostgreSQL's own (pg_read_all_data opens every table, whatever grants.py says)."""
    for alias in ("default", "keyring"):
        with connections[alias].cursor() as cursor:
            cursor.execute(_POWER)
            name, *held = cursor.fetchone()
        found = [what for what, is_so in zip(_EXCESS, held, strict=True) if is_so]
        if found:
            said = _("数据库角色 %(role)s（%(alias)s）的权限过大（%(found)s）：请用 `kexin setup` 建立的角色")
            raise TooPowerful(said % {"role": name, "alias": alias, "found": ", ".join(found)})
