"""A copy of the tree in which one edit at a time is made, tested, and taken back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kexin.site import testing
from tests.mutations.listed import ROOT, Mutation

FOLDER = ROOT / "build" / "mutations"
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "build", "dist", "node_modules")
#: An edit of these makes other databases than those lent to the others.
_OWN_DATABASES = re.compile(r"/migrations/|grants\.py$|site/(setup|postgres|instance)\.py$")
_LINE = re.compile(r"^(FAILED|ERROR) (.+?)(?: - .*)?$")
#: A whole run of pytest; a test that hangs is ended by its own timeout long before.
_LONGEST_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one run. ``missed``: tests that should be red and are not; ``broken``: it did not run at all."""

    missed: tuple[str, ...]
    broken: str
    seconds: float

    @property
    def red(self) -> bool:
        """Whether every named test noticed."""
        return not self.missed and not self.broken


class Copy:
    """The tree once more, and two running clusters that its tests borrow."""

    def __init__(self, number: int) -> None:
        self.folder = FOLDER / str(number)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(ROOT, self.folder, ignore=_LEFT_OUT)
        (self.folder / "build").symlink_to(ROOT / "build")
        self.instance = testing.enter()
        self.clusters = testing.Clusters(self.instance)

    def close(self) -> None:
        """Stop the clusters and remove the copy."""
        self.clusters.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def judge(self, mutation: Mutation) -> Verdict:
        """Make the edit, run the tests that it names, take it back."""
        own = any(_OWN_DATABASES.search(edit.path) for edit in mutation.edits)
        with self._edited(mutation):
            failed, broken, seconds = self._run(mutation.red, lent=not own)
        missed = tuple(test for test in mutation.red if not any(_is(test, one) for one in failed))
        return Verdict(missed=missed, broken=broken, seconds=seconds)

    def control(self, tests: Sequence[str]) -> list[str]:
        """Tests that are red in the copy without any edit: nothing is proved by those."""
        failed, broken, _seconds = self._run(tests, lent=True)
        return [*failed, *([broken] if broken else [])]

    @contextmanager
    def _edited(self, mutation: Mutation) -> Iterator[None]:
        before = {path: path.read_text(encoding="utf-8") for path in (self.folder / edit.path for edit in mutation.edits)}
        try:
            for edit in mutation.edits:
                path = self.folder / edit.path
                _write(path, edit.applied(path.read_text(encoding="utf-8")))
            yield
        finally:
            for path, text in before.items():
                _write(path, text)

    def _run(self, tests: Sequence[str], *, lent: bool) -> tuple[list[str], str, float]:
        """Failed tests, why it did not run (""), seconds."""
        # `kexin` of the copy comes before the installed one.
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src")}
        if lent:
            environment[testing.LENT] = str(self.instance.folder)
        options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--tb=line", "--show-capture=no", "-rfE", "--timeout", "300"]
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *(["-x"] if len(tests) == 1 else []), *tests],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=_LONGEST_S,
        )  # fmt: skip
        found = [match.groups() for line in done.stdout.splitlines() if (match := _LINE.match(line))]
        failed = [test for kind, test in found if kind == "FAILED"]
        errors = [test for kind, test in found if kind == "ERROR" and test not in failed]
        ran = done.returncode in (0, 1) and not errors
        return failed, "" if ran else (done.stdout[-2000:] + done.stderr[-2000:]), time.monotonic() - began


def _is(named: str, seen: str) -> bool:
    """Whether a line of pytest is about the named test, one of its parameters or one test of a named class."""
    return seen == named or seen.startswith((f"{named}[", f"{named}::"))


def _write(path: Path, text: str) -> None:
    """Write a file of the copy, and forget what was compiled from it."""
    path.write_text(text, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def judge(number: int, share: Sequence[Mutation]) -> int:
    """How many of these went unnoticed; each is said as it is known."""
    copy = Copy(number)
    try:
        if wrong := copy.control(sorted({test for one in share for test in one.red})):
            _say(f"red without any edit: {wrong}")
            return len(share)
        unnoticed = 0
        for one in share:
            verdict = copy.judge(one)
            unnoticed += not verdict.red
            state = "red" if verdict.red else "NOT RUN" if verdict.broken else "GREEN"
            _say(f"{state:8}{verdict.seconds:6.1f} s  {one.room}: {one.words}{_why(verdict.missed, verdict.broken)}")
        return unnoticed
    finally:
        copy.close()


def _why(missed: Sequence[str], broken: str) -> str:
    if broken:
        return f"\n{broken}"
    return "".join(f"\n         stayed green: {test}" for test in missed)


def _say(text: str) -> None:
    print(text, flush=True)
