"""The officer deletes a customer: nothing finds them, no process opens them, the certificate verifies elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.installation import Installation, verify_alone
from tests.journeys.test_sales_finds_and_looks import search, someone

pytestmark = [pytest.mark.browser, pytest.mark.no_db]

#: A process with the rights of the web that opens everything of one person, from the envelopes it was given or loads,
#: as often as a line comes in. It prints the attributes it could open, or the name of the refusal.
OPENER = """
import pickle, sys, uuid
from pathlib import Path
from kexin.site import shell
shell.ready("web")
from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.vault import envelopes
subject, kept = uuid.UUID(sys.argv[1]), Path(sys.argv[2])
if not kept.exists():
    kept.write_bytes(pickle.dumps(envelopes.load(subjects=[subject], entity=envelopes.IDENTITY)))
sealed = pickle.loads(kept.read_bytes())
for _line in sys.stdin:
    caller = Caller.for_service("maintenance", cause="journey")
    noted = evidence.note_now(caller, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    try:
        print("opened", *sorted(envelopes.open_values(sealed, noted=noted)), flush=True)
    except Exception as refusal:
        print(type(refusal).__name__, flush=True)
"""


def _opener(running: Installation, subject: str, kept: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OPENER, subject, str(kept)]
    environment = running.environment(KEXIN_ROLE="web")
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(opener: subprocess.Popen[str]) -> str:
    assert opener.stdin and opener.stdout
    opener.stdin.write("open\n")
    opener.stdin.flush()
    return opener.stdout.readline().strip()


def test_delete_from_card_to_certificate(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None], tmp_path: Path
) -> None:
    sales = open_as("sales")
    sales.goto(f"{running.url}/customers")
    name, address = someone(sales, nth=1)
    sales.goto(f"{running.url}{address}")
    expect(sales.locator("h1")).to_have_text(name)
    kept = tmp_path / "sealed"
    with _opener(running, address.rsplit("/", 1)[1], kept) as before:
        assert "mobile" in _ask(before), "while the person is there, this process opens them"
        certificate = _delete(running, open_as, picture, address, tmp_path)
        assert _ask(before) == "SubjectErased", "started before the deletion"
        with _opener(running, address.rsplit("/", 1)[1], kept) as after:
            assert _ask(after) == "SubjectErased", "started after it, with a copy of the old envelopes"
            after.communicate()
        before.communicate()

    # The page that was open before the deletion can open nothing any more.
    sales.locator("#value-mobile .kx-eye").click()
    sales.keyboard.press("Enter")
    expect(sales.locator("[data-kx-open]")).to_have_count(0)
    sales.goto(f"{running.url}{address}")
    expect(sales.locator("h1")).to_have_text("已删除记录")
    picture(sales, "customer-deleted")
    search(sales, name)
    assert address not in [link.get_attribute("href") for link in sales.locator("[data-kx-main] a").all()]

    done = verify_alone(tmp_path / "elsewhere", certificate, trust=running.home / "evidence" / "trust.json")
    assert done.returncode == 0, done.stdout + done.stderr
    forged = tmp_path / "forged.json"
    forged.write_text(re.sub(r'"sig":\s*"(.)', lambda hit: hit[0][:-1] + ("A" if hit[1] != "A" else "B"), certificate.read_text()))
    if forged.read_text() != certificate.read_text():
        assert verify_alone(tmp_path / "elsewhere", forged, trust=running.home / "evidence" / "trust.json").returncode != 0


def _delete(
    running: Installation, open_as: Callable[..., Page], picture: Callable[[Page, str], None], address: str, folder: Path
) -> Path:
    officer = open_as("dpo")
    officer.goto(f"{running.url}{address}")
    officer.get_by_role("link", name="删除", exact=True).click()
    expect(officer.locator("#main .kx-note-warn")).to_contain_text("不能撤销")
    picture(officer, "erasure-question")
    officer.locator("#ground").select_option("request")
    officer.locator("#door").select_option("phone")
    officer.get_by_role("button", name=re.compile("永久删除")).click()
    expect(officer.get_by_role("link", name="下载")).to_be_visible(timeout=45_000)
    picture(officer, "erasure")
    with officer.expect_download() as download:
        officer.get_by_role("link", name="下载").click()
    certificate = folder / "certificate.json"
    download.value.save_as(certificate)
    assert json.loads(certificate.read_text(encoding="utf-8"))
    return certificate
