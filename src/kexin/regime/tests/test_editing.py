"""Editing a rulebook's text: what is meant is what is read, and nothing else moves."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kexin.regime.rulebook import RulebookInvalid, parse
from kexin.regime.rulebook.editing import NothingThere, at, drop, plain, put, same
from kexin.regime.rulebook.writing import NotWritable, flow

pytestmark = pytest.mark.no_db

RETAIL = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
#: What YAML 1.1 reads as something else, signs of its own, quotes, breaks, other scripts, what a person might type.
TEXTS = st.sampled_from(
    [
        "on", "yes", "No", "null", "~", "true", "012", "12:30", "1e3", "0x1f", "-", "- a", "a: b", "a #b", "#b", "{a}", "[a]",
        "a, b", "'", '"', "\\", "&a", "*a", "!a", "%a", "@a", "`a", "a\nb", " a", "a ", "\ta", "|", ">", "?", "$purpose",
        "手机号", "一般3级·可识别或联系个人", "《个人信息保护法》第六条", "a\u2028b", "a\x85b", "𠮷", "é", "2026-12-31", "",
    ]
) | st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ufeff"), max_size=12)  # fmt: skip
SCALARS = TEXTS | st.booleans() | st.integers(0, 10**12) | st.none()
CODES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(lambda code: code not in ("y", "n", "no", "on", "off", "yes", "null", "true", "false", "nan"))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CODES, inner, max_size=3), max_leaves=8
)
TREES = st.dictionaries(CODES, st.dictionaries(CODES, VALUES, min_size=1, max_size=4) | VALUES, min_size=1, max_size=4)


def written(tree: dict[str, Any], style: str) -> bytes:
    """The same tree as different people write it."""
    if style == "flow":
        return flow(tree).encode()
    if style == "mixed":
        lines = []
        for key, value in tree.items():
            deep = isinstance(value, dict) and value
            lines += [f"# about {key}", f"{key}:  # here" if deep else f"{key}: {flow(value)}  # here"]
            lines += [f"   {flow({inner: one})[1:-1]} # there" for inner, one in value.items()] if deep else []
        return ("\r\n".join(lines)).encode()
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, default_flow_style=False, default_style='"').encode()


def readable(data: bytes) -> bool:
    try:
        plain(data)
    except RulebookInvalid:
        return False
    return True


@given(VALUES)
@example({"a": [{"b": None}, True, 0, "x, y", {}]})
def test_what_is_written_is_read(value: Any) -> None:
    assert same(plain(f"key: {flow(value)}\n".encode())["key"], value)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, style=st.sampled_from(["flow", "mixed", "block"]), value=VALUES, data=st.data())
def test_an_edit_changes_what_it_names_and_nothing_else(tree: dict[str, Any], style: str, value: Any, data: Any) -> None:
    text = written(tree, style)
    if not readable(text) or not same(plain(text), tree):
        return  # a quoted number is text: block style writes those as such
    key = data.draw(st.sampled_from([*tree, "fresh"]))
    path: tuple[str, ...] = (key,)
    if isinstance(tree.get(key), dict) and tree[key]:
        path = data.draw(st.sampled_from([path, (key, *[next(iter(tree[key]))]), (key, "brand_new")]))
    after = plain(put(text, path, value))
    assert same(at(after, path), value)
    if len(path) == 2:
        others = {name: one for name, one in after[path[0]].items() if name != path[1]}
        assert same(others, {name: one for name, one in tree[path[0]].items() if name != path[1]})
    assert same({k: v for k, v in after.items() if k != path[0]}, {k: v for k, v in tree.items() if k != path[0]})
    assert [k for k in after if k in tree] == list(tree)
    back = plain(drop(put(text, path, value), path))
    with pytest.raises(NothingThere):
        at(back, path)


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_edits_of_the_shipped_rulebook_keep_every_other_byte(data: Any) -> None:
    """One entry is changed and changed back: the bytes are the first ones again, comments and all."""
    tree = plain(RETAIL)
    section = data.draw(st.sampled_from(["attributes", "purposes", "roles", "retention", "recipients", "pias", "controls"]))
    key = data.draw(st.sampled_from(list(tree[section])))
    before = tree[section][key]
    value = data.draw(VALUES)
    changed = put(RETAIL, (section, key), value)
    lines = list(zip(RETAIL.splitlines(), changed.splitlines(), strict=True))
    assert sum(old != new for old, new in lines) <= 1
    assert same(plain(put(changed, (section, key), before)), tree)


def test_what_did_not_change_keeps_its_layout() -> None:
    rule = {**at(plain(RETAIL), ("rules", "sales-own")), "grade_max": 2}
    changed = put(RETAIL, ("rules", "sales-own"), rule)
    assert changed == RETAIL.replace(
        b"actions: [read, search, sort, aggregate, write, contact], grade_max: 3, when: {granted: [owner, team, record_team",
        b"actions: [read, search, sort, aggregate, write, contact], grade_max: 2, when: {granted: [owner, team, record_team",
    )
    assert put(changed, ("rules", "sales-own", "grade_max"), 3) == RETAIL
    assert put(RETAIL, ("rules", "sales-own"), at(plain(RETAIL), ("rules", "sales-own"))) == RETAIL


def test_entries_come_last_and_go_with_their_line() -> None:
    rule = {"id": "new-one", "effect": "forbid", "label": {"zh": "新规则"}, "actions": ["share"], "article": "a: b"}
    more = put(RETAIL, ("rules", "new-one"), rule)
    assert at(plain(more), ("rules", "new-one"))["article"] == "a: b"
    assert plain(more)["rules"][-1]["id"] == "new-one" and parse(more).rulebook.rules[-1].id == "new-one"
    assert drop(more, ("rules", "new-one")) == RETAIL
    without = drop(RETAIL, ("attributes", "landline"))
    assert b"landline: {label" not in without and "# 联系方式".encode() in without
    assert len(without.splitlines()) == len(RETAIL.splitlines()) - 1
    added = put(without, ("attributes", "pager"), {"label": {"zh": "寻呼机"}, "category": "basic", "type": "landline", "grade": 2, "purposes": {}})
    assert list(plain(added)["attributes"])[-1] == "pager"


@pytest.mark.parametrize(
    ("text", "path", "value", "wanted"),
    [
        ("a:\nb: 1\n", ("a", "x"), 1, "a: {x: 1}\nb: 1\n"),
        ("a: {}\n", ("a", "x"), 1, "a: {x: 1}\n"),
        ("a: {z: 2, }\n", ("a", "x"), 1, "a: {z: 2, x: 1, }\n"),
        ("a: [1, 2] # why\nb: 1", ("a",), [1], "a: [1] # why\nb: 1"),
        ("a:\n  - id: x\n    no1: 1\n  - id: z\n    no1: 2\n", ("a", "x", "no1"), 3, "a:\n  - id: x\n    no1: 3\n  - id: z\n    no1: 2\n"),
        ("a:\n- {id: x}", ("a", "z"), {"id": "z"}, "a:\n- {id: x}\n- {id: z}\n"),
        ("b: 1", ("a", "x"), "12:30", 'b: 1\na: {x: "12:30"}\n'),
        ("a: |\n  long\n  text\nb: 1\n", ("a",), "short", "a: short\nb: 1\n"),
    ],
)  # fmt: skip
def test_small_cuts(text: str, path: tuple[str, ...], value: Any, wanted: str) -> None:
    assert put(text.encode(), path, value).decode() == wanted


def test_the_last_entry_leaves_an_empty_place() -> None:
    assert drop(b"a:\n  x: 1 # why\nb: 1\n", ("a", "x")).decode() == "a:\n  {} # why\nb: 1\n"
    assert plain(drop(b"a:\n  - id: x\n    no1: 1\n", ("a", "x", "id")))["a"] == ({"no1": 1},)


def test_what_cannot_be_a_rulebook_is_not_written() -> None:
    with pytest.raises(NotWritable):
        put(b"a: 1\n", ("a",), "\ud800")
    with pytest.raises(NotWritable):
        put(b"a: 1\n", ("a",), 1.5)
    with pytest.raises(RulebookInvalid):
        put(b"a: 1\n", ("a",), "x\x00y")
    with pytest.raises(NothingThere):
        drop(b"a: 1\n", ("b",))


@pytest.mark.bad_input(63)
def test_a_control_character_behind_an_escape_is_refused() -> None:
    with pytest.raises(RulebookInvalid) as caught:
        plain(b'a: "x\\u0000y"\n')
    assert caught.value.findings[0].code == "hidden_character"
