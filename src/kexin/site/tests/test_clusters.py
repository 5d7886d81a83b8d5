"""The embedded clusters: made, stopped, killed and started again; and the launcher that holds them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kexin.site import launcher
from kexin.site.instance import Instance, NotInstalled, parse_url
from kexin.site.postgres import Cluster, _serves

pytestmark = pytest.mark.no_db


@pytest.fixture
def instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="kexin-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        made = Instance(folder / "home")
        made.create(embedded=True)
        yield made


def _count(cluster: Cluster) -> int:
    with psycopg.connect(cluster.admin_url()) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_a_cluster_survives_kill_and_a_lost_launcher(instance: Instance) -> None:
    first = Cluster(instance, "main")
    first.start()
    with psycopg.connect(first.admin_url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 100)")
        shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("listen_addresses", "data_checksums")}
    assert shown == {"listen_addresses": ("",), "data_checksums": ("on",)}
    assert first.process is not None
    first.process.kill()
    first.process.wait()
    second = Cluster(instance, "main")
    second.start()
    assert _count(second) == 100
    # The launcher is gone without a word; its server still runs.
    left, second.process = second.process, None
    third = Cluster(instance, "main")
    third.start()
    assert left is not None
    assert left.wait(timeout=10) is not None
    assert _count(third) == 100
    third.stop()


def test_a_pid_file_that_names_a_stranger_is_forgotten(instance: Instance) -> None:
    cluster = Cluster(instance, "keyring")
    cluster.start()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")
    assert not _serves(os.getpid(), cluster.data)
    cluster.start()
    cluster.stop()


def test_a_password_is_asked_for_and_the_log_tells_no_values(instance: Instance) -> None:
    cluster = Cluster(instance, "main")
    cluster.start()
    try:
        wrong = psycopg.conninfo.make_conninfo(cluster.admin_url(), password="wrong")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(wrong)
        with psycopg.connect(cluster.admin_url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE one (phone text UNIQUE)")
            for _ in range(2):
                try:
                    connection.execute("INSERT INTO one VALUES (%s)", ["13812345678"])
                except psycopg.errors.UniqueViolation:
                    continue
            with pytest.raises(psycopg.errors.SyntaxError):
                connection.execute("SELEKT '13812345678'")
    finally:
        cluster.stop()
    assert b"13812345678" not in cluster.log.read_bytes()


def test_secrets_are_private_and_stable(instance: Instance) -> None:
    before = {path.name: path.read_text() for path in instance.secrets.iterdir()}
    instance.create(embedded=True)
    assert {path.name: path.read_text() for path in instance.secrets.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in instance.secrets.iterdir()} == {0o600}
    with pytest.raises(NotInstalled, match="kexin setup"):
        Instance(instance.folder / "elsewhere").read_record()


def test_a_variable_never_exchanges_the_databases_of_a_finished_installation(instance: Instance) -> None:
    instance.create(embedded=False)  # nothing is set up yet: a first try may have failed
    instance.create(embedded=True)
    instance.remember(demo=False)
    with pytest.raises(NotInstalled, match="in its own databases"):
        instance.create(embedded=False)
    Instance(instance.folder / "elsewhere").create(embedded=False)
    instance.create(embedded=True)
    assert instance.read_record()["demo"] is False


def test_addresses_are_read_and_never_shown() -> None:
    address = parse_url("postgresql://boss:p%40ss@db.example:6432/kexin?sslmode=verify-full")
    assert (address.host, address.port, address.name, address.user, address.password) == (
        "db.example", 6432, "kexin", "boss", "p@ss",
    )  # fmt: skip
    assert "p@ss" not in repr(address)
    assert psycopg.conninfo.conninfo_to_dict(address.url())["sslmode"] == "verify-full"


def test_two_launchers_do_not_share_a_folder(instance: Instance) -> None:
    refused = pytest.raises(launcher.AlreadyRuns, match=str(os.getpid()))
    with launcher.alone(instance), refused, launcher.alone(instance):
        pass
    with launcher.alone(instance):
        pass


def _free_port() -> int:
    for _ in range(50):
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return int(port)
    raise AssertionError("no two free ports in a row")


def _start(instance: Instance, port: int, *words: str) -> tuple[subprocess.Popen[bytes], float]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "DJANGO_"))}
    environment = {**kept, "KEXIN_HOME": str(instance.folder), "KEXIN_PORT": str(port), "KEXIN_WEB_WORKERS": "1"}
    began = time.monotonic()
    command = [sys.executable, "-m", "kexin.site.cli", "run", "--json", *words]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    while time.monotonic() - began < 120:
        seen = launcher.health(port)
        if seen and seen["status"] == "ok":
            return process, time.monotonic() - began
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        time.sleep(0.2)
    process.kill()
    raise AssertionError("kexin run does not come up")


def _rulebook(instance: Instance) -> list[dict[str, Any]]:
    """The versions that a running installation has, once there are any."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        answer = launcher._as_web(instance, "rulebook", "list")
        if answer.returncode == 0 and (found := json.loads(answer.stdout.splitlines()[-1])["versions"]):
            return list(found)
        time.sleep(0.5)
    return []


def _alive(instance: Instance) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            zombie = ") Z " in (folder / "stat").read_text()
        except OSError:
            continue
        if str(instance.folder).encode() in text and not zombie:
            found.append(folder.name)
    return found


def _all_gone(instance: Instance, *, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not _alive(instance):
            return True
        time.sleep(0.2)
    return False


@pytest.mark.timeout(300)
def test_run_stops_on_a_signal_survives_kill_and_starts_again(instance: Instance) -> None:
    port = _free_port()
    process, _took = _start(instance, port, "--rulebook", "small")
    seen: Any = launcher.health(port)
    (first,) = _rulebook(instance)
    assert (first["number"], first["state"], first["signatures"]) == (1, "in_force", 1)
    assert set(seen["parts"]) == {"web", "database", "keyring", "worker", "sequencer", "evidence"}
    process.kill()
    process.communicate()
    assert _all_gone(instance, within_s=30), "kill -9 of the launcher must leave nothing running"
    process, took_s = _start(instance, port, "--rulebook", "retail")
    assert took_s < 20
    assert [row["sha256"] for row in _rulebook(instance)] == [first["sha256"]], "only the first rulebook is installed"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=40)
    assert process.returncode == 0
    assert _all_gone(instance, within_s=5)
    assert json.loads(instance.record.read_text())["demo"] is False
