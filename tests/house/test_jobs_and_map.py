"""Jobs carry ids only; the map tells the truth; every sentence exists in both languages."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import types

import pytest

from tests.house import tree

pytestmark = pytest.mark.no_db

#: What a job's argument may be annotated with. Text is a code or an id as text; foundation.jobs checks it at run time.
WIRE = {"str", "int", "bool", "None", "UUID", "uuid.UUID", "list[str]", "list[int]"}


def _tool(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, tree.ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_jobs_take_a_caller_and_ids() -> None:
    wrong = []
    for path, module in tree.modules():
        for node in ast.walk(module):
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = [mark.func for mark in node.decorator_list if isinstance(mark, ast.Call)]
            if not any(isinstance(mark, ast.Name) and mark.id == "job" for mark in marks):
                continue
            arguments = [*node.args.args, *node.args.kwonlyargs]
            if not arguments or arguments[0].arg != "caller":
                wrong.append(f"{tree.name(path)}:{node.lineno} {node.name}: the first argument is `caller`")
            wrong += [
                f"{tree.name(path)}:{node.lineno} {node.name}({one.arg}): ids, numbers, flags and codes only"
                for one in arguments[1:]
                if one.annotation is None or not set(ast.unparse(one.annotation).split(" | ")) <= WIRE
            ]
    assert not wrong, "\n".join(wrong)


def test_the_worker_knows_every_job() -> None:
    """A verb marked `@job` whose room has no jobs.py is queued and never done: the worker loads jobs.py files alone."""
    wanted = {
        str(ast.literal_eval(keyword.value))
        for _path, module in tree.modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "job"
        for keyword in node.keywords
        if keyword.arg == "name"
    }
    program = (
        "import django; django.setup();"
        "from procrastinate.contrib.django import app; app.perform_import_paths(); print('\\n'.join(app.tasks))"
    )
    environment = {**os.environ, "KEXIN_ROLE": "", "DJANGO_SETTINGS_MODULE": "kexin.site.settings"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    missing = wanted - set(done.stdout.split())
    assert wanted and not missing, f"no worker knows {sorted(missing)}: name them in the room's jobs.py"


def test_only_foundation_makes_tasks() -> None:
    """A task made past `foundation.jobs` would carry whatever it likes."""
    wrong = [
        f"{tree.name(path)}:{node.lineno}: use kexin.foundation.jobs.job"
        for path, module in tree.modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr in ("task", "defer", "defer_async", "configure")
        and isinstance(node.value, ast.Name) and node.value.id in ("queue", "app", "procrastinate")
        and "foundation" not in path.parts and path.name != "jobs.py"  # the timetable names times, not people
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)


def test_the_map_is_true() -> None:
    house_map = _tool("house_map")
    assert house_map.MAP.read_text(encoding="utf-8") == house_map.text(), "run `make docs`"


def test_every_sentence_exists_in_english() -> None:
    found = _tool("messages").missing()
    rows = [f"{tree.name(path)}:{line}: {text!r}" for path, rows in found.items() for line, text in rows]
    assert not rows, "translate them in the room's locale/en/LC_MESSAGES/django.po:\n" + "\n".join(rows)
