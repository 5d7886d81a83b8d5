"""A salesperson finds a customer in every way people type, reads the card, looks at one value for a minute."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.no_db]


def _search(page: Page, term: str) -> list[str]:
    page.locator("[data-kx-search]").first.fill(term)
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/searches")
    return page.locator("[data-kx-main] a").all_inner_texts()


def _someone(page: Page) -> tuple[str, str]:
    """Name and address of the first person with a phone on the own list."""
    row = page.locator("[data-kx-list] tbody tr").filter(has=page.locator("text=****")).filter(has_text="个人").first
    link = row.locator("[data-kx-main] a")
    return link.inner_text(), link.get_attribute("href") or ""


def _look(page: Page) -> str:
    """Open the phone number of the card with the first quick pick; answer the value."""
    value = page.locator("#value-mobile")
    value.locator(".kx-eye").click()
    expect(page.locator("#kx-pop")).to_contain_text("查看完整信息")
    page.keyboard.press("Enter")
    opened = value.locator("[data-kx-open]")
    expect(opened).to_be_visible()
    return opened.locator(".kx-value-open").inner_text()


def test_list_search_card_why_and_reveal(open_as: Callable[..., Page], picture: Callable[[Page, str], None]) -> None:
    page = open_as("sales")
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/customers")
    expect(page.locator("h1")).to_have_text("客户")
    assert page.locator("[data-kx-list] tbody tr").count() >= 10
    assert not re.search(r"\b1[3-9]\d{9}\b", page.content()), "a full phone number stands on a list"
    picture(page, "customer-list")

    name, address = _someone(page)
    page.goto(page.url.split("/customers")[0] + address)
    expect(page.locator("#value-mobile")).to_contain_text("****")
    expect(page.locator(".kx-strip")).to_be_visible()
    picture(page, "customer-card")

    page.locator("#value-mobile .kx-why").click()
    why = page.locator("#kx-pop")
    for line in ("来源", "用途", "合法性基础", "告知与同意", "谁看过", "给过谁", "保留到"):
        expect(why).to_contain_text(line)
    picture(page, "customer-card-why")
    page.keyboard.press("Escape")

    phone = _look(page)
    assert re.fullmatch(r"1[3-9]\d{9}", re.sub(r"\s", "", phone))
    picture(page, "customer-card-reveal")

    number = re.sub(r"\s", "", phone)
    assert name in _search(page, number)
    assert name in _search(page, name[0] + number[-4:])
    assert name in _search(page, name[-2:] if len(name) > 2 else name)
    assert not re.search(re.escape(number), page.content()), "the number stands on the result page"
    assert number not in page.url


def test_a_revealed_value_masks_itself_and_the_quota_counts(open_as: Callable[..., Page]) -> None:
    page = open_as("sales")
    base = "/".join(page.url.split("/")[:3])
    page.goto(f"{base}/customers")
    _name, address = _someone(page)
    page.clock.install()
    page.goto(base + address)
    page.clock.run_for(1000)
    value = page.locator("#value-mobile")
    value.locator(".kx-eye").click()
    before = page.locator("#kx-pop").inner_text()
    used = int(re.search(r"今天已看 (\d+) 次", before)[1])  # type: ignore[index]
    page.keyboard.press("Enter")
    expect(value.locator("[data-kx-open]")).to_be_visible()
    number = value.locator(".kx-value-open").inner_text()
    page.clock.run_for(61_000)
    expect(value).to_contain_text("****")
    assert number not in page.content()
    page.locator("#value-mobile .kx-eye").click()
    expect(page.locator("#kx-pop")).to_contain_text(f"今天已看 {used + 1} 次")


def test_pinyin_and_initials_find_the_same_person(open_as: Callable[..., Page]) -> None:
    from pypinyin import Style, lazy_pinyin

    page = open_as("sales")
    base = "/".join(page.url.split("/")[:3])
    page.goto(f"{base}/customers")
    name, _address = _someone(page)
    full = "".join(lazy_pinyin(name))
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    assert name in _search(page, full)
    assert name in _search(page, initials)
    assert _search(page, "13000000000") == []
    expect(page.locator(".kx-empty")).to_be_visible()
