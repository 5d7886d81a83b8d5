"""What every test has: databases of its own process, rolled back after each test, and a closed network."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kexin.site import testing
from kexin.site.pytest_plugin import INSTANCE

DATABASES = ["default", "evidence", "keyring"]


JOURNEYS = Path(__file__).resolve().parent / "tests" / "journeys"
WITHOUT_BROWSER = os.environ.get("KEXIN_NO_BROWSER") == "1"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """KEXIN_NO_BROWSER=1 leaves the journeys out; the last line says so."""
    return True if WITHOUT_BROWSER and JOURNEYS in (collection_path, *collection_path.parents) else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Put what was left out into pytest's own closing line."""
    if WITHOUT_BROWSER:
        left_out = [SimpleNamespace() for _ in JOURNEYS.glob("test_*.py")]
        terminalreporter._add_stats("journeys left out (KEXIN_NO_BROWSER=1)", left_out)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test may use the three connections; they are rolled back. `fresh_db` brings databases of its own."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            # Tests of one file share what they built; the journeys, in many files, share one installation.
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
        fixtures = getattr(item, "fixturenames", ())
        if item.get_closest_marker("django_db") is None and "fresh_db" not in fixtures and "no_db" not in item.keywords:
            item.add_marker(pytest.mark.django_db(databases=DATABASES))


@pytest.fixture(scope="session")
def clusters() -> Iterator[testing.Clusters]:
    """The two PostgreSQL clusters of this process."""
    running = testing.Clusters(INSTANCE)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def django_db_setup(clusters: testing.Clusters, django_db_blocker: Any) -> Iterator[None]:
    """Instead of pytest-django's own: the databases exist already, migrated, with the rights of production."""
    from django.db import connections

    with django_db_blocker.unblock():
        clusters.point(testing.DATABASE_NAMES)
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture
def fresh_db(clusters: testing.Clusters, django_db_setup: None, django_db_blocker: Any) -> Iterator[testing.Fresh]:
    """Two committed databases for this test alone: real commits, other roles (`.connect("sequencer")`), processes."""
    with django_db_blocker.unblock(), testing.fresh(clusters) as databases:
        yield databases


_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    inside = self.family == socket.AF_UNIX or str(address[0]) in ("127.0.0.1", "::1", "localhost")
    if not inside:
        raise ConnectionRefusedError(f"tests have no network: {address!r}")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def closed_network() -> Iterator[None]:
    """Nothing leaves the machine from a test; adapters have null twins."""
    socket.socket.connect = _loopback_only  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]
