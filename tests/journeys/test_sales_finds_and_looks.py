"""A salesperson finds a customer in every way people type, reads the card, looks at one value for a minute."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pypinyin import Style, lazy_pinyin, pinyin

from tests.journeys.conftest import ROOT
from tests.journeys.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

MASKED = re.compile(r"1\d\d\*{4}\d{4}")
MOST_PICTURE_BYTES = 150_000


def search(page: Page, term: str) -> list[str]:
    """Type into the search of the top bar; the names that were found."""
    page.locator("[data-kx-search]").first.fill(term)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page.locator("[data-kx-main] a").all_inner_texts()


def someone(page: Page, *, nth: int = 0) -> tuple[str, str]:
    """Name and address of a person on the open list, with a mobile phone and a name of three signs of one reading."""
    fitting = []
    for row in page.locator("[data-kx-list] tbody tr", has_text=MASKED).all():
        link = row.locator("[data-kx-main] a")
        name = link.inner_text()
        single = all(len(each) == 1 for each in pinyin(name, heteronym=True))
        if re.fullmatch(r"[\u4e00-\u9fff]{3}", name) and single and row.locator("[data-kx-main] .kx-tag").count() == 0:
            fitting.append((name, link.get_attribute("href") or ""))
    return fitting[nth]


def test_list_search_card_why_and_reveal(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    expect(page.locator("h1")).to_have_text("客户")
    assert page.locator("[data-kx-list] tbody tr").count() >= 10
    assert not re.search(r"\b1[3-9]\d{9}\b", page.content()), "a full phone number stands on a list"
    picture(page, "customer-list")
    name, address = someone(page)

    page.goto(running.url + address)
    expect(page.locator("#value-mobile")).to_contain_text("****")
    expect(page.locator(".kx-strip")).to_be_visible()
    picture(page, "customer-card")
    page.locator("#value-mobile .kx-why").click()
    why = page.locator("#kx-pop")
    for line in ("来源", "用途", "合法性基础", "告知与同意", "谁看过", "给过谁", "保留到"):
        expect(why).to_contain_text(line)
    picture(page, "customer-card-why")
    page.keyboard.press("Escape")

    page.locator("#value-mobile .kx-eye").click()
    expect(page.locator("#kx-pop")).to_contain_text("查看完整信息")
    picture(page, "customer-card-question")
    page.keyboard.press("Enter")
    opened = page.locator("#value-mobile .kx-value-open")
    expect(opened).to_be_visible()
    number = re.sub(r"\D", "", opened.inner_text())
    assert re.fullmatch(r"1[3-9]\d{9}", number)
    picture(page, "customer-card-reveal")
    page.reload()
    expect(page.locator("main")).to_contain_text("查看", timeout=10_000)

    assert name in search(page, number)
    assert number not in page.url
    assert number not in page.locator("[data-kx-list]").inner_html(), "a found row shows the number in full"
    for term in (name[0] + number[-4:], name[1:], "".join(lazy_pinyin(name)), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))):
        assert name in search(page, term), term
    assert search(page, "13000000000") == []
    expect(page.locator(".kx-empty")).to_be_visible()


def test_facets_narrow_the_list(running: Installation, open_as: Callable[..., Page]) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    page.get_by_label(re.compile("企业")).first.check()
    page.wait_for_url("**f.*")
    expect(page.locator("[data-kx-list] tbody tr").first).to_contain_text("企业")
    for text in page.locator("[data-kx-main] small").all_inner_texts():
        assert "个人" not in text, text


def test_a_revealed_value_masks_itself_and_the_quota_counts(running: Installation, open_as: Callable[..., Page]) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    _name, address = someone(page)
    page.clock.install()
    page.goto(running.url + address)
    page.clock.run_for(1000)
    value = page.locator("#value-mobile")
    value.locator(".kx-eye").click()
    pop = page.locator("#kx-pop")
    expect(pop).to_contain_text("今天已看")
    used = int(re.search(r"今天已看 (\d+) 次", pop.inner_text())[1])  # type: ignore[index]
    page.keyboard.press("Enter")
    expect(value.locator("[data-kx-open]")).to_be_visible()
    number = value.locator(".kx-value-open").inner_text()
    page.clock.run_for(61_000)
    expect(value).to_contain_text("****")
    assert number not in page.content()
    page.goto(running.url + address)
    page.locator("#value-mobile .kx-eye").click()
    expect(page.locator("#kx-pop")).to_contain_text(f"今天已看 {used + 1} 次")


def test_a_call_needs_no_look(running: Installation, open_as: Callable[..., Page]) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    _name, address = someone(page)
    page.goto(running.url + address)
    page.locator("#value-mobile").get_by_label("拨打").click()
    begin = page.locator("#kx-pop [data-kx-start]")
    expect(begin).to_be_visible()
    assert (begin.get_attribute("href") or "").startswith("tel:")
    assert not re.search(r"1[3-9]\d{9}", page.locator("#kx-pop").inner_text())


@pytest.mark.skipif(os.environ.get("UPDATE_PICTURES") != "1", reason="UPDATE_PICTURES=1 makes the README's picture")
def test_the_picture_of_the_readme(running: Installation, open_as: Callable[..., Page]) -> None:
    page = open_as("sales", width=1120, height=600)
    page.goto(f"{running.url}/customers")
    target = ROOT / "docs" / "images" / "customer-list.png"
    target.parent.mkdir(exist_ok=True)
    page.screenshot(path=str(target))
    assert target.stat().st_size <= MOST_PICTURE_BYTES
