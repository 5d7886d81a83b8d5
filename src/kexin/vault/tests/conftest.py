"""What every test of the vault starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from kexin.evidence import operations as evidence
from kexin.vault import keys
from kexin.vault.tests import worlds


@pytest.fixture
def house(db: Any) -> Iterator[None]:
    """The retail rulebook in force, in databases that are rolled back; no key of another test in memory."""
    keys.forget()
    worlds.rulebook_in_force()
    yield
    keys.forget()


@pytest.fixture
def open_house(fresh_db: Any) -> Iterator[Any]:
    """The same in committed databases of this test's own."""
    keys.forget()
    worlds.rulebook_in_force()
    yield fresh_db
    keys.forget()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every entry that was really noted, in order; web itself may not read the intake."""
    seen: list[Any] = []
    real = evidence.note_now

    def spy(caller: Any, entry: Any) -> Any:
        noted = real(caller, entry)
        seen.append(entry)
        return noted

    monkeypatch.setattr(evidence, "note_now", spy)
    return seen


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Subject keys that were asked for."""
    seen: list[Any] = []
    real = keys.fetch

    def spy(refs: Any) -> Any:
        seen.extend(refs)
        return real(refs)

    monkeypatch.setattr(keys, "fetch", spy)
    return seen


@pytest.fixture
def as_worker(open_house: Any) -> Iterator[Any]:
    """The worker's rights in the keyring: only it moves and re-wraps keys."""
    before = dict(connections["keyring"].settings_dict)
    address = open_house.instance.address("keyring", "worker")
    connections["keyring"].close()
    connections["keyring"].settings_dict.update(USER=address.user, PASSWORD=address.password)
    yield open_house
    connections["keyring"].close()
    connections["keyring"].settings_dict.update(USER=before["USER"], PASSWORD=before["PASSWORD"])


@pytest.fixture
def ledger_down(monkeypatch: pytest.MonkeyPatch) -> Callable[[], type[Exception]]:
    """From the call on no line can be written; answers what is then raised."""

    class LedgerDown(Exception):
        pass

    def down(caller: Any, entry: Any) -> Any:
        raise LedgerDown

    def begin() -> type[Exception]:
        monkeypatch.setattr(evidence, "note_now", down)
        return LedgerDown

    return begin
