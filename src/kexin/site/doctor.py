"""An examination of one installation: each finding is one sentence, and a remedy where something is wrong."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from kexin.site import launcher, postgres
from kexin.site.instance import CLUSTERS, ROLES, Instance

#: Below this a cluster may stop in the middle of a checkpoint.
LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One examined thing."""

    what: str
    ok: bool
    remedy: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)


def examine(instance: Instance, *, port: int) -> list[Finding]:
    """Folder, secrets, binaries, space, databases and their roles, running parts."""
    if not instance.exists():
        return [Finding(what=f"{instance.folder} is set up", ok=False, remedy="run `kexin run` or `kexin setup`")]
    findings = [_secrets(instance), _space(instance), _binaries()]
    for cluster in CLUSTERS:
        findings += [_connects(instance, cluster, role) for role in ROLES]
    return [*findings, *_parts(port)]


def _secrets(instance: Instance) -> Finding:
    open_ones = [str(path) for path in instance.secrets.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    remedy = f"chmod 600 {' '.join(open_ones[:5])}"
    return Finding(what="secrets are readable by their owner alone", ok=not open_ones, remedy=remedy)


def _space(instance: Instance) -> Finding:
    free = shutil.disk_usage(instance.folder).free
    what = f"{free / 1024**3:.1f} GiB free at {instance.folder}"
    return Finding(what=what, ok=free >= LEAST_FREE_BYTES, remedy="free at least 2 GiB")


def _binaries() -> Finding:
    if not launcher.is_embedded():
        return Finding(what="PostgreSQL is external", ok=True)
    try:
        major = postgres.version(postgres.found_binaries())
    except postgres.NoPostgres as error:
        return Finding(what="PostgreSQL's binaries", ok=False, remedy=str(error))
    return Finding(what=f"PostgreSQL {major} binaries", ok=True)


def _connects(instance: Instance, cluster: str, role: str) -> Finding:
    what = f"{cluster}: kexin_{role} connects and has no more power than its role needs"
    try:
        with psycopg.connect(instance.address(cluster, role).url(), connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError:
        return Finding(what=what, ok=False, remedy="start it with `kexin run`; then look into KEXIN_HOME/pg/*.log")
    too_much = bool(row and row[0])
    return Finding(what=what, ok=not too_much, remedy="run `kexin setup`: it takes the excess away")


def _parts(port: int) -> list[Finding]:
    seen = launcher.health(port)
    if seen is None:
        return [Finding(what=f"the web answers on port {port}", ok=False, remedy=_start_hint())]
    rows = seen["parts"].items()
    return [Finding(what=f"{name} is well", ok=part["status"] == "ok", remedy=_start_hint()) for name, part in rows]


def _start_hint() -> str:
    port = os.environ.get("KEXIN_PORT", "8600")
    return f"start it with `kexin run` (KEXIN_PORT={port})"
