"""A page's purpose is the purpose of everything that is sent from it, or nothing is done: every form, every part.

The forms and parts are found on the pages themselves, so that a new one is tested the day it is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from kexin.foundation.clock import now
from kexin.foundation.ui import place
from kexin.people.middleware import CHOICE
from kexin.people.models import RoleAssignment
from kexin.people.rules import posts
from tests.bad_input.world import ROLES, World
from tests.house.test_routes import routes
from tests.unchanged import Rows

#: Views for people without a place, each for its reason. They ask nothing about customers, so no purpose is behind them.
PLACELESS = {
    "home": "leads to the first page of the person's own navigation",
    "ui:watermark": "the name of the person who looks",
    "ui:language": "how pages look", "ui:theme": "how pages look", "ui:density": "how pages look",
    "people:account": "one's own account", "people:password": "one's own account", "people:tokens": "one's own account",
    "people:token_end": "one's own account", "people:purpose": "the choice itself", "account_logout": "leaves",
    "account_reauthenticate": "one's own password once more", "start-confirmation": "what was done outside the house",
    "ui:tasks": "one's own work", "ui:task": "one's own work", "compliance:rulebook": "the book that everybody works under",
}  # fmt: skip


@dataclass(slots=True)
class Sent:
    """Something that a page can send: a form, or a part that it asks for."""

    role: str
    page: str
    method: str
    address: str
    #: What the form itself carries of the page's standing; None for a part, whose header the page's script adds.
    carried: str | None = None
    is_part: bool = False
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def serves(self) -> tuple[str, ...]:
        """The purposes of the place it goes to."""
        return place.purposes_at(resolve(urlsplit(self.address).path).func)


class _Senders(HTMLParser):
    """Forms that change something, and everything that htmx asks for."""

    def __init__(self, role: str, page: str) -> None:
        super().__init__()
        self.role, self.page, self.standing = role, page, ""
        self.found: list[Sent] = []
        self.form: Sent | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("name") == "kx-standing" and tag == "meta":
            self.standing = given["content"]
        if tag == "form" and given.get("method", "").lower() == "post":
            self.form = Sent(self.role, self.page, "POST", urljoin(self.page, given.get("action", "")))
            self.found.append(self.form)
        if self.form is not None and tag in ("input", "select", "textarea") and given.get("name"):
            self.form.fields[given["name"]] = given.get("value", "")
            if given["name"] == place.FIELD:
                self.form.carried = given.get("value", "")
        for method in ("get", "post"):
            if f"hx-{method}" in given:
                address = urljoin(self.page, given[f"hx-{method}"])
                values = json.loads(given.get("hx-vals") or "{}")
                self.found.append(Sent(self.role, self.page, method.upper(), address, is_part=True, fields=values))

    def handle_endtag(self, tag: str) -> None:
        self.form = None if tag == "form" else self.form


@pytest.fixture
def world(db: Any) -> World:
    return World()


def pages(world: World) -> Iterator[tuple[str, str, str, _Senders]]:
    """Role, address, text, and what can be sent, of every page and part that one of the posts can open."""
    for role in ROLES:
        for route in sorted(set(routes())):
            address = world.fill(route)
            for one in (address, f"{address}?step=source", f"{address}?step=columns") if route.endswith("<uuid:run>") else (address,):
                got = world.ask(role, one)
                if got.status == 200 and got.answer["Content-Type"].startswith("text/html"):
                    text = got.content.decode()
                    reader = _Senders(role, one)
                    reader.feed(text)
                    yield role, one, text, reader


def everything_sent(world: World) -> list[Sent]:
    """Each different request of each post that goes to a place with purposes."""
    found: dict[tuple[str, str, str, bool], Sent] = {}
    for _role, _address, _text, reader in pages(world):
        for sent in reader.found:
            if sent.serves:
                found.setdefault((sent.role, sent.method, urlsplit(sent.address).path, sent.is_part), sent)
    return list(found.values())


def _send(world: World, sent: Sent, standing: str) -> Any:
    headers = {place.HEADER: standing, "HX-Request": "true"} if sent.is_part else {}
    body = "" if sent.method == "GET" else urlencode(sent.fields | ({} if sent.is_part else {place.FIELD: standing}))
    return world.ask(
        sent.role, sent.address, sent.method, body.encode(), content_type="application/x-www-form-urlencoded", headers=headers
    )


def _choose_nothing(world: World, role: str) -> None:
    session = world.clients[role].session
    del session[CHOICE]
    session.save()


def _is_refused(answer: Any) -> bool:
    text = answer.content.decode(errors="replace")
    return answer.status == 409 and "此页打开时" in text and "刷新此页" in text


def test_every_page_and_every_form_carries_its_standing(world: World) -> None:
    met = 0
    for role, address, text, reader in pages(world):
        own = ",".join(posts.PURPOSES[role]) + "/"
        if "<html" in text and address != "/offline":  # the one page that is kept, and so is nobody's
            assert reader.standing == own, f"{role}: {address} does not say what it was drawn under"
        for form in reader.found:
            if not form.is_part:
                assert form.carried == own, f"{role}: {address}: the form for {form.address} carries no standing: use csrf_token"
                met += 1
    assert met > 60


def test_a_change_of_purpose_stops_everything_that_open_pages_send(world: World) -> None:
    """Chosen in another tab. `World.ask` compares the tables: a refusal changes no row."""
    met: dict[str, int] = dict.fromkeys(ROLES, 0)
    for sent in everything_sent(world):
        before = place.Standing(own=posts.PURPOSES[sent.role])
        shared = [code for code in sent.serves if code in before.own and code != before.at(sent.serves)]
        assert not _is_refused(_send(world, sent, before.written())), f"nothing had changed: {sent}"
        if not shared:
            continue
        world.clients[sent.role].post(f"/purposes/{shared[0]}")
        assert _is_refused(_send(world, sent, before.written())), f"done silently under {shared[0]}: {sent}"
        after = place.Standing(own=before.own, chosen=shared[0])
        assert not _is_refused(_send(world, sent, after.written())), f"a page drawn afterwards is right: {sent}"
        _choose_nothing(world, sent.role)
        met[sent.role] += 1
    assert met["sales"] > 8 and met["steward"] > 12, met


def test_a_post_that_ended_stops_everything_that_open_pages_send(world: World) -> None:
    found = everything_sent(world)
    RoleAssignment.objects.update(granted_at=now() - timedelta(days=2), until=now() - timedelta(days=1))
    world.rows = Rows()
    met = 0
    for sent in found:
        standing = place.Standing(own=posts.PURPOSES[sent.role])
        if standing.at(sent.serves) in standing.own:
            assert _is_refused(_send(world, sent, standing.written())), f"the post has ended: {sent}"
            met += 1
    assert met > 40


@pytest.mark.bad_input(12, 15)
def test_a_standing_that_nobody_wrote_is_refused_and_never_a_fault(world: World) -> None:
    for hostile in ("x", "\u202e", "<script>alert(1)</script>", "/" * 5_000, "presale", "a\r\nSet-Cookie: x=1"):
        answer = world.ask(
            "sales", "/customers/searches", "POST", urlencode({"q": "陈雨桐", place.FIELD: hostile}).encode(),
            content_type="application/x-www-form-urlencoded",
        )  # fmt: skip
        assert answer.status == 409, hostile


def _named(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _named(one, f"{prefix}{one.namespace}:" if one.namespace else prefix)
        elif isinstance(one, URLPattern):
            yield f"{prefix}{one.name}", one.callback


@pytest.mark.no_db
def test_every_view_for_people_has_a_place_or_a_reason() -> None:
    """A view without a place is under nobody's comparison, so it may ask nothing about customers."""
    open_views = {
        name for name, view in _named(get_resolver())
        if not place.purposes_at(view) and getattr(view, "login_required", True) and not name.startswith("api:")
    }  # fmt: skip
    assert open_views - {"ui:language", "ui:theme", "ui:density"} <= set(PLACELESS), open_views - set(PLACELESS)
