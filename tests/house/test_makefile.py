"""What `make run` needs from a fresh machine, and what it says where that is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import tree

pytestmark = pytest.mark.no_db

OLD = "import sys; sys.version_info = (3, 10, 0)"
ABSENT = "raise ImportError"


def _python(folder: Path, **modules: str) -> Path:
    """A Python that finds these modules before its own."""
    folder.mkdir()
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    program = folder / "python3"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    program.chmod(0o755)
    return program


def _make(folder: Path, python: Path) -> subprocess.CompletedProcess[str]:
    shutil.copy(tree.ROOT / "Makefile", folder)
    command = ["make", ".venv/bin/python", f"PYTHON={python}"]
    return subprocess.run(command, cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("modules", [None, {"ensurepip": ABSENT}, {"venv": ABSENT}, {"sitecustomize": OLD}])
def test_without_a_usable_python_there_is_one_sentence_and_nothing_is_begun(tmp_path: Path, modules: dict[str, str] | None) -> None:
    python = _python(tmp_path / "bin", **modules) if modules is not None else tmp_path / "bin" / "python3"
    done = _make(tmp_path, python)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ")]
    assert done.returncode and len(said) == 1 and "apt install python3-venv" in said[0] and "客信" in said[0]
    assert not (tmp_path / ".venv").exists() and not done.stdout


def test_an_environment_that_broke_off_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    program = tmp_path / "python3"
    program.write_text('#!/bin/sh\ncase "$2" in venv) mkdir -p .venv/bin; touch .venv/bin/python; exit 1;; esac\n')
    program.chmod(0o755)
    assert _make(tmp_path, program).returncode and not (tmp_path / ".venv").exists()


def test_make_run_starts_no_program_that_a_fresh_machine_lacks() -> None:
    """Debian without anything has coreutils and mawk; everything else is taken from our own environment."""
    text = (tree.ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = re.findall(r"^\t@?(.+)$", text, re.MULTILINE)
    started = {re.split(r"[ /]", re.sub(r"^(?:[A-Z_]+=\S+ )+", "", line.strip()))[0] for line in recipes}
    assert started <= {"$(PYTHON)", "$(PY)", "$(PIP)", "$(VENV)", "exec", "echo", "test", "touch", "awk", "||"}
