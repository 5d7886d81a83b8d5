"""Bad input by number: each item below is fed to the product by at least one test that says so.

A test says it with ``@pytest.mark.bad_input(47)`` (or in a module's ``pytestmark``, or in ``pytest.param(…, marks=…)``).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import tree

pytestmark = pytest.mark.no_db

#: Number -> what it is. A number without a test is named here by a failing test.
ITEMS: dict[int, str] = {
    1: "nothing but spaces, wide spaces, zero-width signs",
    2: "a megabyte of text, ten thousand characters",
    3: "NUL",
    4: "lone surrogates",
    5: "right-to-left override and isolates",
    6: "a flood of combining marks",
    7: "emoji families, variation selectors, rare four-byte characters of names",
    8: "full-width and Arabic-Indic digits",
    9: "homoglyphs and case folding",
    10: "composed and decomposed twins",
    11: "long, short and dotted names, the surname Null",
    12: "script, markup, template signs",
    13: "SQL and LIKE signs",
    14: "formulas of spreadsheets",
    15: "CRLF in values, names of files, redirects and headers",
    16: "paths, devices, long file names",
    17: "identity numbers",
    18: "phone numbers",
    19: "mail addresses",
    20: "dates",
    21: "numbers",
    22: "truth values; an absent consent is never a yes",
    23: "a form's key twice",
    24: "fields that the form does not have",
    25: "double submit, the back button after signing out, two people on one page",
    30: "ids of every wrong form",
    31: "limits, offsets, forged and borrowed cursors",
    32: "sort keys, field lists, expansions",
    33: "filter, sort and search as an oracle",
    34: "tokens of every wrong form",
    35: "keys of repeated requests",
    36: "one bad row among many, a row twice, merges in a circle",
    41: "encodings of text tables",
    42: "delimiters, quotes, endless lines, NUL, thousands of columns",
    43: "headers",
    44: "digits lost to a spreadsheet",
    45: "leading zeros, serial dates, error cells, formulas",
    46: "archives that are bombs or lie",
    47: "dimensions, sheets, styles, shared strings, merged and hidden cells",
    48: "entities, links, macros, objects, pictures, disguises",
    49: "names and extensions that lie",
    50: "a file twice, erased people in it, two consents of one person, consent in many spellings",
    51: "an import killed, cancelled, out of disk, beside another one",
    52: "files of ours opened by a spreadsheet",
    63: "YAML that is not what it looks like",
    64: "keys and rules of a rulebook that are wrong",
    65: "retention, purposes, circles, locking oneself out",
}

#: What no test feeds yet, as it stands: a whole item, or the part of one. May only get shorter.
OWED: dict[int, str] = {
    50: "suppressed phones in a file (there is no suppression list before messages are sent)",
}


def _marks(node: ast.AST) -> Iterator[int]:
    """Numbers in every ``pytest.mark.bad_input(…)`` below a node."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "pytest.mark.bad_input":
            for argument in one.args:
                assert isinstance(argument, ast.Constant) and isinstance(argument.value, int), ast.unparse(one)
                yield argument.value


def marked(path: Path) -> Iterator[tuple[int, str]]:
    """Item and test of one file. What is skipped or only runs in `make torture` does not count."""
    module = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    tests = [one for one in module.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")]
    general = [
        number
        for one in module.body
        if isinstance(one, ast.Assign) and "pytestmark" in {ast.unparse(target) for target in one.targets}
        for number in _marks(one)
    ]
    for test in tests:
        decorators = " ".join(ast.unparse(one) for one in test.decorator_list)
        if "mark.slow" in decorators or "mark.skip" in decorators:
            continue
        for number in [*general, *(number for one in test.decorator_list for number in _marks(one))]:
            yield number, f"{tree.name(path)}::{test.name}"


def covered() -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for root in (tree.SOURCE, tree.ROOT / "tests"):
        for path in sorted(root.rglob("test_*.py")):
            for number, test in marked(path):
                found[number].append(test)
    return found


def test_every_item_of_bad_input_has_a_test() -> None:
    found = covered()
    missing = [f"{number}: {words}" for number, words in ITEMS.items() if not found[number] and number not in OWED]
    assert not missing, "bad input that no test feeds:\n" + "\n".join(missing)
    unknown = {number: tests for number, tests in found.items() if number not in ITEMS and tests}
    assert not unknown, f"marked, but not among the items: {unknown}"


def test_what_is_owed_may_only_get_shorter() -> None:
    found = covered()
    paid = [number for number, words in OWED.items() if words == "all of it" and found[number]]
    assert not paid, f"tested now, so strike or narrow it in OWED: {paid}"
    assert len(OWED) <= 1
