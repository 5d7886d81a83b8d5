"""What every test of the vault starts from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

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
