"""The databases a test gets, and the fences around them."""

from __future__ import annotations

import socket

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction

from kexin.site import health, power, testing
from kexin.site.models import Birth


def test_tests_run_as_web() -> None:
    for alias in ("default", "evidence", "keyring"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("kexin_web",)


def test_web_is_not_too_powerful() -> None:
    power.refuse_excess()


def test_web_cannot_say_the_installation_is_a_demo() -> None:
    assert Birth.objects.get().demo is False
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Birth.objects.update(demo=True)


def test_network_is_closed() -> None:
    with pytest.raises(ConnectionRefusedError, match="no network"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_fresh_databases_are_committed_and_seen_by_other_roles(fresh_db: testing.Fresh) -> None:
    with fresh_db.connect("worker") as worker:
        worker.execute("INSERT INTO site_heartbeat VALUES ('worker', now())")
    assert health._process("worker").ok
    assert not health._process("sequencer").ok


def test_not_even_the_owner_changes_a_birth(fresh_db: testing.Fresh) -> None:
    for statement in ("UPDATE site_birth SET demo = true", "DELETE FROM site_birth", "TRUNCATE site_birth"):
        with fresh_db.connect("owner") as owner, pytest.raises(psycopg.errors.RaiseException, match="never changes"):
            owner.execute(statement)


def test_owner_and_superuser_are_refused(fresh_db: testing.Fresh) -> None:
    web = connections["default"].settings_dict.copy()
    try:
        for role in ("owner", "admin"):
            address = fresh_db.instance.address("main", role)
            connections["default"].close()
            connections["default"].settings_dict.update(USER=address.user, PASSWORD=address.password)
            with pytest.raises(power.TooPowerful):
                power.refuse_excess()
    finally:
        connections["default"].close()
        connections["default"].settings_dict.update(web)
