"""任务: own long work, live while it runs, cancelled where that is possible, found again, and nobody else's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.house.test_routes import signed_in_as

from kexin.chapters.collection import operations as collection
from kexin.chapters.collection.models import ImportRun
from kexin.chapters.collection.types import Declaration, Stage
from kexin.chapters.privacy import operations as privacy
from kexin.chapters.security import operations as security
from kexin.evidence.models import Verification
from kexin.foundation import tasks
from kexin.people.tests.factories import caller_for, person
from kexin.vault import operations as vault
from kexin.vault.tests import views

EXPO = Declaration(source="offline", purpose="presale", basis="contract_if_asked", label="2026 杭州秋季家博会")


class Office:
    """A steward with an import under way, an officer with a deletion, an auditor with a verification."""

    def __init__(self) -> None:
        views.put_in_force()
        self.people = {role: person(role) for role in ("steward", "dpo", "auditor", "sales")}
        self.clients: dict[str, Client] = {role: signed_in_as(member) for role, member in self.people.items()}
        steward = self.caller("steward", "presale")
        rows = "".join(f"陈雨桐,{views.phone()}\n" for _ in range(3)) + "沈一帆,138\n"
        self.run = collection.open_import(steward, chunks=[("姓名,手机号\n" + rows).encode()], name="名单.csv")
        collection.map_columns(steward, run=self.run, mapping={0: "name", 1: "mobile"})
        collection.declare(steward, run=self.run, declaration=EXPO)
        self.erased = privacy.erase(self.caller("dpo", "rights"), subject=views.customer(), ground="request", door="phone")
        self.verified = security.verify(self.caller("auditor", "audit"))

    def caller(self, role: str, purpose: str) -> Any:
        return caller_for(self.people[role], purpose)

    def page(self, role: str) -> str:
        answer = self.clients[role].get(reverse("ui:tasks"))
        assert answer.status_code == 200
        return answer.content.decode()

    def part(self, role: str, kind: str, task: Any) -> Any:
        return self.clients[role].get(reverse("ui:task", args=(kind, task)), headers={"HX-Request": "true"})


@pytest.fixture
def office(db: Any) -> Office:
    return Office()


def test_an_import_is_followed_stopped_and_ends_in_a_report(office: Office) -> None:
    assert str(office.run) not in office.page("steward"), "nothing runs yet: the wizard is its place"
    collection.dry_run(office.caller("steward", "presale"), run=office.run)
    page = office.page("steward")
    assert "2026 杭州秋季家博会" in page and "正在进行" in page
    part = office.part("steward", "imports", office.run).content.decode()
    assert 'hx-trigger="every 1s"' in part and "<progress" in part
    cancel = re.search(rf'hx-post="(/imports/{office.run}/cancellation)"', part)
    assert cancel is not None
    assert office.clients["steward"].post(cancel[1]).status_code == 302
    assert "正在停下" in office.part("steward", "imports", office.run).content.decode()
    collection.try_out(office.caller("steward", "presale"), run=office.run)
    ended = office.part("steward", "imports", office.run).content.decode()
    assert "已取消" in ended and "hx-get" not in ended and "<progress" not in ended

    ImportRun.objects.filter(id=office.run).update(stage=Stage.DECLARED)
    collection.try_now(office.caller("steward", "presale"), run=office.run)
    told = office.part("steward", "imports", office.run).content.decode()
    assert "可以写入 3 位" in told
    report = re.search(rf'<form method="post" action="(/imports/{office.run}/error-file)"', told)
    assert report is not None and office.clients["steward"].post(report[1])["Content-Disposition"].startswith("attachment")


def test_a_deletion_is_followed_to_its_certificate(office: Office) -> None:
    part = office.part("dpo", "erasures", office.erased.id).content.decode()
    assert "hx-get" in part and "hx-post" not in part, "a deletion is not stopped"
    assert office.erased.erasure is not None
    vault.continue_erasure(office.caller("dpo", "rights"), erasure=office.erased.erasure.id)
    done = office.part("dpo", "erasures", office.erased.id).content.decode()
    assert "hx-get" not in done and reverse("privacy:certificate", args=(office.erased.id,)) in done


def test_a_verification_is_found_again_by_whoever_asked_for_it(office: Office) -> None:
    assert "正在排队" in office.part("auditor", "verifications", office.verified.id).content.decode()
    Verification.objects.filter(id=office.verified.id).update(
        state="passed", size=9, checked=9, finished_at=office.verified.started_at
    )
    assert "核对通过：9 条" in office.page("auditor")


def test_nobody_sees_the_work_of_somebody_else(office: Office) -> None:
    collection.dry_run(office.caller("steward", "presale"), run=office.run)
    known = {"imports": office.run, "erasures": office.erased.id, "verifications": office.verified.id}
    own = {"imports": "steward", "erasures": "dpo", "verifications": "auditor"}
    other = person("steward")
    office.clients["other"] = signed_in_as(other)
    for kind, task in known.items():
        for role in (*office.people, "other"):
            answer = office.part(role, kind, task)
            assert answer.status_code == (200 if role == own[kind] else 404), (role, kind)
            assert (str(task) in office.page(role)) is (role == own[kind])
    assert office.part("steward", "nothing", office.run).status_code == 404
    assert tasks.of(caller_for(other, "presale")) == []


def test_every_sentence_of_a_task_exists_in_english(office: Office) -> None:
    collection.dry_run(office.caller("steward", "presale"), run=office.run)
    for role in office.people:
        office.clients[role].cookies["language"] = "en"
        text = re.sub(r"<[^>]+>", " ", re.search(r"<main.*</main>", office.page(role), re.DOTALL)[0])  # type: ignore[index]
        assert not re.search("[\u4e00-\u9fff]", text.replace(EXPO.label, "").replace("林晓雯", "")), role
