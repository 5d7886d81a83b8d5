"""The page 操作存证: what an auditor sees, verifies and downloads; who sees nothing."""

from __future__ import annotations

import io
import json
import re
import uuid
from datetime import timedelta
from importlib import resources

import pytest
from django.db import connections
from django.test import Client

from kexin.evidence import keys, verifier
from kexin.evidence import operations as evidence_operations
from kexin.evidence.tests.conftest import SERVICE, Ledger, ledger  # noqa: F401 - a fixture
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.people.tests.factories import PASSWORD, person
from kexin.regime.models import RulebookActivation, RulebookVersion
from kexin.regime.rulebook.parser import parse


@pytest.fixture
def house(ledger: Ledger) -> Ledger:  # noqa: F811
    data = (resources.files("kexin.regime.data") / "retail.yaml").read_bytes()
    version = RulebookVersion.objects.create(
        number=1, sha256=parse(data).rulebook.sha256, source=data, loosens=True, drafted_by=uuid.uuid4()
    )
    RulebookActivation.objects.create(version=version, effective_at=clock.now(), activated_by=uuid.uuid4())
    return ledger


def entered(role: str) -> Client:
    client = Client()
    member = person(role, password=PASSWORD)
    assert client.post("/sign-in", {"login": member.staff_no, "password": PASSWORD}).status_code == 302
    return client


def test_an_auditor_sees_verifies_and_downloads(house: Ledger):
    client = entered("auditor")
    house.write(70, event=Event.CUSTOMER_REVEALED, decision="allow", audit_ids=(uuid.uuid4(),), rule_ids=("svc-read",))
    house.write(3, event=Event.ACCESS_DENIED, decision="deny")
    house.deliver()
    page = client.get("/evidence")
    text = page.content.decode()
    assert page.status_code == 200, text[:600]
    for words in ("操作存证", "还没有核对过", "一致", "查看完整信息", "1 位客户", "拒绝", "立即核对", "下载核对包", "更早的"):
        assert words in text, words
    assert " style=" not in text
    refused = client.get("/evidence?when=all&decision=deny").content.decode()
    acts = re.findall(r'<td class="kx-strong"[^>]*>([^<]+)</td>', refused)
    assert "访问" in acts and "查看完整信息" not in acts
    older = client.get("/evidence?before=20").content.decode()
    assert ">20</a>" in older and ">21</a>" not in older

    begun = client.post("/evidence/verifications", headers={"HX-Request": "true"})
    assert begun.status_code == 200 and "正在排队" in begun.content.decode()
    verification = evidence_operations.run_verification(SERVICE, verification=_last())
    assert verification.ok
    answer = client.get(f"/evidence/verifications/{verification.id}").content.decode()
    assert "核对通过" in answer and "every 1s" not in answer

    line = client.get("/evidence/lines/5", headers={"HX-Request": "true"}).content.decode()
    assert "签名有效" in line and "外部见证已签名" in line and line.lstrip().startswith("<tr")
    assert "第 6 条" in client.get("/evidence/lines/5").content.decode()
    trust = json.loads(client.get("/evidence/trust").content)
    proof = client.get("/evidence/lines/5/proof").content
    assert verifier.check_file(proof, trust)["line"] == 6
    pack = b"".join(client.post("/evidence/packs").streaming_content)
    assert verifier.check_pack(io.BytesIO(pack).getvalue(), keys.trust())["last"] >= 73
    assert client.get("/evidence/lines/999999").status_code == 404


def _last() -> uuid.UUID:
    from kexin.evidence import queries

    found = queries.verdict()
    assert found
    return found.id


def test_a_changed_byte_is_named_on_the_page(house: Ledger):
    client = entered("auditor")
    house.write(30)
    house.deliver()
    house.tamper("UPDATE evidence_leaf SET body = overlay(body placing '\\x58'::bytea from 20) WHERE seq = 7")
    evidence_operations.verify_now(SERVICE)
    text = client.get("/evidence?event=signout").content.decode()
    assert "核对没有通过" in text and "第 8 条：内容被改动" in text


def test_a_line_that_announced_too_little_is_named_and_linked(house: Ledger, monkeypatch: pytest.MonkeyPatch):
    house.write(4)
    silent = evidence_operations.note_now(SERVICE, Entry(event=Event.CUSTOMER_REVEALED, decision="allow"))
    evidence_operations.count_opens(noted=silent, grade=4)
    evidence_operations.flush_counts()
    house.sequence()
    later = clock.now() + timedelta(minutes=5)
    address = house.databases.instance.address("main", "worker")
    connections["default"].close()
    with monkeypatch.context() as patch:
        patch.setitem(connections["default"].settings_dict, "USER", address.user)
        patch.setitem(connections["default"].settings_dict, "PASSWORD", address.password)
        patch.setattr(clock, "now", lambda: later)
        assert evidence_operations.reconcile_opens(SERVICE) == 1
        connections["default"].close()
    house.sequence()
    client = entered("auditor")
    client.cookies["language"] = "zh"
    named = client.get("/evidence/lines/5", headers={"HX-Request": "true"}).content.decode()
    assert "有开启未留存证" in named and '<a href="/evidence/lines/4">第 5 条存证</a>' in named, named


def test_departments_are_shown_and_filter(house: Ledger):
    from kexin.evidence.operations import note
    from kexin.people import operations as people
    from kexin.people.tests.factories import SETUP, caller_for

    department = people.create_department(SETUP, name="销售一部")
    seller = person("sales", department=department, name="欧阳月")
    note(caller_for(seller), Entry(event=Event.CUSTOMER_SEARCHED, decision="allow", count=3))
    house.sequence()
    client = entered("auditor")
    text = client.get("/evidence?department=销售一部").content.decode()
    assert "销售一部 · 销售" in text and seller.name not in text and "3 条" in text


def test_who_may_not(house: Ledger):
    for role in ("sales", "steward"):
        client = entered(role)
        for address in ("/evidence", "/evidence/lines/0", "/evidence/lines/0/proof", "/evidence/trust"):
            assert client.get(address).status_code == 403, address
        for address in ("/evidence/verifications", "/evidence/packs"):
            assert client.post(address).status_code == 403, address
    assert Client().get("/evidence").status_code == 302
    client = entered("head")
    text = client.get("/evidence").content.decode()
    assert "操作存证" in text and "/evidence/verifications" not in text and "/evidence/packs" not in text
    assert client.post("/evidence/packs").status_code == 403


def test_in_english(house: Ledger):
    client = entered("auditor")
    house.write(3)
    client.cookies["language"] = "en"
    text = client.get("/evidence").content.decode()
    assert "Verify now" in text and "Opened a card" in text and "立即核对" not in text
