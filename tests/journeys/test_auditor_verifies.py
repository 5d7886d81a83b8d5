"""The auditor verifies on the page, in the shell and on another machine; one changed byte is named everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.installation import Installation, verify_alone

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

LINE = 101


def _verify(page: Page, url: str) -> None:
    page.goto(f"{url}/evidence")
    page.get_by_role("button", name="立即核对").click()


def test_on_the_page_and_in_the_shell(running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]) -> None:
    page = open_as("auditor")
    _verify(page, running.url)
    expect(page.locator("#verdict")).to_contain_text("核对通过", timeout=60_000)
    picture(page, "evidence")
    page.locator("td.kx-num a").first.click()
    expect(page.locator("main")).to_contain_text("下载本条凭据")
    picture(page, "evidence-line")
    facts = running.answer("evidence", "verify")
    assert facts["damage"] is None and facts["checked"] == facts["size"] > 500
    assert facts["witness"] > 0 and facts["mirror"] > 0


def test_a_pack_on_another_machine(running: Installation, open_as: Callable[..., Page], tmp_path: Path) -> None:
    page = open_as("auditor")
    page.goto(f"{running.url}/evidence")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载核对包").click()
    from_page = tmp_path / "page.zip"
    download.value.save_as(from_page)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载公钥文件").click()
    trust = tmp_path / "trust.json"
    download.value.save_as(trust)
    from_shell = Path(running.answer("evidence", "export", "--out", str(tmp_path))["pack"])
    for number, pack in enumerate((from_page, from_shell)):
        done = verify_alone(tmp_path / f"elsewhere-{number}", pack, trust=trust)
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["code"] == 0


def test_one_changed_byte_is_named(own: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None]) -> None:
    """Last of all journeys: from here on the ledger of this installation is damaged."""
    with psycopg.connect(own.instance.address("main", "admin").url(), dbname="kexin") as admin:
        admin.execute("ALTER TABLE evidence_leaf DISABLE TRIGGER evidence_leaf_only_grows")
        changed = admin.execute(
            "UPDATE evidence_leaf SET body = set_byte(body, 20, get_byte(body, 20) # 1) WHERE seq = %s", [LINE - 1]
        )
        assert changed.rowcount == 1
        admin.execute("ALTER TABLE evidence_leaf ENABLE ALWAYS TRIGGER evidence_leaf_only_grows")
    page = open_as("auditor")
    _verify(page, own.url)
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("核对没有通过", timeout=60_000)
    expect(verdict).to_contain_text(f"第 {LINE} 条")
    picture(page, "evidence-damaged")
    facts = own.answer("evidence", "verify", code=1)
    assert facts["line"] == LINE and facts["damage"]
