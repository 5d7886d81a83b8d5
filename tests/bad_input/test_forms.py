"""Corpus A through every field of every form that any page shows: refused in the reader's words, or kept and shown as text.

The forms are found on the pages themselves, so that a new one is tested the day it is drawn.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from kexin.foundation.ui.place import FIELD
from tests.bad_input.corpus import named
from tests.bad_input.world import ROLES, Answer, World
from tests.house.test_routes import routes

#: The middle of a form that is sent as a file.
BOUNDARY = "kx-bad-input"
#: Forms of the frame around every page; they differ by nothing but their address.
_SHELL = re.compile("/(languages|themes|densities|purposes|sign-out)")
_VOID = ("br", "img", "input", "meta", "link", "hr")
_CHINESE = re.compile("[\u4e00-\u9fff]")
#: A Chinese sentence; a single place or number plate stands as an example in English too.
_SENTENCE = re.compile("[\u4e00-\u9fff]{6,}|[，。；：！？]")


@dataclass(slots=True)
class Form:
    """A form as a browser would send it: where to, and each field with what stands in it."""

    action: str
    page: str = ""
    role: str = ""
    multipart: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    """The POST forms of one page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.select = page, ""
        self.found: list[Form] = []
        self.inside: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        action = given.get("hx-post") or (given.get("action", "") if given.get("method", "").lower() == "post" else "")
        if tag == "form" and action is not None and (given.get("method", "").lower() == "post" or "hx-post" in given):
            self.inside = Form(urljoin(self.page, action or self.page), page=self.page, multipart="multipart" in given.get("enctype", ""))
            self.found.append(self.inside)
        elif tag == "button" and "hx-post" in given:
            fields = {name: str(value) for name, value in json.loads(given.get("hx-vals") or "{}").items()}
            self.found.append(Form(given["hx-post"], page=self.page, fields=fields))
        name = given.get("name", "")
        if self.inside is None or not name or name in ("csrfmiddlewaretoken", FIELD):
            return
        if tag == "input" and given.get("type") == "file":
            self.inside.files.append(name)
        elif tag in ("input", "textarea", "button"):
            self.inside.fields.setdefault(name, given.get("value", ""))
        elif tag == "select":
            self.select = name
            self.inside.fields.setdefault(name, "")

    def handle_data(self, data: str) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None


def forms_of(world: World) -> list[Form]:
    """Every different form on any page that one of the posts, or a stranger, can open."""
    found: dict[tuple[str, frozenset[str]], Form] = {}
    for role in (*ROLES, "stranger"):
        for route in sorted(set(routes())):
            address = world.fill(route)
            for page in (address, f"{address}?step=source", f"{address}?step=columns") if route.endswith("<uuid:run>") else (address,):
                got = world.ask(role, page)
                if got.status != 200 or b"<form" not in got.content:
                    continue
                reader = _Forms(page)
                reader.feed(got.content.decode())
                for form in reader.found:
                    form.role = role
                    found.setdefault((urlsplit(form.action).path, frozenset(form.fields) | frozenset(form.files)), form)
    return list(found.values())


def _sent(form: Form, values: dict[str, str]) -> dict[str, Any]:
    """A request body with the values as they are, lone surrogates included."""
    both = form.fields | values
    if not form.multipart:
        data = urlencode([(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in both.items()])
        return {"data": data.encode(), "content_type": "application/x-www-form-urlencoded"}
    parts = []
    for name, value in both.items():
        kind = f'; filename="{name}.csv"\r\nContent-Type: text/csv' if name in form.files else ""
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n{value}\r\n')
    body = ("".join(parts) + f"--{BOUNDARY}--\r\n").encode("utf-8", "surrogatepass")
    return {"data": body, "content_type": f"multipart/form-data; boundary={BOUNDARY}"}


class _Said(HTMLParser):
    """The sentences of a refusal: alerts, errors at fields, the problem's page."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        marks = (given.get("class") or "") + " " + (given.get("role") or "")
        if self.depth or any(mark in marks for mark in ("kx-field-error", "kx-door-card", "alert")):
            self.depth += tag not in _VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        self.depth -= self.depth > 0 and tag not in _VOID

    def handle_data(self, data: str) -> None:
        if self.depth and data.strip():
            self.words.append(data.strip())


def told(answer: Answer, *, language: str) -> None:
    """A refusal says something, in the reader's language."""
    reader = _Said()
    reader.feed(answer.content.decode())
    words = " ".join(reader.words).replace("林晓雯", "")  # a person's own name has no translation
    assert len(words) > 4, f"refused without a word: {answer.said}"
    if language == "en":
        assert not _SENTENCE.search(words), f"Chinese to an English reader: {words!r}: {answer.said}"
    else:
        assert _CHINESE.search(words), f"not Chinese: {words!r}: {answer.said}"


def _feed(world: World, form: Form, values: dict[str, str], *, language: str) -> int:
    world.clients[form.role].cookies["language"] = language
    sent = _sent(form, values)
    answer = world.ask(form.role, form.action, "POST", sent["data"], content_type=sent["content_type"])
    if answer.status >= 400:
        told(answer, language=language)
    return answer.status


@pytest.fixture
def world(db: Any) -> World:
    return World()


def _alone(form: Form, *, every: bool) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Each field of its own, with every text or with some that take their turn."""
    turn = itertools.cycle(named(longest=1_000))
    for name in (*form.fields, *form.files):
        for item, which, text in named() if every else itertools.islice(turn, 2):
            yield item, which, {name: text}


def _together(form: Form, *, every: bool) -> Iterator[tuple[int, str, dict[str, str]]]:
    """All fields that take free text at once: a page that names each mistake at its field meets them all."""
    for item, which, text in named():
        wanted = item in (12, 15) if _SHELL.match(form.action) else len(text) < 100_000 or len(form.fields) > 5 or form.multipart
        if every or wanted:
            yield item, which, dict.fromkeys((*form.fields, *form.files), text)


def _all_fields(world: World, *, every: bool) -> None:
    forms = forms_of(world)
    languages, met = itertools.cycle(("zh-hans", "en")), 0
    for form in forms:
        for _item, _which, values in (*_together(form, every=every), *_alone(form, every=every)):
            _feed(world, form, values, language=next(languages))
            met += 1
    fields = {name for form in forms for name in (*form.fields, *form.files)}
    assert len(forms) > 20 and {"name", "mobile", "words", "q", "login", "password", "label", "proof", "column-0", "ground"} <= fields
    assert met > 700


@pytest.mark.timeout(900)
@pytest.mark.bad_input(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22)
def test_hostile_text_in_every_field_of_every_form(world: World) -> None:
    _all_fields(world, every=False)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_hostile_text_in_every_single_field(world: World) -> None:
    _all_fields(world, every=True)
