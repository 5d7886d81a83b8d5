"""I1 after a whole day: a value that went through import, form, API, search, look, call and deletion is nowhere on disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests import canary
from tests.journeys.installation import Installation
from tests.journeys.test_sales_finds_and_looks import search

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

NAME, MOBILE, MAIL, STREET = "仉督爨爨", "17748120936", "canary.cuan@example.cn", "爨底下胡同九千零七号"
#: Open by design: which collection it was. If this is not found, the search has read nothing.
LABEL = "金丝雀市集二〇二六"


def _by_shell(running: Installation, folder: Path) -> None:
    file = folder / "canary.csv"
    file.write_text(f"姓名,电话,邮箱,地址\n{NAME},{MOBILE},{MAIL},{STREET}\n{NAME},177,{MAIL},{STREET}\n", encoding="gb18030")
    facts = running.answer(
        "import", str(file), "--source", "offline", "--purpose", "presale", "--basis", "unproven",
        "--label", LABEL, "--write-known", "--errors", str(folder / "errors.xlsx"),
    )  # fmt: skip
    assert facts["written"] == 1 and facts["refused"] == 1, facts


def _by_api(running: Installation) -> None:
    source = {"source": "form", "basis": "unproven"}
    body = {"kind": "person", "values": {"name": NAME, "mobile": MOBILE}, "source": source}
    made = running.api("/customers", body, Idempotency_Key="canary-1", Kexin_Purpose="presale")
    found = running.api("/customer-searches", {"term": MOBILE}, Kexin_Purpose="presale")
    assert made["id"] in {one["id"] for one in found["items"]}


def _by_hand(running: Installation, open_as: Callable[..., Page]) -> str:
    page = open_as("sales")
    page.goto(f"{running.url}/customers/new")
    page.locator("#f-name").fill(NAME)
    page.locator("#f-mobile").fill(MOBILE)
    with page.expect_navigation():
        page.get_by_role("button", name="新建", exact=True).click()
    expect(page.locator("h1")).to_have_text(NAME)
    address = page.url
    for term in (MOBILE, NAME, NAME[0] + MOBILE[-4:]):
        assert NAME in search(page, term), term
    page.goto(address)
    page.locator("#value-mobile .kx-eye").click()
    expect(page.locator("#kx-pop")).to_contain_text("今天已看")
    page.locator("#kx-pop [name=words]").fill(f"{NAME}来电核实号码")
    page.locator("#kx-pop").get_by_role("button", name=re.compile("^查看")).click()
    expect(page.locator("#value-mobile .kx-value-open")).to_contain_text(MOBILE)
    page.reload()
    page.locator("#value-mobile").get_by_label("拨打").click()
    expect(page.locator("#kx-pop [data-kx-start]")).to_be_visible()
    return address


def _delete(open_as: Callable[..., Page], address: str) -> None:
    officer = open_as("dpo")
    officer.goto(address)
    officer.get_by_role("link", name="删除", exact=True).click()
    officer.get_by_role("button", name=re.compile("永久删除")).click()
    expect(officer.get_by_role("link", name="下载")).to_be_visible(timeout=45_000)


def test_nothing_of_a_person_is_on_any_disk(running: Installation, open_as: Callable[..., Page], tmp_path: Path) -> None:
    _by_shell(running, tmp_path)
    _by_api(running)
    _delete(open_as, _by_hand(running, open_as))
    for cluster in ("main", "keyring"):
        with psycopg.connect(running.instance.address(cluster, "admin").url(), autocommit=True) as admin:
            admin.execute("CHECKPOINT")
    places = [running.home, running.log, *([running.temporary] if running.temporary.exists() else [])]
    places = [place for place in places if place.exists()]
    assert canary.seek([LABEL], places), "an open label must be found, or nothing was read"
    hits = canary.seek([NAME, MOBILE, MAIL, STREET], places)
    assert hits == [], hits[:5]
