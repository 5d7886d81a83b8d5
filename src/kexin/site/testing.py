"""Databases of the test run: one pair of clusters per process, started from a migrated copy kept under build/.

Loaded by pytest as a plugin before Django's settings, because they read KEXIN_HOME.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from kexin.site.instance import CLUSTERS, DATABASE_NAMES, SOCKET_PORTS, Instance

PACKAGE = Path(__file__).resolve().parent.parent
BUILD = PACKAGE.parent.parent / "build" / "tests"
PRISTINE = {cluster: f"{name}_pristine" for cluster, name in DATABASE_NAMES.items()}
#: Copies of older tables are kept for a while: neighbours on other branches may be using them.
KEEP_TEMPLATES = 6
#: Names the home of clusters that another process runs and lends: nothing is made, started or removed here.
LENT = "KEXIN_TEST_HOME"


def enter() -> Instance:
    """Point this process at an empty KEXIN_HOME of its own, before anything reads settings."""
    lent = os.environ.get(LENT, "")
    folder = Path(lent or tempfile.mkdtemp(prefix="kexin-test-"))
    os.environ.update(KEXIN_HOME=str(folder), KEXIN_ROLE="web", DJANGO_SETTINGS_MODULE="kexin.site.settings")
    os.environ["KEXIN_LANG"] = "en"
    for name in ("DATABASE_URL", "KEYRING_DATABASE_URL", "KEXIN_ORIGIN", "KEXIN_STATIC"):
        os.environ.pop(name, None)
    # Whitenoise warns about a missing folder, and warnings are errors here.
    (folder / "static").mkdir(exist_ok=True)
    instance = Instance(folder)
    if lent:
        return instance
    instance.create(embedded=True)
    for cluster in CLUSTERS:
        # Settings want an address now; the clusters are started when the first test asks for a database.
        instance.place(cluster, host=str(folder / "run" / "s"), port=SOCKET_PORTS[cluster], name=DATABASE_NAMES[cluster])
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)
    return instance


def fingerprint() -> str:
    """Hash of everything that decides what a fresh database looks like."""
    digest = hashlib.sha256("|".join(os.environ.get(name, "") for name in ("KEXIN_PG_BIN", "KEXIN_SUITE")).encode())
    for pattern in ("**/migrations/*.py", "**/grants.py", "site/setup.py", "site/postgres.py", "site/instance.py"):
        for path in sorted(PACKAGE.glob(pattern)):
            digest.update(str(path.relative_to(PACKAGE)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def template() -> Path:
    """A stopped, migrated installation to copy; made by a process of its own when tables or rights changed."""
    target = BUILD / fingerprint()
    with _only_one(BUILD / "lock"):
        if not (target / "done").exists():
            shutil.rmtree(target, ignore_errors=True)
            environment = {**os.environ, "KEXIN_HOME": str(target), "KEXIN_ROLE": "owner"}
            command = [sys.executable, "-m", "kexin.site.testing", str(target)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"the test databases cannot be made:\n{done.stdout}{done.stderr}")
        os.utime(target)
        _forget_old()
    return target


def _forget_old() -> None:
    found = sorted((path for path in BUILD.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in found[:-KEEP_TEMPLATES]:
        if time.time() - path.stat().st_mtime > 3600:
            shutil.rmtree(path, ignore_errors=True)


def make_template(folder: Path) -> None:
    """Set up a whole installation in ``folder``, keep a pristine copy of both databases, stop."""
    from kexin.site.postgres import Cluster

    instance = Instance(folder)
    instance.create(embedded=True)
    clusters = [Cluster(instance, name, durable=False) for name in CLUSTERS]
    try:
        for cluster in clusters:
            cluster.start()
        from kexin.site import setup

        setup.make_roles_and_databases(instance)
        import django

        django.setup()
        setup.prepare(instance, demo=False)
        from django.db import connections

        connections.close_all()
        for name in CLUSTERS:
            copy_database(instance, name, source=DATABASE_NAMES[name], target=PRISTINE[name])
    finally:
        for cluster in clusters:
            cluster.stop()
    (folder / "done").touch()


def copy_database(instance: Instance, cluster: str, *, source: str, target: str) -> None:
    """CREATE DATABASE … TEMPLATE: rows, rights and triggers come along; who may connect is said again."""
    from kexin.site import setup

    with psycopg.connect(instance.address(cluster, "admin").url(), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER kexin_owner STRATEGY FILE_COPY")
        connection.execute(statement.format(sql.Identifier(target), sql.Identifier(source)))
    setup.close_database(instance, cluster, target)


_PATIENT = "-c idle_in_transaction_session_timeout=0"


class Clusters:
    """The clusters of this test process."""

    def __init__(self, instance: Instance) -> None:
        from kexin.site.postgres import Cluster

        self.instance = instance
        self.clusters: list[Cluster] = []
        if os.environ.get(LENT):
            return
        source = template()
        for name in ("secrets", "evidence", "pg"):
            shutil.rmtree(instance.folder / name, ignore_errors=True)
            _copy_tree(source / name, instance.folder / name)
        self.clusters = [Cluster(instance, name, durable=False) for name in CLUSTERS]
        for cluster in self.clusters:
            cluster.start()

    def stop(self) -> None:
        """Stop both servers and remove their socket folder."""
        for cluster in self.clusters:
            cluster.stop()
            shutil.rmtree(cluster.sockets, ignore_errors=True)

    def point(self, names: dict[str, str]) -> None:
        """Let this process's three connections use the databases of those names."""
        from django.db import connections

        for alias, cluster in (("default", "main"), ("evidence", "main"), ("keyring", "keyring")):
            address = self.instance.address(cluster, "web")
            connections[alias].close()
            connections[alias].settings_dict.update(
                HOST=address.host, PORT=str(address.port), USER=address.user, PASSWORD=address.password,
                NAME=names[cluster],
            )  # fmt: skip
            # A test's outer transaction is open on all three while it works on one of them, on slow machines too.
            options = connections[alias].settings_dict["OPTIONS"]
            if _PATIENT not in options.get("options", ""):
                options["options"] = f"{options.get('options', '')} {_PATIENT}".strip()


