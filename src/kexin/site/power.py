"""A process of the product refuses to run with more power over the database than its role needs."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

_POWER = """
SELECT current_user, r.rolsuper, r.rolbypassrls, r.rolcreaterole OR r.rolcreatedb,
       pg_has_role(current_user, d.datdba, 'MEMBER')
FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()
"""


class TooPowerful(ImproperlyConfigured):
    """The database role could switch off the fences that protect customers: grants, triggers, the ledger."""


def refuse_excess() -> None:
    """Stop the process when either cluster gave it a superuser, an owner, or a role that makes roles."""
    for alias in ("default", "keyring"):
        with connections[alias].cursor() as cursor:
            cursor.execute(_POWER)
            name, superuser, bypass, makes_roles, owns = cursor.fetchone()
        excess = {"superuser": superuser, "BYPASSRLS": bypass, "CREATEROLE or CREATEDB": makes_roles, "owner": owns}
        found = [what for what, is_so in excess.items() if is_so]
        if found:
            raise TooPowerful(f"database role {name} on {alias!r} is {', '.join(found)}: use the role made by set-up")
