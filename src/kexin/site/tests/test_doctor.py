"""Faults that the doctor names, and what `demo-reset` throws away and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kexin.site import doctor
from kexin.site.instance import Instance

pytestmark = pytest.mark.no_db
UNUSED_PORT = 1


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="kexin-test-") as name:
        made = Instance(Path(name) / "home")
        made.create(embedded=True)
        monkeypatch.delenv("KEXIN_PG_BIN", raising=False)
        yield made


def _remedies(instance: Instance) -> str:
    return "\n".join(one.remedy for one in doctor.examine(instance, port=UNUSED_PORT) if not one.ok)


def test_a_missing_installation_is_named(tmp_path: Path) -> None:
    assert "kexin setup" in _remedies(Instance(tmp_path / "nothing"))


def test_an_open_secret_is_named(instance: Instance) -> None:
    for cluster in ("main", "keyring"):
        instance.place(cluster, host=str(instance.run), port=1, name="kexin")
    secret = instance.secrets / "django"
    assert "chmod 600" not in _remedies(instance)
    secret.chmod(0o644)
    assert f"chmod 600 {secret}" in _remedies(instance)


def test_binaries_that_are_missing_and_databases_that_are_down_are_named(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cluster in ("main", "keyring"):
        instance.place(cluster, host=str(instance.run), port=1, name="kexin")
    monkeypatch.setenv("KEXIN_PG_BIN", "/nowhere")
    found = _remedies(instance)
    assert "KEXIN_PG_BIN=/nowhere holds no" in found
    assert "start it with `kexin run`" in found


def _reset(instance: Instance) -> dict[str, object]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "kexin.site.cli", "demo-reset", "--json"], env={**kept, "KEXIN_HOME": str(instance.folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    answer: dict[str, object] = json.loads(done.stdout)
    return {**answer, "code": done.returncode}


def test_a_demo_is_thrown_away_and_a_real_installation_never(instance: Instance) -> None:
    data = instance.folder / "pg" / "main"
    data.mkdir(parents=True)
    for born in (None, False):
        if born is not None:
            instance.remember(demo=born)
        answer = _reset(instance)
        assert answer["code"] == 1 and "was not born as a demo" in str(answer["detail"])
        assert data.exists()
    instance.remember(demo=True)
    assert _reset(instance)["reset"] is True
    assert [path.name for path in instance.folder.iterdir()] == ["run"]
    assert _reset(instance)["reset"] is False
