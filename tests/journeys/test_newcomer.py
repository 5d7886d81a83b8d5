"""The first half hour: it starts and says where it is, every page of every post is whole, Ctrl-C stops all of it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PEOPLE
from tests.journeys.installation import Installation, alive, descendants, prepare
from tests.journeys.judging import BEYOND, SIDEWAYS

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

CHINESE = re.compile("[\u3400-\u9fff]")


def test_it_says_where_it_is_and_how_it_is(own: Installation) -> None:
    assert own.said().count(own.url) == 1
    for name in PEOPLE.values():
        assert name in own.said(), "the demo accounts are printed"
    found = own.answer("doctor")
    assert found["ok"], [one for one in found["findings"] if not one["ok"]]
    parts = own.health()["parts"]
    assert set(parts) >= {"web", "worker", "sequencer", "database", "keyring", "evidence"}
    assert all(part["status"] == "ok" for part in parts.values())


def _addresses(page: Page) -> list[str]:
    links = page.locator(".kx-nav a[href]").all()
    return list(dict.fromkeys(link.get_attribute("href") or "/" for link in links))


def _whole(page: Page, url: str, what: str) -> None:
    answer = page.goto(url)
    assert answer and answer.status == 200, f"{what}: {url} answers {answer.status if answer else None}"
    expect(page.locator("h1")).not_to_be_empty()
    assert page.evaluate(SIDEWAYS) <= 0, f"{what}: {url} scrolls sideways"
    assert page.evaluate(BEYOND) == [], f"{what}: {url} reaches beyond the edge"


def test_every_page_of_every_post(running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]) -> None:
    """Console errors and refusals of the content security policy fail this through `open_as`."""
    seen: dict[str, str] = {}
    for role in PEOPLE:
        page = open_as(role, width=1280, height=800)
        for address in _addresses(page):
            if (role, address) in seen.items():
                continue
            _whole(page, running.url + address, role)
            seen.setdefault(address, role)
        page.context.close()
    by_role: dict[str, list[str]] = {}
    for address, role in seen.items():
        by_role.setdefault(role, []).append(address)
    for role, addresses in by_role.items():
        english = open_as(role, width=1280, height=800, language="en-US", scheme="dark")
        phone = open_as(role, width=390, height=844)
        for address in addresses:
            slug = address.strip("/").replace("/", "-") or "home"
            _whole(english, running.url + address, f"{role}, English, dark")
            expect(english.locator("html")).to_have_attribute("lang", "en")
            words = " ".join(english.locator(".kx-head, .kx-tabs, th, .kx-btn, .kx-nav-link").all_inner_texts())
            for name in PEOPLE.values():  # a name is no word of the product
                words = words.replace(name, "")
            assert not CHINESE.search(words), address
            assert english.evaluate("getComputedStyle(document.body).colorScheme + getComputedStyle(document.body).backgroundColor")
            picture(english, f"page-{slug}-dark-en")
            _whole(phone, running.url + address, f"{role}, phone")
            assert not phone.locator("[data-kx-search]").count() or phone.locator("[data-kx-search]").first.is_visible(), address
            picture(phone, f"page-{slug}-phone")
            phone.set_viewport_size({"width": 360, "height": 740})
            _whole(phone, running.url + address, f"{role}, small phone")
            phone.set_viewport_size({"width": 390, "height": 844})
        english.context.close()
        phone.context.close()


def test_a_card_on_a_phone(running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]) -> None:
    page = open_as("sales", width=390, height=844)
    page.goto(f"{running.url}/customers")
    address = page.locator("[data-kx-main] a").first.get_attribute("href") or ""
    _whole(page, running.url + address, "a card on a phone")
    picture(page, "customer-card-phone")


def test_ctrl_c_stops_everything_and_the_next_start_keeps_the_data(own: Installation, open_as: Callable[..., Page]) -> None:
    before = own.health()["parts"]["evidence"]["size"]
    told = own.said().count("loading the demo company")
    own.stop()
    assert own.process is not None and own.process.returncode == 0
    ends = time.monotonic() + 5
    while alive(own.pids) and time.monotonic() < ends:
        time.sleep(0.1)
    assert alive(own.pids) == {}, "processes are left behind"
    own.start()
    assert own.health()["parts"]["evidence"]["size"] >= before
    assert own.said().count("loading the demo company") == told == 1
    page = open_as("sales")
    page.goto(f"{own.url}/customers")
    assert page.locator("[data-kx-list] tbody tr").count() >= 10


@pytest.mark.slow
def test_a_demo_that_was_cut_short_is_told_again() -> None:
    """kill -9 of everything while the company is being told; the next start is whole, not half and not refused."""
    cut = prepare()
    command = [sys.executable, "-m", "kexin.site.cli", "run", "--demo"]
    with cut.log.open("ab") as log:
        first = subprocess.Popen(command, env=cut.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 120
        while not ("loading the demo company" in cut.said() and cut.people()) and time.monotonic() < deadline:
            time.sleep(0.1)
        for pid in descendants(first.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        first.wait()
        assert not (cut.home / "cli-token").exists(), "it was told to the end before it could be killed"
        cut.start()
        assert "interrupted half-way" in cut.said() and cut.health()["status"] == "ok"
        assert cut.answer("doctor")["ok"]
    finally:
        cut.kill()
        shutil.rmtree(cut.home, ignore_errors=True)
