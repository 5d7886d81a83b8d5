"""Who sits in front of the rulebook's pages."""

from __future__ import annotations

import pytest

from kexin.chapters.compliance.tests.test_pages import Seat
from kexin.vault.tests import views


@pytest.fixture
def officer() -> Seat:
    views.put_in_force()
    return Seat("dpo", name="王敏")


@pytest.fixture
def head(officer: Seat) -> Seat:
    return Seat("head", name="周立群")
