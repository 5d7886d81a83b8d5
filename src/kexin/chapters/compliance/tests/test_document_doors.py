"""Who gets the formal document, by the page, the shell and the door; what it says of signatures and the ledger."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

import docx
import pytest
import typer
from django.test import Client
from typer.testing import CliRunner

from kexin.chapters.compliance import adapters
from kexin.chapters.compliance.adapters import rendering
from kexin.chapters.compliance.adapters.rendering import ComponentMissing
from kexin.chapters.compliance.queries import documents
from kexin.chapters.compliance.tests.test_document_files import _fonts, told
from kexin.evidence import queries as evidence
from kexin.evidence.tests.conftest import Ledger, ledger  # noqa: F401 - a fixture
from kexin.evidence.types import Filters
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people.tests.factories import PASSWORD, caller_for, person
from kexin.regime import operations as regime
from kexin.regime.queries import rulebook as stored
from kexin.regime.queries.permissions import NotPermitted
from kexin.regime.rulebook import RulebookInvalid
from kexin.site.commands import rulebook as commands

SETUP = Caller.for_service("setup", cause="test")


def retail() -> bytes:
    return resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()


@pytest.fixture
def installed() -> None:
    if stored.in_force() is None:
        regime.install_rulebook(SETUP, source=retail())


def entered(role: str) -> Client:
    client = Client()
    member = person(role, password=PASSWORD)
    assert client.post("/sign-in", {"login": member.staff_no, "password": PASSWORD}).status_code == 302
    return client


READERS = ("head", "dpo", "auditor", "steward", "counsel")


@pytest.mark.parametrize("role", READERS)
def test_who_may_read_the_rulebook_may_have_the_document(installed: None, role: str) -> None:
    answer = entered(role).get("/rulebook/versions/1/document.docx")
    assert answer.status_code == 200 and answer["Content-Type"] == rendering.CONTENT_TYPES["docx"]
    name = unquote(answer["Content-Disposition"])
    assert name.startswith("attachment") and "青禾家居客户信息管理制度-v1-" in name and name.endswith(".docx")
    assert answer["Cache-Control"] == "no-store"
    assert "第一章　总则" in told(answer.content)


@pytest.mark.parametrize("role", ["sales", "agent", "marketer", "finance", "security_admin", "system_admin"])
def test_others_get_neither_file_and_nothing_is_rendered(installed: None, role: str) -> None:
    client = entered(role)
    documents._kept.clear()
    for kind in ("docx", "pdf"):
        assert client.get(f"/rulebook/versions/1/document.{kind}").status_code == 403
    with pytest.raises(NotPermitted):
        documents.document(caller_for(person(role)), number=1, kind="docx")
    with pytest.raises(NotPermitted):
        documents.draft_document(caller_for(person(role)), source=retail(), kind="docx")
    assert not documents._kept
    assert Client().get("/rulebook/versions/1/document.docx").status_code == 302


def test_versions_and_formats_that_do_not_exist(installed: None) -> None:
    client = entered("dpo")
    for address in ("/rulebook/versions/99/document.docx", "/rulebook/versions/99/document.pdf", "/rulebook/versions/1/document.odt"):
        assert client.get(address).status_code == 404, address
    assert client.post("/rulebook/versions/1/document.docx").status_code == 405
    with pytest.raises(documents.FormatUnknown):
        documents.document(caller_for(person("dpo"), "governance"), number=1, kind="exe")


def test_the_pdf_comes_the_same_way(installed: None) -> None:
    answer = entered("dpo").get("/rulebook/versions/1/document.pdf")
    if _fonts():
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF-1.7") and answer["Content-Type"] == "application/pdf"
    else:
        assert answer.status_code == 503 and "没有中文字体" in answer.content.decode()


def test_reading_is_no_line_of_the_ledger(ledger: Ledger) -> None:  # noqa: F811
    """The document holds no customer's data, and the rulebook's page itself leaves none; the YAML's export neither."""
    regime.install_rulebook(SETUP, source=retail())
    reader = caller_for(person("dpo"), "governance")
    ledger.sequence()
    before = evidence.count(Filters())
    assert before and documents.document(reader, number=1, kind="docx").content
    ledger.sequence()
    assert evidence.count(Filters()) == before


