"""What the product claims about the law: each claim names tests that exist, each gap says who closes it."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from kexin.regime.rulebook.obligations import AuditItem, Obligation, audit_items, obligations
from kexin.regime.tests import citations
from tests.house import tree

pytestmark = pytest.mark.no_db

#: Duties about which the product does nothing yet, and those that it meets in part. May only get smaller.
PLANNED_ONLY, PARTLY = 84, 62

_PLANNED = re.compile(r"(?:10|[1-9]): \S.+")


@cache
def _tests(path: str) -> frozenset[str]:
    """Test functions of a file, those of classes as Class::test."""
    module = ast.parse((tree.ROOT / path).read_text(encoding="utf-8"))
    found = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(found)


def _rows() -> tuple[Obligation | AuditItem, ...]:
    return (*obligations(), *audit_items())


def test_every_claimed_test_exists() -> None:
    wrong = []
    for row in _rows():
        for node in row.tests:
            path, _, name = node.partition("::")
            plain, _, parameter = name.removesuffix("]").partition("[")
            if not (tree.ROOT / path).is_file() or plain not in _tests(path):
                wrong.append(f"{row.id}: {node}")
            elif parameter and f'"{parameter}"' not in (tree.ROOT / path).read_text(encoding="utf-8"):
                wrong.append(f"{row.id}: {node}: no such parameter")
    assert not wrong, "\n".join(wrong)


def test_a_row_is_met_or_says_who_brings_the_rest() -> None:
    for row in _rows():
        assert row.tests or row.planned, row.id
        assert not row.planned or all(_PLANNED.fullmatch(part.strip()) for part in row.planned.split(";")), row.id
        assert len(set(row.tests)) == len(row.tests), row.id


def test_what_is_not_met_only_gets_less() -> None:
    states = [row.status for row in obligations()]
    assert states.count("planned") <= PLANNED_ONLY
    assert states.count("partly") + states.count("planned") <= PARTLY + PLANNED_ONLY


def test_the_checklist_leads_to_duties_and_the_evidence_to_the_checklist() -> None:
    ids = {row.id for row in obligations()}
    assert {duty for item in audit_items() for duty in item.duties} <= ids
    groups = {item.id[:3] for item in audit_items()} | {"A27"}
    noted = {
        node.value.value
        for _path, module in tree.modules()
        for node in ast.walk(module)
        if isinstance(node, ast.keyword) and node.arg == "audit_item"
        and isinstance(node.value, ast.Constant) and node.value.value
    }  # fmt: skip
    assert noted
    assert {code[:3] for code in noted} <= groups


def test_no_screen_cites_an_article_that_nobody_read() -> None:
    """Errors, sentences and templates: what a person reads as 依据 stands in the table of duties. Docstrings are ours."""
    texts = [(tree.name(path), text) for path, text in tree.templates()]
    for path, module in tree.modules():
        docs = {ast.get_docstring(node, clean=False) for node in ast.walk(module)
                if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))}  # fmt: skip
        texts += [
            (tree.name(path), node.value)
            for node in ast.walk(module)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs
        ]
    found = [(where, one) for where, text in texts for one in citations.cited(text)]
    assert len(found) > 20, "the search finds what is there"
    assert [(where, one) for where, one in found if one not in citations.verified()] == []
