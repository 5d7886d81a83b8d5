"""Every component is drawn once; no template carries style or script; the tokens keep their contrast."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.template import engines
from django.test import RequestFactory
from django_cotton.compiler_regex import CottonCompiler

from kexin.foundation import ui
from kexin.foundation.problems import Refused
from kexin.foundation.ui import answers, shell

UI = Path(ui.__file__).parent
SRC = UI.parents[2]
TEMPLATES = sorted(SRC.glob("kexin/**/templates/**/*.html"))


class _Form(forms.Form):
    name = forms.CharField(label="姓名", help_text="与证件一致")
    kinds = forms.MultipleChoiceField(label="用途", choices=[("a", "甲")], widget=forms.CheckboxSelectMultiple)


class _Row:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def gallery() -> dict[str, Any]:
    """Something for every component to show."""
    option = {"value": "1", "label": "核对上门地址", "count": 49, "on": True}
    row = {"phone": "138****5678", "state": "masked", "on": True, "restricted": False}
    return {
        "tabs": [{"label": "我负责的", "url": "#", "count": 186, "is_here": True}, {"label": "待告知", "url": "#", "count": 5}],
        "options": [option, {**option, "value": "2", "label": "客户来电核实", "on": False}],
        "rows": [{**row, "name": name} for name in ("陈雨桐", "拾光民宿")]
        + [{**row, "name": "郑海峰", "state": "restricted", "restricted": True, "on": False}],
        "steps": ["上传", "识别", "对应列", "导入"],
        "cells": [
            {"purpose": purpose, "state": state, "word": word, "date": "09-12", "receipt": "#", "note": ""}
            for purpose, state, word in (
                ("询价跟进", "contract", "可联系"), ("电话营销", "given", "同意"), ("短信营销", "refused", "拒绝"),
                ("微信营销", "stale", "已失效"), ("邮件营销", "never", "从未询问"), ("提供给合作方", "withdrawn", "已撤回"),
            )
        ],
        "form": _Form({}),
        "request": _request(),
    }  # fmt: skip


def _request() -> Any:
    request = RequestFactory().get("/customers")
    request.caller = SimpleNamespace(purpose="presale", id="x")
    request.purposes = ("presale", "service")
    request.principal = SimpleNamespace(name="林晓雯", staff_no="XS0217", roles=frozenset({"sales"}))
    request.session = {}
    return request


def render_gallery() -> str:
    """The gallery page as a browser gets it."""
    source = (Path(__file__).parent / "gallery.html").read_text(encoding="utf-8")
    template = engines["django"].from_string(CottonCompiler().process(source))
    context = gallery()
    return str(template.render({key: value for key, value in context.items() if key != "request"}, context["request"]))


class _Checker(HTMLParser):
    """Well-nested, no inline style or script, unique ids, named icon buttons."""

    VOID = {"meta", "link", "input", "br", "hr", "img", "path", "circle", "rect", "use"}

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if "style" in values or any(name.startswith("on") for name in values) or tag == "style":
            self.faults.append(f"inline in <{tag}>")
        if tag == "script" and not values.get("src"):
            self.faults.append("inline script")
        if tag.startswith("c-"):
            self.faults.append(f"unknown component <{tag}>")
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag in ("button", "a") and "kx-ib" in str(values.get("class", "")) and not values.get("aria-label"):
            self.faults.append("icon button without a name")
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")


def test_every_component_is_drawn() -> None:
    page = render_gallery()
    checker = _Checker()
    checker.feed(page)
    # A gallery shows a popover and a drawer inside the page; their titles and the closed frames share no id otherwise.
    assert checker.faults == []
    assert checker.stack == []
    repeated = {name for name in checker.ids if checker.ids.count(name) > 1}
    assert repeated == set()
    used = set(re.findall(r"<c-([a-z]+)", (Path(__file__).parent / "gallery.html").read_text(encoding="utf-8")))
    nested = {name for path in (UI / "templates").rglob("*.html") for name in re.findall(r"<c-([a-z]+)", path.read_text(encoding="utf-8"))}
    every = {path.stem for path in (UI / "templates" / "cotton").glob("*.html")}
    assert every - used - nested == set()


@pytest.mark.no_db
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SRC)))
def test_no_template_carries_style_or_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text), "use a class of static/kx"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "put it into static/kx/*.js"
    assert not re.search(r"\son[a-z]{3,}\s*=\s*[\"']|hx-on|javascript:|hx-vals=.js:|\|safe\b", text)
    assert "<style" not in text


@pytest.mark.no_db
def test_every_icon_named_is_in_the_list() -> None:
    listed = set((UI / "icons.txt").read_text(encoding="utf-8").split())
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r'(?:<c-icon name|\sicon)="([a-z0-9-]+)"', path.read_text(encoding="utf-8"))
    }
    assert named - listed == set(), "add the name to foundation/ui/icons.txt"


@pytest.mark.no_db
@pytest.mark.parametrize("path", sorted(SRC.glob("kexin/**/static/**/*.css")), ids=lambda path: path.name)
def test_the_readers_own_text_size_counts(path: Path) -> None:
    """Type in rem and screens in em: otherwise the largest system font changes nothing, or half of the page."""
    if "vendor" in path.parts:
        return
    text = path.read_text(encoding="utf-8")
    for rule in re.findall(r"(?:\bfont|font-size|--(?:foot|small|body|title|page|figure)):[^;}]*", text):
        assert not re.search(r"\d(?:px|pt)", rule), f"{rule}: write rem (13px is .8125rem)"
    for screen in re.findall(r"@(?:media|container)[^{]*", text):
        assert not re.search(r"\dpx", screen), f"{screen}: write em (768px is 48em), rem in a container"


def _tokens(block: str) -> dict[str, str]:
    return {name: value for name, value in re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})\b", block)}


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(letter * 2 for letter in colour[1:])
    parts = [int(digits[step : step + 2], 16) / 255 for step in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.no_db
def test_both_themes_are_readable_and_the_system_choice_equals_the_saved_one() -> None:
    text = (UI / "static/kx/tokens.css").read_text(encoding="utf-8")
    light, dark, auto = (_tokens(text.split(mark, 1)[1].split("}", 1)[0]) for mark in ("  :root {", '[data-theme="dark"] {', '[data-theme="auto"] {'))
    assert dark == auto
    for theme in (light, dark):
        for ink in ("ink", "ink-2", "ink-3", "accent", "ok", "warn", "bad"):
            assert _contrast(theme[ink], theme["surface"]) >= 4.5, ink
        for tone in ("ok", "warn", "bad", "accent"):
            assert _contrast(theme[tone], theme[f"{tone}-soft"]) >= 4.5, tone
        assert _contrast(theme["on-accent"], theme["accent"]) >= 4.5
        assert _contrast(theme["control"], theme["surface"]) >= 3
        assert _contrast(theme["warn-fill"], theme["surface"]) >= 3


def test_a_refusal_is_json_a_drawer_or_a_page() -> None:
    refusal = Refused("没有打开身份证号。", rule="6.3", article="《个人信息保护法》第六条", remedy="办理实名时可以打开。")
    api = RequestFactory().get("/api/v1/customers")
    answer = answers.problem(api, refusal)
    assert answer["Content-Type"] == "application/problem+json"
    assert "6.3" in answer.content.decode()
    part = _request()
    part.META["HTTP_HX_REQUEST"] = "true"
    answer = answers.problem(part, refusal)
    assert (answer.status_code, answer["HX-Retarget"]) == (403, "#kx-refusal")
    for words in ("没有打开身份证号。", "6.3", "第六条", "办理实名时可以打开。"):
        assert words in answer.content.decode()
    assert "<html" in answers.problem(_request(), refusal).content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
def test_every_status_says_what_to_do(status: int) -> None:
    answer = answers.error(_request(), status)
    assert answer.status_code == status
    for sentence in answers.WORDS()[status]:
        assert sentence in answer.content.decode()


def test_theme_and_density_accept_only_their_own_words() -> None:
    request = _request()
    request.COOKIES = {"theme": "dark", "density": "compact"}
    assert shell.context(request)["theme"] == "dark"
    assert shell.Shell(request).density == "compact"
    request.COOKIES = {"theme": '"><script>', "density": "x"}
    assert shell.context(request)["theme"] == "auto"
    assert shell.Shell(request).density == "standard"
