"""The frame around every page: Ctrl K, keys, one purpose in two tabs, tasks, paper, an app without a network, no script."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PEOPLE, chromium
from tests.journeys.installation import Installation
from tests.journeys.test_import_a_file import _upload
from tests.journeys.test_sales_finds_and_looks import someone

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

PHONE = re.compile(r"1[3-9]\d{9}")


def test_everything_is_reached_by_ctrl_k_alone(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    name, _address = someone(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))

    page.keyboard.press("Control+k")
    page.locator("#kx-palette-list a").first.wait_for()
    picture(page, "palette")
    page.keyboard.type("rw")  # 任务 by its initials
    expect(page.locator("#kx-palette [data-kx-at]")).to_have_text("任务")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tasks")

    page.keyboard.press("Control+k")
    page.locator("#kx-palette-list a").first.wait_for()
    asked.clear()
    page.keyboard.type(name)
    assert not asked, "nobody is searched for while somebody types"
    page.keyboard.press("Enter")
    first = page.locator("#kx-palette-found a").first
    expect(first).to_be_focused()
    expect(first).to_contain_text(name)
    assert not PHONE.search(page.locator("#kx-palette-found").inner_text())
    picture(page, "palette-found")
    assert [one for one in asked if "/palette" in one] == [f"POST {running.url}/palette"], asked
    page.keyboard.press("Escape")
    expect(page.locator("#kx-palette")).to_be_hidden()
    assert name not in page.locator("#kx-palette").inner_html()
    assert page.evaluate("[localStorage.length, JSON.stringify(sessionStorage)].join()").find(name) < 0

    page.keyboard.press("Control+k")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator("#kx-palette-found a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*")
    expect(page.locator("h1")).to_have_text(name)


def test_ctrl_k_of_a_post_without_customers(running: Installation, open_as: Callable[..., Page]) -> None:
    page = open_as("system_admin")
    page.keyboard.press("Control+k")
    page.locator("#kx-palette-list a").first.wait_for()
    page.keyboard.type("张伟")
    expect(page.locator(".kx-palette-none")).to_be_visible()
    expect(page.locator("[data-kx-find]")).to_have_count(0)
    assert "客户" not in page.locator("#kx-palette-list").inner_text().split("\n")


def test_keys_act_on_the_list_and_never_while_somebody_types(running: Installation, open_as: Callable[..., Page]) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    rows = page.locator("[data-kx-list] tbody tr")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#kx-keys")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("#kx-keys")).to_be_visible()
    page.keyboard.press("Escape")

    page.keyboard.press("/")
    expect(page.locator("[data-kx-search]").first).to_be_focused()
    page.keyboard.type("cejk?x/")
    assert page.locator("[data-kx-search]").first.input_value() == "cejk?x/" and page.url.endswith("/customers")
    expect(page.locator("#kx-keys")).to_be_hidden()
    page.locator("[data-kx-search]").first.blur()

    # What a method for typing Chinese sends while a word is being composed.
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'c', isComposing: true, bubbles: true}))")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'c', keyCode: 229, bubbles: true}))")
    page.wait_for_timeout(200)
    assert page.url.endswith("/customers")

    page.locator("body").press("?")
    page.get_by_role("button", name="关闭单键快捷键").click()
    page.wait_for_load_state()
    page.locator("body").press("c")
    page.wait_for_timeout(200)
    assert page.url.endswith("/customers"), "single keys are turned off"
    page.keyboard.press("Control+k")
    expect(page.locator("#kx-palette")).to_be_visible()
    page.keyboard.press("Escape")
    page.context.clear_cookies(name="keys")
    page.reload()
    page.locator("body").press("c")
    page.wait_for_url("**/customers/new")


def _change_purpose(page: Page) -> str:
    """Choose the first other purpose; answers what it was called before."""
    before = page.locator(".kx-purpose b").inner_text()
    page.locator("summary.kx-purpose").click()
    with page.expect_navigation():
        page.locator(".kx-menu-list form button", has_text=re.compile("客服|询价")).first.click()
    expect(page.locator(".kx-purpose b")).not_to_have_text(before)
    return before


def test_a_purpose_changed_in_another_tab_stops_this_one(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    _name, address = someone(page)
    card, form, other = page, page.context.new_page(), page.context.new_page()
    card.goto(running.url + address)
    expect(card.locator("#value-mobile")).to_contain_text("****")
    form.goto(f"{running.url}/customers/new")
    form.locator("#f-name").fill("苗木兰")
    form.locator("#f-mobile").fill("13955550101")
    before = running.people()
    other.goto(f"{running.url}/customers")
    was = _change_purpose(other)

    card.locator("#value-mobile .kx-eye").click()
    refusal = card.locator("#kx-refusal")
    expect(refusal).to_contain_text(f"此页打开时的用途是“{was}”")
    expect(refusal).to_contain_text("请求编号")
    expect(card.locator("#kx-outdated")).to_be_visible()
    picture(card, "purpose-changed")
    with form.expect_navigation():
        form.get_by_role("button", name="新建", exact=True).click()
    expect(form.locator("h1")).to_contain_text(f"此页打开时的用途是“{was}”")
    picture(form, "purpose-changed-form")
    assert running.people() == before, "done silently under another purpose"
    form.get_by_role("link", name="重新打开刚才的页面").click()
    expect(form.locator("#f-name")).to_be_visible()

    with card.expect_navigation():
        refusal.get_by_role("button", name="刷新此页").click()
    assert card.locator(".kx-purpose b").inner_text() != was
    _change_purpose(other)


def test_long_work_is_left_found_again_and_cancelled(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None], tmp_path: Path
) -> None:
    file = tmp_path / "大名单.csv"
    file.write_text("姓名,电话\n" + "".join(f"苗木兰,1330009{number:04d}\n" for number in range(9_000)), encoding="utf-8")
    page = open_as("steward")
    _upload(page, running.url, file)
    page.get_by_role("button", name="下一步").click()
    page.locator("#label").fill("离开再回来")
    page.get_by_role("button", name="试运行", exact=True).click()
    page.goto(f"{running.url}/tasks")
    task = page.locator(".kx-task", has_text="离开再回来").first
    expect(task.locator("progress")).to_be_visible()
    picture(page, "tasks")
    task.get_by_role("button", name="停下").click()
    expect(task).to_contain_text("已取消", timeout=60_000)
    expect(task.locator("progress")).to_have_count(0)
    task.get_by_role("link", name="查看结果").click()
    expect(page.locator("main")).to_contain_text("取消前已写入 0 位")


def test_paper_is_masked_and_says_who(running: Installation, open_as: Callable[..., Page], tmp_path: Path) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    _name, address = someone(page)
    page.goto(running.url + address)
    page.locator("#value-mobile .kx-eye").click()
    expect(page.locator("#kx-pop")).to_contain_text("查看完整信息")
    page.keyboard.press("Enter")
    opened = page.locator("#value-mobile .kx-value-open")
    expect(opened).to_be_visible()
    number = re.sub(r"\D", "", opened.inner_text())
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    shown = page.locator("body").inner_text()
    assert number not in re.sub(r"\s", "", shown) and "****" in shown
    assert "林晓雯 XS0217" in shown and "用途" in shown
    expect(page.locator(".kx-nav")).to_be_hidden()
    expect(page.locator(".kx-watermark")).to_have_css("opacity", "0.12")
    sheet = tmp_path / "card.pdf"
    page.pdf(path=str(sheet), prefer_css_page_size=True)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheet.read_bytes())
    assert box is not None and (round(float(box[1])), round(float(box[2]))) == (595, 842), "not A4"
    page.emulate_media(media="screen")
    expect(page.locator(".kx-watermark")).to_have_css("opacity", "0.035")


def test_the_app_keeps_files_and_no_page(
    running: Installation, open_as: Callable[..., Page], complaints: list[str]
) -> None:
    page = open_as("sales")
    page.goto(f"{running.url}/customers")
    _name, address = someone(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    for target in ("/customers", address, "/account", "/tasks"):
        page.goto(running.url + target)
        page.wait_for_load_state("networkidle")
    assert page.evaluate("Boolean(navigator.serviceWorker.controller)")
    kept = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
           (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat()"""
    )
    assert len(kept) > 12
    assert [one for one in kept if not one.startswith("/static/")] == ["/offline"]
    page.context.set_offline(True)
    page.goto(running.url + address)
    expect(page.locator("h1")).to_have_text("没有网络")
    assert "****" not in page.content() and "林晓雯" not in page.content()
    page.context.set_offline(False)
    page.get_by_role("link", name="再试一次").click()
    expect(page.locator("#value-mobile")).to_contain_text("****")
    page.context.set_offline(True)
    page.locator("#value-mobile .kx-why").click()
    expect(page.locator("#kx-offline")).to_be_visible()
    page.context.set_offline(False)
    page.locator("#value-mobile .kx-why").click()
    expect(page.locator("#kx-pop")).to_contain_text("来源")
    expect(page.locator("#kx-offline")).to_be_hidden()
    # That there was no network is what the browser says, too.
    complaints[:] = [text for text in complaints if "ERR_INTERNET_DISCONNECTED" not in text and "htmx:" not in text]


