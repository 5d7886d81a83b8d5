"""A folder for an installation that is set up on servers of somebody else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kexin-test-") as name:
        yield Path(name) / "home"
