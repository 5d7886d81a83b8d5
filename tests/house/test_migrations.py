"""Migrations stand alone: they say what a table became on one day, whatever the house looks like on another."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from tests.house import tree

pytestmark = pytest.mark.no_db


def test_migrations_import_nothing_of_the_house() -> None:
    """An imported default, model or constant would change old migrations whenever it changes."""
    wrong = []
    for path, module in tree.modules(migrations=True):
        if "migrations" not in path.relative_to(tree.SOURCE).parts:
            continue
        for node in ast.walk(module):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            relative = isinstance(node, ast.ImportFrom) and node.level
            if relative or any(name.split(".")[0] == "kexin" for name in names):
                wrong.append(f"{tree.name(path)}:{node.lineno}: write it out, or use kexin.foundation.fields in the model")
    assert not wrong, "\n".join(wrong)


def test_models_and_migrations_tell_the_same() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "django", "makemigrations", "--check", "--dry-run", "--skip-checks"]
    environment = {**os.environ, "KEXIN_ROLE": "", "DJANGO_SETTINGS_MODULE": "kexin.site.settings"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"a migration is missing:\n{done.stdout}{done.stderr}"