def test_it_can_be_installed(running: Installation, browser: Browser) -> None:
    """By Chromium's own criteria, in a profile that is not a private window."""
    with tempfile.TemporaryDirectory() as profile:
        context = browser.browser_type.launch_persistent_context(
            profile, executable_path=chromium(), headless=True, args=["--no-sandbox", "--disable-background-networking", "--no-first-run"]
        )
        page = context.new_page()
        page.goto(f"{running.url}/")
        page.locator(".kx-person", has_text=PEOPLE["sales"]).click()
        page.locator(".kx-me").wait_for()
        session = context.new_cdp_session(page)
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == [] and manifest["url"] == f"{running.url}/app.webmanifest"
        context.close()


def test_without_any_script(running: Installation, browser: Browser) -> None:
    """Search, palette, purpose, language and tasks are plain pages and forms."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{running.url}/")
    page.locator(".kx-person", has_text=PEOPLE["sales"]).click()
    page.goto(f"{running.url}/customers")
    name, _address = someone(page)
    page.locator("[data-kx-search]").first.fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("[data-kx-main] a").first).to_have_text(name)
    page.goto(f"{running.url}/palette")
    page.locator(".kx-main [name=q]").fill(name)
    page.locator(".kx-main").get_by_role("button", name="查找", exact=True).click()
    expect(page.locator(".kx-main .kx-goal").first).to_contain_text(name)
    assert name not in page.url
    page.goto(f"{running.url}/customers")
    _change_purpose(page)
    _change_purpose(page)
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Customers")
    page.locator(".kx-nav a[href='/tasks']").click()
    expect(page.locator("h1")).to_have_text("Tasks")
    context.close()
