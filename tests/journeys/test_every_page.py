"""Every page of every post, as it is judged by axe-core, by a finger, by the reader's text size and by the network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PEOPLE
from tests.journeys.installation import Installation
from tests.journeys.judging import BEYOND, MISSED, SIDEWAYS, pages, serious, settled, text_size

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

#: axe-core is put into the page from outside; the policy itself is watched by the other journeys.
JUDGED = {"bypass_csp": True, "service_workers": "block"}
MOST_BYTES = 300_000
#: The pages that people work on standing, with one hand: post, address ("" is the first customer's card).
WORKING = (("sales", "/customers"), ("sales", ""), ("sales", "/customers/new"), ("agent", "/customers"), ("steward", "/imports"))


@pytest.fixture(scope="session")
def kinds(running: Installation, browser: Browser) -> list[tuple[str, str]]:
    """Post and address of one page of each kind that any post can open; every page of the console has its watermark."""
    known: set[frozenset[tuple[str, ...]]] = set()
    found: list[tuple[str, str]] = []
    for role, name in PEOPLE.items():
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{running.url}/")
        page.locator(".kx-person", has_text=name).click()
        page.locator(".kx-me").wait_for()
        for address, skeleton, text in pages(page, running.url):
            if 'class="kx-shell"' in text:
                assert 'class="kx-watermark"' in text, f"{role} {address}: no watermark"
            if skeleton not in known:
                known.add(skeleton)
                found.append((role, address))
        context.close()
    assert len(found) > 20, found
    return found


def _judged(running: Installation, open_as: Callable[..., Page], kinds: list[tuple[str, str]], **look: object) -> list[str]:
    """What axe finds on a page of each kind under this look."""
    found: list[str] = []
    for role in dict.fromkeys(role for role, _address in kinds):
        page = open_as(role, **JUDGED, **look)
        for address in (address for owner, address in kinds if owner == role):
            page.goto(running.url + address)
            found += [f"{role} {address}: {fault}" for fault in serious(page)]
        page.context.close()
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_no_page_of_any_post_has_a_serious_fault(
    language: str, running: Installation, open_as: Callable[..., Page], kinds: list[tuple[str, str]]
) -> None:
    found = _judged(running, open_as, kinds, language=language, width=1280, height=800)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_no_theme_and_no_size_has_one(
    language: str, width: int, scheme: str, running: Installation, open_as: Callable[..., Page], kinds: list[tuple[str, str]]
) -> None:
    found = _judged(running, open_as, kinds, language=language, width=width, height=800, scheme=scheme)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en-US", "dark")])
def test_what_opens_over_a_page_has_none(
    language: str, scheme: str, running: Installation, open_as: Callable[..., Page]
) -> None:
    page = open_as("sales", language=language, scheme=scheme, **JUDGED)
    found: list[str] = []

    def judge(what: str) -> None:
        found.extend(f"{what}: {fault}" for fault in serious(page))

    page.goto(f"{running.url}/customers")
    page.locator(".kx-me").click()
    judge("menu")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.locator("#kx-palette-list a").first.wait_for()
    judge("palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    judge("keys")
    page.keyboard.press("Escape")
    page.goto(running.url + (page.locator("[data-kx-main] a").first.get_attribute("href") or ""))
    for opener in ("kx-why", "kx-eye"):
        page.locator(f"#value-mobile .{opener}").click()
        page.locator("#kx-pop h2").wait_for()
        judge(opener)
        page.keyboard.press("Escape")
    page.evaluate("htmx.ajax('GET', '/imports', {target: '#kx-pop'})")
    page.locator("#kx-refusal h2").wait_for()
    judge("refusal")
    for address in ("/nowhere", "/imports", "/offline"):
        page.goto(running.url + address)
        judge(address)
    page.context.clear_cookies()
    page.goto(f"{running.url}/sign-in")
    judge("sign-in")
    assert not found, "\n".join(found)


def test_with_one_hand_and_twice_the_text(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    for role, address in WORKING:
        page = open_as(role, width=360, height=740)
        page.goto(f"{running.url}/customers")
        target = address or page.locator("[data-kx-main] a").first.get_attribute("href") or ""
        for pixels in (16, 32):
            text_size(page, pixels)
            page.goto(running.url + target)
            settled(page)
            what = f"{role} {address or 'card'} at {pixels} px"
            assert page.evaluate(SIDEWAYS) <= 0, f"{what} scrolls sideways"
            assert page.evaluate(BEYOND) == [], what
            assert page.evaluate(MISSED) == [], what
            page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
            picture(page, f"hand-{role}-{address.strip('/').replace('/', '-') or 'card'}-{pixels}px")
        page.context.close()


def test_the_first_page_is_light(running: Installation, browser: Browser) -> None:
    """Everything that a browser with an empty cache fetches to sign in and to see its first page, as it travels."""
    heaviest = 0
    for role in ("sales", "dpo", "auditor", "steward"):
        context = browser.new_context(service_workers="block")
        page = context.new_page()
        session = context.new_cdp_session(page)
        sizes: list[int] = []
        session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(int(event["encodedDataLength"])))
        session.send("Network.enable")
        page.goto(f"{running.url}/")
        page.locator(".kx-person", has_text=PEOPLE[role]).click()
        expect(page.locator(".kx-me")).to_be_visible()
        page.wait_for_load_state("networkidle")
        print(f"{role}: {sum(sizes):,} bytes in {len(sizes)} answers")
        heaviest = max(heaviest, sum(sizes))
        context.close()
    assert 0 < heaviest <= MOST_BYTES, f"{heaviest:,} bytes"