def _copy_tree(source: Path, target: Path) -> None:
    # Ownership matters as root: the data belongs to the servers' user. No shell, no follow.
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


@dataclass(frozen=True, slots=True)
class Fresh:
    """Two committed databases of one test's own. Subprocesses find them through ``environment``."""

    instance: Instance
    names: dict[str, str]

    def url(self, role: str, cluster: str = "main") -> str:
        """libpq URL of that role ("admin" is the superuser) to this test's database."""
        url = self.instance.address(cluster, role).url()
        return psycopg.conninfo.make_conninfo(url, dbname=self.names[cluster])

    def connect(self, role: str, cluster: str = "main", *, autocommit: bool = True) -> psycopg.Connection:
        return psycopg.connect(self.url(role, cluster), autocommit=autocommit)

    def environment(self, role: str) -> dict[str, str]:
        """Environment of a process of the product that shall run as ``role`` on these databases."""
        variables = {"KEXIN_HOME": str(self.instance.folder), "KEXIN_ROLE": role}
        for cluster, variable in (("main", "DATABASE_URL"), ("keyring", "KEYRING_DATABASE_URL")):
            address = self.instance.address(cluster, "admin")
            variables[variable] = address.url().replace("/postgres?", f"/{self.names[cluster]}?")
        return {**os.environ, **variables}


@contextmanager
def fresh(clusters: Clusters) -> Iterator[Fresh]:
    """Copies of the pristine databases, dropped afterwards."""
    from django.db import connections

    suffix = uuid.uuid4().hex[:10]
    names = {cluster: f"{name}_{suffix}" for cluster, name in DATABASE_NAMES.items()}
    for cluster in CLUSTERS:
        copy_database(clusters.instance, cluster, source=PRISTINE[cluster], target=names[cluster])
    clusters.point(names)
    try:
        yield Fresh(clusters.instance, names)
    finally:
        connections.close_all()
        clusters.point(DATABASE_NAMES)
        for cluster in CLUSTERS:
            with psycopg.connect(clusters.instance.address(cluster, "admin").url(), autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(names[cluster])))


if __name__ == "__main__":
    make_template(Path(sys.argv[1]))
