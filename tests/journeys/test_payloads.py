"""Markup and script in every text that somebody can leave behind: on no page does any of it become a part of the page.

Each payload carries a mark. Wherever a text became markup there is an element with that mark, whatever the content
policy stops afterwards; and nothing may ask for the beacon's address, open a dialogue or be reported by the policy.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.installation import Installation
from tests.journeys.judging import pages, settled
from tests.journeys.test_import_a_file import _upload

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

MARK = "data-kx-beacon"
#: Out of text, out of a double-quoted and a single-quoted attribute, into htmx.
PAYLOADS = (
    f"<b {MARK}></b><img src=/beacon onerror=alert(1)>",
    f'"><b {MARK}></b><script>alert(1)</script>',
    f"'><b {MARK}></b><svg onload=alert(1)>",
    f'" {MARK} hx-get="/beacon" hx-trigger="load" x="',
)
PASSWORD = "苹果树下的第七盏灯 2026 年"


def _watch(context: BrowserContext, heard: list[str]) -> None:
    """Whatever a payload could do if it were more than text."""
    context.on("request", lambda request: heard.append(request.url) if re.search("/beacon|/policy-reports", request.url) else None)
    context.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))


def _look(page: Page, heard: list[str], what: str) -> None:
    settled(page)
    assert page.locator(f"[{MARK}]").count() == 0, f"{what}: a text became markup: {page.url}"
    assert not heard, f"{what}: {heard}"


def _customer(page: Page, url: str, heard: list[str], payload: str) -> str:
    """One customer with the payload in every field that takes it; what is refused is shown again and looked at."""
    page.goto(f"{url}/customers/new")
    fields = page.locator(".kx-form input[type=text]")
    for field in fields.all():
        field.fill(payload)
    page.locator("#f-mobile").fill(f"1361111{PAYLOADS.index(payload):04d}")
    for _again in range(fields.count()):
        page.get_by_role("button", name="新建", exact=True).click()
        page.wait_for_load_state()
        _look(page, heard, "the form that was refused")
        refused = page.locator(".kx-form input[aria-invalid=true]")
        if not refused.count():
            break
        for field in refused.all():
            field.fill("苗木兰" if field.get_attribute("id") == "f-name" else "")
    expect(page.locator("#value-mobile")).to_be_visible()
    taken = page.locator("main").inner_text().count(payload)
    assert taken >= 2, f"the payload stands in {taken} places of the card: too few to prove anything"
    return page.url


def _import(page: Page, url: str, heard: list[str], folder: Path) -> None:
    """The payload as name of a file, as header, in cells, as label of a collection; each step is looked at."""
    file = folder / f"a<b {MARK}>.csv"
    rows = [["姓名", "电话", PAYLOADS[0], PAYLOADS[1]], ["苗木兰", "13611119991", PAYLOADS[2], "x"], [PAYLOADS[0], "136", "x", PAYLOADS[3]]]
    file.write_text("\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows) + "\n", encoding="utf-8")
    _upload(page, url, file)
    _look(page, heard, "the columns of an import")
    page.get_by_role("button", name="下一步").click()
    page.locator("#label").fill(PAYLOADS[1])
    _look(page, heard, "the source of an import")
    page.get_by_role("button", name="试运行", exact=True).click()
    expect(page.get_by_text("文件行数")).to_be_visible(timeout=60_000)
    _look(page, heard, "the trial of an import")
    page.get_by_role("button", name=re.compile(r"导入 [\d,]+ 行")).click()
    expect(page.locator("main")).to_contain_text("位客户。", timeout=60_000)
    _look(page, heard, "the report of an import")


def _everywhere(page: Page, url: str, heard: list[str], what: str) -> int:
    """Every kind of page that this person can open, drawn."""
    met = 0
    for address, _skeleton, text in pages(page, url):
        assert not re.search(rf"<[^>]*\s{MARK}", re.sub(r'"[^"]*"|\'[^\']*\'', "", text)), f"{what} {address}"
        page.goto(url + address)
        _look(page, heard, f"{what} {address}")
        met += 1
    return met


def test_no_text_becomes_a_part_of_any_page(running: Installation, open_as: Callable[..., Page], tmp_path: Path) -> None:
    heard: list[str] = []
    seller, steward = open_as("sales"), open_as("steward")
    _watch(seller.context, heard)
    _watch(steward.context, heard)
    cards = [_customer(seller, running.url, heard, payload) for payload in PAYLOADS[:2]]
    _import(steward, running.url, heard, tmp_path)

    seller.goto(f"{running.url}/account")
    seller.locator("#id_label").fill(PAYLOADS[0])
    seller.locator("input[name=purposes]").first.check()
    seller.get_by_role("button", name="新建令牌").click()
    expect(seller.locator(".kx-secret")).to_be_visible()
    _look(seller, heard, "a new token")

    for payload in PAYLOADS:  # what was searched for is shown again
        seller.locator("[data-kx-search]").first.fill(payload)
        seller.keyboard.press("Enter")
        seller.wait_for_url("**/customers/searches")
        _look(seller, heard, "a search")
        seller.keyboard.press("Control+k")
        seller.locator("#kx-palette-list a").first.wait_for()
        seller.keyboard.type(payload)
        seller.locator("[data-kx-find]").click()
        seller.locator("#kx-palette-found .kx-palette-title").wait_for()
        _look(seller, heard, "the palette")
        seller.keyboard.press("Escape")

    for card in cards:
        seller.goto(card)
        for opener in (".kx-why", ".kx-eye"):
            seller.locator(opener).first.click()
            seller.locator("#kx-pop h2").wait_for()
            _look(seller, heard, f"{opener} of a card")
            seller.keyboard.press("Escape")
    assert _everywhere(seller, running.url, heard, "sales") > 5
    assert _everywhere(steward, running.url, heard, "steward") > 8
    for role in ("dpo", "auditor", "agent"):
        reader = open_as(role)
        _watch(reader.context, heard)
        for card in cards:
            reader.goto(card)
            _look(reader, heard, f"the card as {role} sees it")
        assert _everywhere(reader, running.url, heard, role) > 3


def test_a_colleague_whose_name_is_markup(running: Installation, open_as: Callable[..., Page]) -> None:
    """The name stands in the frame of every page, in the watermark, and on the lists of others."""
    number = f"ZZ{uuid.uuid4().hex[:8].upper()}"
    made = running.answer("people", "create", number, "--name", PAYLOADS[1][:60], "--post", "auditor")
    heard: list[str] = []
    page = open_as("auditor")
    _watch(page.context, heard)
    page.context.clear_cookies()
    page.goto(made["link"])
    _look(page, heard, "the invitation")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="设置密码").click()
    page.locator("#id_login").fill(number)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.locator(".kx-me").wait_for()
    assert _everywhere(page, running.url, heard, "a colleague") > 4
    picture = page.request.get(f"{running.url}/watermark.svg").text()
    assert "&lt;b data-kx-beacon" in picture and "<b " not in picture
