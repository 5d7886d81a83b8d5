"""The officer deletes a customer: nothing finds them, nothing opens them, the certificate verifies elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Installation

pytestmark = [pytest.mark.browser, pytest.mark.no_db]


def test_delete_from_card_to_certificate(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None], tmp_path: Path
) -> None:
    sales = open_as("sales")
    sales.goto(f"{running.url}/customers")
    row = sales.locator("[data-kx-list] tbody tr").filter(has=sales.locator("text=****")).filter(has_text="个人").last
    link = row.locator("[data-kx-main] a")
    name, address = link.inner_text(), link.get_attribute("href")
    sales.goto(f"{running.url}{address}")
    expect(sales.locator("h1")).to_have_text(name)

    officer = open_as("dpo")
    officer.goto(f"{running.url}{address}")
    officer.get_by_role("link", name="删除", exact=True).click()
    expect(officer.locator(".kx-note-warn")).to_contain_text("不能撤销")
    officer.locator("#ground").select_option("request")
    officer.locator("#door").select_option("phone")
    officer.get_by_role("button", name=re.compile("永久删除")).click()
    expect(officer.get_by_role("link", name="下载")).to_be_visible(timeout=30_000)
    picture(officer, "erasure")
    with officer.expect_download() as download:
        officer.get_by_role("link", name="下载").click()
    certificate = tmp_path / "certificate.json"
    download.value.save_as(certificate)

    # The page that was open before the deletion can open nothing any more.
    sales.locator("#value-mobile .kx-eye").click()
    sales.keyboard.press("Enter")
    expect(sales.locator("[data-kx-open]")).to_have_count(0)
    sales.goto(f"{running.url}{address}")
    expect(sales.locator("h1")).to_have_text("已删除记录")
    picture(sales, "customer-deleted")
    sales.locator("[data-kx-search]").first.fill(name)
    sales.keyboard.press("Enter")
    sales.wait_for_url("**/customers/searches")
    assert address not in [link.get_attribute("href") for link in sales.locator("[data-kx-main] a").all()]

    document = json.loads(certificate.read_text(encoding="utf-8"))
    assert document
    trust = running.home / "evidence" / "trust.json"
    verifier = Path(sys.modules["kexin"].__file__ or "").parent / "evidence" / "verifier.py"
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    (alone / "kexin-verify.py").write_bytes(verifier.read_bytes())
    found = trust
    (alone / "trust.json").write_bytes(found.read_bytes())
    command = [sys.executable, "kexin-verify.py", str(certificate), "--trust", "trust.json"]
    done = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
