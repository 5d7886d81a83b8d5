"""A durable installation of its own for one run of the benchmark: clusters, roles, tables, rulebook, staff, token."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from kexin.foundation.caller import Caller
    from kexin.site.instance import Instance

#: The schema beside the product's own, in the same database: tables without rules, rights, seals or evidence.
RAW_SCHEMA = "bench"


@dataclass(slots=True)
class Installation:
    """The installation and the people who use it. ``token`` is a salesperson's bearer token for the API."""

    instance: Instance
    port: int
    sales: Caller
    steward: Caller
    officer: Caller
    head: Caller
    token: str

    def admin(self, cluster: str = "main") -> psycopg.Connection[Any]:
        """A connection as the cluster's superuser, for what is measured beside the product."""
        from kexin.site.instance import DATABASE_NAMES

        url = self.instance.address(cluster, "admin").url()
        inside = psycopg.conninfo.make_conninfo(url, dbname=DATABASE_NAMES[cluster])
        return psycopg.connect(inside, autocommit=True)

    def as_role(self, role: str, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one part of the benchmark in a process that is connected as that role."""
        environment = {**os.environ, "KEXIN_ROLE": role}
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)


def free_ports() -> int:
    """A port whose next two neighbours are free as well: the web, its witness, the view beside it."""
    for port in range(18600, 19600, 10):
        if all(_free(port + step) for step in range(3)):
            return port
    raise SystemExit("no three free ports in a row between 18600 and 19600")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def installed(parent: Path | None) -> Iterator[Installation]:
    """Make it, use it, remove it. ``parent``: where its folder goes (default: the system's temporary folder)."""
    folder = Path(tempfile.mkdtemp(prefix="kexin-bench-", dir=parent))
    port = free_ports()
    for name in ("DATABASE_URL", "KEYRING_DATABASE_URL", "KEXIN_ORIGIN", "KEXIN_STATIC", "KEXIN_WITNESS_URL"):
        os.environ.pop(name, None)
    os.environ.update(
        KEXIN_HOME=str(folder), KEXIN_PORT=str(port), KEXIN_ROLE="web", DJANGO_SETTINGS_MODULE="kexin.site.settings"
    )
    from kexin.site import launcher
    from kexin.site.instance import Instance

    sockets: set[Path] = set()
    try:
        instance = Instance(folder)
        instance.create(embedded=True)
        with launcher.clusters(instance) as running:
            sockets.update(cluster.sockets for cluster in running)
            launcher.set_up(instance, demo=False)
            import django

            django.setup()
            from django.db import connections

            try:
                yield _peopled(instance, port)
            finally:
                connections.close_all()
    finally:
        for path in (folder, *sockets):
            shutil.rmtree(path, ignore_errors=True)


def _peopled(instance: Instance, port: int) -> Installation:
    """The retail rulebook in force, four members of staff, one token."""
    from kexin.foundation.caller import Caller
    from kexin.foundation.clock import now
    from kexin.people import operations as people
    from kexin.regime import operations as regime

    setup = Caller.for_service("setup", cause="bench")
    book = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    regime.install_rulebook(setup, source=book)
    callers = {}
    for role, purpose in (("sales", "presale"), ("steward", "rights"), ("dpo", "governance"), ("head", "governance")):
        person = people.create_person(setup, staff_no=f"B{role}"[:12], name="测速", password=None)
        people.assign_role(setup, person=person, role=role)
        callers[role] = caller_of(person, purpose)
    token = people.create_token(
        setup, person=callers["sales"].id, label="bench", purposes=("presale",), expires_at=now() + timedelta(days=1)
    )
    return Installation(
        instance=instance, port=port, sales=callers["sales"], steward=callers["steward"], officer=callers["dpo"],
        head=callers["head"], token=token.secret,
    )  # fmt: skip


def caller_of(person: uuid.UUID, purpose: str) -> Caller:
    """A member of staff as the Caller of this moment."""
    from kexin.people import queries

    return queries.caller_of(person, purpose=purpose, cause="bench")


@contextmanager
def served(house: Installation) -> Iterator[None]:
    """The whole product as `kexin run` starts it: witness, sequencer, worker, two web processes."""
    from kexin.site.launcher import House

    running = House(house.instance, port=house.port, say=lambda line: print(line, file=sys.stderr))
    try:
        running.start()
        yield
    finally:
        running.stop()
