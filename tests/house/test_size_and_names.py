"""Small rooms: files, functions and names; and what may never stand in a page or a log."""

from __future__ import annotations

import ast
import re

from tests.house import tree

LONGEST_FILE, LONGEST_FUNCTION = 400, 70
#: The stand-alone verifier is one file on purpose: an outsider reads it whole. It may have 500 lines.
ONE_FILE = {"src/kexin/evidence/verifier.py": 500}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "extras"}


def test_no_file_is_too_long() -> None:
    wrong = []
    for folder in ("src", "tests", "tools", "bench"):
        for path in sorted((tree.ROOT / folder).rglob("*.py")):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > ONE_FILE.get(tree.name(path), LONGEST_FILE) and "migrations" not in path.parts:
                wrong.append(f"{tree.name(path)}: {lines} lines; a door becomes a package of the same name")
    assert not wrong, "\n".join(wrong)


def test_no_function_is_too_long() -> None:
    wrong = []
    for path, module in tree.modules(tests=True):
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    wrong.append(f"{tree.name(path)}:{node.lineno} {node.name}: {lines} lines")
    assert not wrong, "\n".join(wrong)


def test_no_catch_all_names() -> None:
    wrong = [tree.name(path) for path in tree.SOURCE.rglob("*") if path.stem in FORBIDDEN_NAMES and "vendor" not in path.parts]
    assert not wrong, f"name it after what it does: {wrong}"


def test_modules_open_with_what_they_are_for() -> None:
    wrong = [
        tree.name(path)
        for path, module in tree.modules()
        if module.body and ast.get_docstring(module) is None
    ]  # fmt: skip
    assert not wrong, f"one line saying what it is for: {wrong}"


def test_no_signals_no_plain_test_cases() -> None:
    wrong = []
    for path, module in tree.modules(tests=True):
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("django.dispatch", "django.db.models.signals")):
                wrong.append(f"{tree.name(path)}:{node.lineno}: call the verb instead of a signal")
            if isinstance(node, ast.Name | ast.Attribute):
                called = node.id if isinstance(node, ast.Name) else node.attr
                if called in ("TransactionTestCase", "LiveServerTestCase"):
                    wrong.append(f"{tree.name(path)}:{node.lineno}: use the fixture fresh_db")
    assert not wrong, "\n".join(wrong)


def test_migrations_import_no_application_code() -> None:
    wrong = []
    for path, module in tree.modules(migrations=True):
        if "migrations" not in path.parts:
            continue
        for node in ast.walk(module):
            named = node.module if isinstance(node, ast.ImportFrom) else None
            if named and named.startswith("kexin") and ".migrations" not in named:
                wrong.append(f"{tree.name(path)}:{node.lineno} imports {named}: tomorrow's code will not fit")
    assert not wrong, "\n".join(wrong)


PAGE_BANS = {
    r"\sstyle\s*=": "no style attributes: the content security policy drops them; use a class",
    r"<style\b": "no inline style sheets",
    r"<script(?![^>]*\bsrc=)[^>]*>": "no inline scripts",
    r"\son[a-z]+\s*=\s*[\"']": "no event attributes; say data-… and let a script file listen",
    r"\bhx-on\b": "no hx-on: it evaluates text",
    r"hx-vals\s*=\s*[\"']js:": "no computed hx-vals: it evaluates text",
    r"\|\s*safe\b": "no |safe: text of a person stays text",
    r"{%\s*autoescape\s+off": "no autoescape off",
    r"https?://(?!www\.w3\.org)": "no address of another host in a page",
}


def test_pages_keep_the_content_security_policy() -> None:
    wrong = []
    for path, text in tree.templates():
        bare = re.sub(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", "", text, flags=re.DOTALL)
        for pattern, why in PAGE_BANS.items():
            if re.search(pattern, bare, re.IGNORECASE):
                wrong.append(f"{tree.name(path)}: {why}")
    assert not wrong, "\n".join(wrong)


def test_python_makes_no_text_safe() -> None:
    wrong = [
        f"{tree.name(path)}:{node.lineno}: build markup in a template (or with format_html)"
        for path, module in tree.modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) in ("mark_safe", "SafeString", "csrf_exempt")
        and "foundation/ui" not in tree.name(path)
        # Django's documented pattern for an upload that is sealed while it arrives: the handler is set in an exempt
        # outer view before the body is read, and the inner view that does the work is `csrf_protect`ed.
        and tree.name(path) != "src/kexin/chapters/collection/pages.py"
    ]
    assert not wrong, "\n".join(wrong)
