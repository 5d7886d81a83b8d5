"""The steward brings in real files through the wizard and from the shell; a hostile one is answered in a sentence."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import ROOT
from tests.journeys.installation import Installation, descendants

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

SAMPLES = ROOT / "docs" / "samples"
BOMB_BYTES = 300 << 20


def _upload(page: Page, base: str, file: Path) -> None:
    page.goto(f"{base}/imports")
    page.locator("#file").set_input_files(file)
    with page.expect_navigation():
        page.get_by_role("button", name="上传并识别").click()


def _counts(page: Page) -> dict[str, int]:
    words = page.locator("main").inner_text()
    found = {}
    for label in ("文件行数", "可能重复", "同文件重复", "不会写入"):
        found[label] = int(re.search(rf"{label}\s+([\d,]+)", words)[1].replace(",", ""))  # type: ignore[index]
    found["将新建"] = int(re.search(r"(?:将新建|已写入)\s+([\d,]+)", words)[1].replace(",", ""))  # type: ignore[index]
    return found


def _until_tried(page: Page) -> None:
    expect(page.get_by_text("文件行数")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("sample", ["家博会名单-gb18030.csv", "家博会名单.xlsx"])
def test_the_wizard_from_upload_to_error_file(
    sample: str, running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None], tmp_path: Path
) -> None:
    page = open_as("steward")
    is_csv = sample.endswith(".csv")
    _upload(page, running.url, SAMPLES / sample)
    address = page.url.split("?")[0]
    if is_csv:
        expect(page.locator("#encoding option").first).to_have_text("GB18030")
        picture(page, "import-columns")
    assert page.get_by_label("姓名", exact=True).input_value() == "name"
    with page.expect_navigation():
        page.get_by_role("button", name="下一步").click()

    page.locator("#label").fill("2026 杭州秋季家博会")
    unproven = page.locator("#basis option", has_text="来源或凭证不明").first
    if is_csv:
        page.locator("#basis").select_option(unproven.get_attribute("value"))
    picture(page, "import-source")
    with page.expect_navigation():
        page.get_by_role("button", name="试运行", exact=True).click()
    assert "<progress" in page.request.get(f"{address}/progress").text()
    _until_tried(page)
    counts = _counts(page)
    assert counts["文件行数"] >= 60
    assert counts["文件行数"] == sum(counts.values()) - counts["文件行数"], counts
    expect(page.locator("main")).to_contain_text("没有写入：")
    if is_csv:
        picture(page, "import-dry-run")

    if not counts["将新建"]:
        return  # the same list again: everybody is known by now, which is what the counts say
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(r"导入 [\d,]+ 行")).click()
    expect(page.locator("main")).to_contain_text("位客户。", timeout=60_000)
    picture(page, "import-done")

    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("下载错误表")).click()
    errors = tmp_path / "errors.xlsx"
    download.value.save_as(errors)
    _upload(page, running.url, errors)
    assert page.url.split("?")[0] != address, "the error file can be fed in again"
    expect(page.get_by_role("button", name="下一步")).to_be_visible()

    page.locator("[data-kx-search]").first.fill("15800066667")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("[data-kx-main] a").first).to_be_visible()


def test_the_shell_does_the_same(running: Installation, tmp_path: Path) -> None:
    file = tmp_path / "名单.csv"
    file.write_text("姓名,电话\n苗木兰,13100077701\n岳望舒,13100077702\n缺号码,131\n", encoding="utf-8")
    errors = tmp_path / "errors.xlsx"
    facts = running.answer(
        "import", str(file), "--source", "offline", "--purpose", "presale", "--basis", "unproven", "--errors", str(errors)
    )
    assert (facts["rows"], facts["written"], facts["refused"], facts["stage"]) == (3, 2, 1, "done")
    assert zipfile.is_zipfile(errors) and errors.stat().st_mode & 0o077 == 0
    found = running.api("/customer-searches", {"term": "13100077702"}, Kexin_Purpose="presale")
    assert len(found["items"]) == 1 and "13100077702" not in str(found)


@pytest.mark.bad_input(51)
def test_an_import_killed_half_way_goes_on_without_a_row_twice_or_lost(running: Installation, tmp_path: Path) -> None:
    """kill -9 of `kexin import` (and of the processes that seal for it) while it writes; then --resume."""
    people = 8_000
    file = tmp_path / "大名单.csv"
    lines = "".join(f"苗木兰,1320007{number:04d}\n" for number in range(people))
    file.write_text("姓名,电话\n" + lines, encoding="utf-8")
    before = running.people()
    command = [sys.executable, "-m", "kexin.site.cli", "import", str(file), "--source", "offline"]
    command += ["--purpose", "presale", "--basis", "unproven"]
    process = subprocess.Popen(command, env=running.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = next(line for line in process.stderr if "--resume" in line)
    deadline = time.monotonic() + 60
    while running.people() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    family = descendants(process.pid)
    assert process.poll() is None, "it was over before it could be killed: more people are needed"
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    half = running.people() - before
    assert 0 < half < people and half % 1_000 == 0
    facts = running.answer(
        "import", str(file), "--source", "offline", "--purpose", "presale", "--basis", "unproven", "--resume", said.split()[-1]
    )
    assert (facts["stage"], facts["written"], facts["known"], facts["refused"]) == ("done", people, 0, 0)
    assert running.people() - before == people
    for phone in ("13200070000", f"1320007{half:04d}", f"1320007{people - 1:04d}"):
        assert len(running.api("/customer-searches", {"term": phone}, Kexin_Purpose="presale")["items"]) == 1, phone


def test_a_hostile_file_gets_a_sentence(running: Installation, open_as: Callable[..., Page], tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(SAMPLES / "家博会名单.xlsx") as good, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            if name.startswith("xl/worksheets/"):
                with bad.open(name, "w") as sheet:
                    for _piece in range(BOMB_BYTES >> 20):
                        sheet.write(b"\0" * (1 << 20))
            else:
                bad.writestr(name, good.read(name))
    page = open_as("steward")
    _upload(page, running.url, bomb)
    said = page.locator("#e-file").inner_text()
    assert len(said) > 8 and "Traceback" not in said
    assert running.health()["status"] == "ok"
