"""How a page is judged: by axe-core, by its edges, by a finger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Page, expect

from tests.house.test_routes import routes
from tests.house.tree import ROOT

AXE = ROOT / "build" / "axe.min.js"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: What reaches beyond the right edge without a frame of its own that scrolls; nothing may hide it by clipping.
BEYOND = """() => {
  const width = document.documentElement.clientWidth;
  const framed = (part) => {
    for (let up = part.parentElement; up && up !== document.body; up = up.parentElement) {
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(up).overflowX)) { return true; }
    }
    return false;
  };
  return [...document.querySelectorAll("main *, header *")].filter((part) => {
    const box = part.getBoundingClientRect();
    return part.checkVisibility() && box.width > 0 && box.right > width + 1 && !framed(part);
  }).slice(0, 5).map((part) => part.outerHTML.slice(0, 90));
}"""
#: Controls that a finger of 44 px does not meet: 21 px from the middle of each, to every side, something else is hit.
MISSED = """() => {
  const meets = (part, x, y) => { const hit = document.elementFromPoint(x, y); return Boolean(hit) && part.contains(hit); };
  const missed = [];
  for (const one of document.querySelectorAll("a[href], button, select, summary, input:not([type=hidden]), textarea")) {
    const part = (one.matches("[type=checkbox], [type=radio]") && one.closest("label")) || one;
    if (!one.checkVisibility({ visibilityProperty: true }) || one.closest("[popover]:not(:popover-open), dialog:not([open])")) { continue; }
    // Links inside a sentence are as high as the sentence (WCAG 2.5.8 allows it).
    const around = one.parentElement;
    if (one.matches("a") && around.matches("p, small, dd, span") && around.textContent.trim() !== one.textContent.trim()) { continue; }
    part.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const box = part.getBoundingClientRect();
    if (box.width === 0 || box.bottom < 0) { continue; }
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const inside = (value) => Math.min(Math.max(value, 1), innerWidth - 1);
    if (![[0, -21], [0, 21], [-21, 0], [21, 0]].every(([right, down]) => meets(part, inside(x + right), y + down))) {
      missed.push(`${Math.round(box.width)} x ${Math.round(box.height)}: ${one.outerHTML.slice(0, 90)}`);
    }
  }
  return missed;
}"""
_ASK_AXE = """async () => (await axe.run(document, { resultTypes: ["violations"], preload: false })).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => `${one.id} (${one.impact}) x ${one.nodes.length}: ${one.nodes[0].html.slice(0, 160)}`)"""
#: Files to keep, not pages to look at.
_FILES = re.compile(r"/(proof|trust|certificate|openapi\.json|watermark\.svg|app\.webmanifest|worker\.js)$")


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands. Its context needs ``bypass_csp=True``."""
    if not AXE.exists():
        pytest.fail("axe-core is missing: python tools/frontend.py --tests", pytrace=False)
    settled(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_ASK_AXE)
    return found


def settled(page: Page) -> None:
    """Everything that the page asks for by itself has arrived (a poll never ends, so the network is not asked)."""
    page.wait_for_load_state("load")
    expect(page.locator(".htmx-request:not([hx-trigger^=every])")).to_have_count(0)


class _Skeleton(HTMLParser):
    """What kinds of parts a page has, and where it leads; not its words, nor how often each part stands there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kinds: set[tuple[str, ...]] = set()
        self.links: list[str] = []
        self.above = [""]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        marks = [f"{name}={given[name]}" for name in ("class", "role", "type", "data-state", "data-tone", "hx-trigger") if name in given]
        self.kinds.add((self.above[-1], tag, *marks, *sorted(name for name in given if name.startswith("aria-"))))
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        if tag not in ("br", "hr", "img", "input", "link", "meta", "use", "path", "circle", "rect"):
            self.above.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.above[1:]:
            while self.above.pop() != tag:
                pass


def text_size(page: Page, pixels: int) -> None:
    """The reader's own text size, as the system or the browser is set (16 is usual)."""
    session = page.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": pixels, "fixed": pixels}})
    session.detach()


def pages(page: Page, url: str) -> Iterator[tuple[str, frozenset[tuple[str, ...]], str]]:
    """Address, skeleton and text of every kind of page that the signed-in person can open: from the navigation, the
    resolver and the links of the pages themselves, one of each form of address. Asked for without drawing them."""
    waiting = ["/", *(route for route in sorted(set(routes())) if "<" not in route and not route.startswith(("/api", "/static")))]
    seen: set[str] = set()
    while waiting:
        address = waiting.pop(0)
        form = re.sub(r"[0-9a-f-]{36}|\d+|\?.*", "#", address)
        if form in seen or _FILES.search(address.partition("?")[0]):
            continue
        seen.add(form)
        answer = page.request.get(url + address)
        if not answer.ok or "text/html" not in answer.headers.get("content-type", ""):
            continue
        found = _Skeleton(answer.text())
        yield address, frozenset(found.kinds), answer.text()
        waiting += found.links
