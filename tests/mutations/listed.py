"""The list of mutations as data: what is taken away, where, which tests notice, which duties of law it breaks."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LISTS = Path(__file__).resolve().parent
PAGE = ROOT / "docs" / "mutations.md"
SOURCE = "src/kexin/"

_HEAD = """# Mutations: enforcement taken away on purpose

Each line is one edit that takes an enforcement away, and the tests that go red. Generated from `tests/mutations/*.toml`
by `make docs`; `make torture` makes every edit in a copy of the tree and fails when a named test stays green, and
`make test` fails when an edit no longer fits the source or a named test is gone. A duty of law named behind an edit
counts as enforced: breaking its enforcement turns the test red that `obligations.yaml` names for it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """``old`` stands exactly once in ``file`` (from `src/kexin`) and becomes ``new``."""

    file: str
    old: str
    new: str

    @property
    def path(self) -> str:
        """The file from the root of the tree."""
        return SOURCE + self.file

    def applied(self, text: str) -> str:
        """The file with this edit. Raises ValueError where the old text is not there exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"the old text stands {text.count(self.old)} times in {self.path}: {self.old!r}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One enforcement taken away, by one edit or by some that belong together (both sides of a binding). ``red``: every
    one of these tests must fail; ``duties``: ids of obligations that this leaves unenforced."""

    room: str
    words: str
    edits: tuple[Edit, ...]
    red: tuple[str, ...]
    duties: tuple[str, ...] = ()


@cache
def mutations() -> tuple[Mutation, ...]:
    """All of them, room by room."""
    found = []
    for path in sorted(LISTS.glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]:
            first = {key: row.pop(key) for key in ("file", "old", "new")}
            edits = (Edit(**first), *(Edit(**{"file": first["file"], **more}) for more in row.pop("also", ())))
            red = tuple(test if test.startswith("tests/") else SOURCE + test for test in row.pop("red"))
            duties = tuple(row.pop("duties", ()))
            found.append(Mutation(room=path.stem, edits=edits, red=red, duties=duties, **row))
    return tuple(found)


def unfit(mutation: Mutation) -> Iterator[str]:
    """Why these edits prove nothing any more: the source moved on, or what they name is gone."""
    for edit in mutation.edits:
        path = ROOT / edit.path
        try:
            edited = edit.applied(path.read_text(encoding="utf-8"))
            if path.suffix == ".py":
                ast.parse(edited)
        except (OSError, ValueError, SyntaxError) as error:
            yield f"{mutation.words}: {error}"
        if edit.old == edit.new:
            yield f"{mutation.words}: changes nothing"
    if not mutation.red:
        yield f"{mutation.words}: names no test"
    yield from (f"{mutation.words}: no test {test}" for test in mutation.red if not _exists(test))


def node(test: str) -> str:
    """A test without the parameter that it names: ``test_x[a]`` -> ``test_x``."""
    return test.partition("[")[0]


def _exists(test: str) -> bool:
    path, *names = node(test).split("::")
    scope: list[ast.stmt] = _parsed(path)
    for name in names:
        found = [one for one in scope if isinstance(one, ast.FunctionDef | ast.ClassDef) and one.name == name]
        if not found:
            return False
        scope = found[0].body
    return bool(names)


@cache
def _parsed(path: str) -> list[ast.stmt]:
    file = ROOT / path
    return ast.parse(file.read_text(encoding="utf-8")).body if file.is_file() else []


def page() -> str:
    """docs/mutations.md."""
    lines = [_HEAD]
    for room in dict.fromkeys(one.room for one in mutations()):
        lines.append(f"\n## {room}\n\n")
        for one in mutations():
            if one.room == room:
                tests = ", ".join(f"`{test.removeprefix(SOURCE)}`" for test in one.red)
                duties = f" · {', '.join(one.duties)}" if one.duties else ""
                files = ", ".join(dict.fromkeys(f"`{edit.file}`" for edit in one.edits))
                lines.append(f"- {one.words} ({files}) → {tests}{duties}\n")
    return "".join(lines)
