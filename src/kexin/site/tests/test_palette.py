"""Navigation and palette of every post: nothing dead, nothing missing that exists, nothing of somebody else's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from tests.house.test_routes import routes, signed_in_as

from kexin.people.rules import posts
from kexin.people.tests.factories import caller_for, person
from kexin.site import testing
from kexin.vault.tests import views

#: Pages that stand in no list because something else leads there.
LED_TO = {
    "/": "the mark 信: what is missing, for those who answer for the installation",
    "/palette": "更多, and Ctrl K",
    "/customers/new": "the button 新建客户, and c",
    "/collection": "chapter 1, the same page as the imports",
}


@pytest.fixture
def browsers(db: Any) -> dict[str, Client]:
    """One person of each post."""
    views.put_in_force()
    return {role: signed_in_as(person(role)) for role in posts.PURPOSES}


def _goals(client: Client) -> tuple[list[str], list[str]]:
    """Addresses of pages and of actions that the palette offers."""
    text = client.get("/palette", headers={"HX-Request": "true"}).content.decode()
    return re.findall(r'<a class="kx-goal" href="([^"]+)"', text), re.findall(r'<form method="post" action="([^"]+)"', text)


def test_everything_offered_opens_and_everything_that_opens_is_offered(browsers: dict[str, Client]) -> None:
    plain = [route for route in sorted(set(routes())) if "<" not in route and not route.startswith(("/api", "/static"))]
    for role, client in browsers.items():
        pages, acts = _goals(client)
        assert pages and acts
        for address in pages:
            assert client.get(address).status_code == 200, f"{role}: {address} is offered and does not open"
        for address in plain:
            got = client.get(address)
            if got.status_code == 200 and b'class="kx-shell"' in got.content:
                led_to = address in LED_TO or address.startswith("/rulebook/")  # from the book, which everybody has
                assert address in pages or led_to, f"{role} can open {address} and finds it nowhere"
        shown = re.findall(r'class="kx-nav-link" href="([^"]+)"', client.get("/account").content.decode())
        assert set(shown) == {address for address in pages if address != "/customers/new"}
        for address in acts:
            with transaction.atomic():
                answer = client.post(address, {"next": "/"})
                status = len(b"".join(answer.streaming_content)) and 200 if answer.streaming else answer.status_code
                transaction.set_rollback(True)
            assert status in (200, 302, 409), f"{role}: {address} is offered and answers {status}"


def test_the_foot_of_a_phone_has_at_most_four_and_leads_to_all(browsers: dict[str, Client]) -> None:
    for role, client in browsers.items():
        foot = re.search(r'<nav class="kx-phone".*?</nav>', client.get("/account").content.decode(), re.DOTALL)
        links = re.findall(r'<a href="([^"]+)"', foot[0]) if foot else []
        assert 2 <= len(links) <= 4 and links[-1] == "/palette", role


def test_each_post_finds_what_it_may_see(browsers: dict[str, Client]) -> None:
    seller = browsers["sales"]
    for role, client in browsers.items():
        opens = client.get("/customers").status_code == 200
        assert opens is (b"data-kx-search" in client.get("/account").content), role
        assert opens is (b'id="kx-palette-ask"' in client.get("/account").content and b"data-kx-find" in client.get("/account").content)
    found = browsers["marketer"].post("/palette", {"q": "陈雨桐"}, headers={"HX-Request": "true"})
    assert found.status_code == 200 and not found.content.strip()
    assert "任务" in seller.post("/palette", {"q": "rw"}).content.decode(), "by the initials of its pinyin"


def test_customers_are_found_by_enter_alone_and_the_term_is_kept_nowhere(fresh_db: testing.Fresh) -> None:
    """Opening and typing ask nobody; Enter is one search, with its line in the ledger."""
    views.put_in_force()
    seller = person("sales")
    client, owner = signed_in_as(seller), caller_for(seller)
    views.customer(owner, name="仉督爨爨", mobile="13800007777")

    def searches() -> int:
        with fresh_db.connect("sequencer") as ledger:
            return int(ledger.execute("SELECT count(*) FROM evidence_intake WHERE event = 'customer.searched'").fetchone()[0])

    before = searches()
    assert client.get("/palette").status_code == client.get("/palette", headers={"HX-Request": "true"}).status_code == 200
    assert searches() == before
    answer = client.post("/palette", {"q": "13800007777"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert searches() == before + 1 and "仉督爨爨" in text and "138****7777" in text and "13800007777" not in text
    plain = client.post("/palette", {"q": "13800007777"}).content.decode()
    assert "<html" in plain and "仉督爨爨" in plain and searches() == before + 2
    assert "13800007777" not in str(dict(client.session)) + str(client.cookies)