def test_signatures_and_their_lines_stand_in_the_document(ledger: Ledger) -> None:  # noqa: F811
    """Two people and the ledger: what an outsider matches is what the ledger says."""
    regime.install_rulebook(SETUP, source=retail())
    drafter, signer = caller_for(person("dpo", name="王敏"), "governance"), caller_for(person("head", name="周立群"), "governance")
    changed = retail().replace("不影响购买和售后".encode(), "不影响购买、安装和售后".encode())
    seen = regime.assess_now(drafter, source=changed)
    drafted = regime.publish_rulebook(drafter, source=changed, impact=seen.digest, signed_in_at=now())
    waiting = told(documents.document(drafter, number=2, kind="docx").content)
    assert "状态\n已由起草人签署，待第二人签署" in waiting and "施行记录\n—" in waiting
    regime.sign_rulebook(signer, version=drafted.id, impact=seen.digest, signed_in_at=now())
    unnumbered = told(documents.document(drafter, number=2, kind="docx").content)
    assert any(line.startswith("签署\n周立群，") and line.endswith("尚未编入操作存证") for line in unnumbered)
    ledger.sequence()
    found = told(documents.document(drafter, number=2, kind="docx").content)
    drafting, first, second, published = [line for line in evidence.lines(Filters(), limit=100)[::-1] if line.ref == str(drafted.id)]
    assert (drafting.event, published.event) == ("rulebook.drafted", "rulebook.published")
    for line, begins in ((first, "起草\n王敏，"), (second, "签署\n周立群，"), (published, "施行记录\n存证")):
        row = next(one for one in found if one.startswith(begins))
        assert f"存证第{line.seq + 1}条，摘要值：\n{line.digest}" in row
    assert f"原文摘要值（SHA-256）\n{drafted.sha256}" in found
    history = [line for line in found if line.startswith(("第1版\n", "第2版\n"))]
    assert "王敏" in history[0] and "周立群" in history[0] and drafted.sha256[:12] in history[0]
    assert ("含放宽或者新增的处理" if drafted.loosens else "收紧或者文字修订") in history[0]
    assert "系统初始化" in history[1] and "首次制定" in history[1] and "已被后续版本取代" in history[1]
    assert "状态\n已被后续版本取代" in told(documents.document(drafter, number=1, kind="docx").content)


def test_a_draft_is_rendered_with_its_mark(installed: None) -> None:
    reader = caller_for(person("dpo"), "governance")
    made = documents.draft_document(reader, source=retail(), kind="docx")
    assert made.name.endswith(".docx") and "-draft-" in made.name
    assert 'string="草稿"' in docx.Document(io.BytesIO(made.content)).sections[0].header._element.xml
    with pytest.raises(RulebookInvalid):
        documents.draft_document(reader, source=b"rulebook: 1\n", kind="docx")


def test_a_document_is_set_once_and_by_one_hand_at_a_time(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten people who press at once cost one rendering; the others wait and get the same bytes."""
    reader = caller_for(person("dpo"), "governance")
    edition_of = documents._edition
    editions = []
    monkeypatch.setattr(documents, "_edition", lambda *given: editions.append(edition_of(*given)) or editions[-1])
    documents.document(reader, number=1, kind="docx")
    documents._kept.clear()
    running, most, count = 0, 0, 0
    real = rendering.render

    def watched(composed: object, *, kind: str) -> bytes:
        nonlocal running, most, count
        running, count = running + 1, count + 1
        most = max(most, running)
        time.sleep(0.05)
        made = real(composed, kind=kind)  # type: ignore[arg-type]
        running -= 1
        return made

    monkeypatch.setattr(documents, "render", watched)
    composed = documents.compose(editions[0])
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(documents._rendered(editions[0], composed, "docx"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, count, len(set(made)), len(made)) == (1, 1, 1, 4)


def test_no_more_than_a_few_are_kept(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = caller_for(person("dpo"), "governance")
    monkeypatch.setattr(documents, "_KEPT", 1)
    made = [documents.draft_document(reader, source=retail() + end, kind="docx") for end in (b"", b"# other bytes\n")]
    assert list(documents._kept.values()) == [made[1].content] != [made[0].content]


def test_a_rulebook_that_would_hold_the_page_up_is_refused_there(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LONGEST", 10_000)
    with pytest.raises(documents.TooLong) as refused:
        documents.document(caller_for(person("dpo"), "governance"), number=1, kind="docx")
    assert "kexin rulebook export --format docx" in str(refused.value.remedy)
    host = Caller.for_service("maintenance", cause="test")
    assert documents.document(host, number=1, kind="docx").content.startswith(b"PK")


def test_without_the_packages_one_sentence(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    documents._kept.clear()
    monkeypatch.delitem(sys.modules, "kexin.chapters.compliance.adapters.word", raising=False)
    monkeypatch.delattr(adapters, "word", raising=False)
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ComponentMissing) as missing:
        documents.document(caller_for(person("dpo"), "governance"), number=1, kind="docx")
    assert "kexin[documents]" in str(missing.value.remedy)


def _asked(*words: str, code: int = 0) -> dict[str, object]:
    root = typer.Typer()
    root.add_typer(commands.app, name="rulebook")
    done = CliRunner().invoke(root, ["rulebook", *words, "--json"])
    assert done.exit_code == code, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_shell_exports_every_format(installed: None, tmp_path: Path) -> None:
    for form, begins in (("yaml", retail()[:40]), ("docx", b"PK\x03\x04"), *((("pdf", b"%PDF-"),) if _fonts() else ())):
        out = tmp_path / f"rulebook.{form}"
        facts = _asked("export", str(out), "--format", form)
        assert facts["format"] == form and facts["bytes"] == out.stat().st_size
        assert out.read_bytes().startswith(begins)
    assert (tmp_path / "rulebook.yaml").read_bytes() == retail()
    page = entered("dpo").get("/rulebook/versions/1/document.docx").content
    assert (tmp_path / "rulebook.docx").read_bytes() == page
    wrong = _asked("export", str(tmp_path / "x"), "--format", "exe", code=1)
    assert "docx" in str(wrong["title"]) and not (tmp_path / "x").exists()
