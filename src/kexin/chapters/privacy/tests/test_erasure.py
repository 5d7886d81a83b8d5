"""Deletion: ordered by the right post, done place by place, proved; refused ones leave nothing."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import connections

from kexin.chapters.privacy import operations, queries, types
from kexin.chapters.privacy.models import ErasureRequest
from kexin.people.tests.desks import Desk
from kexin.people.tests.factories import caller_for, person
from kexin.regime.queries.permissions import NotPermitted
from kexin.vault import operations as vault
from kexin.vault.tests import views


@pytest.fixture
def house(db: Any) -> None:
    views.put_in_force()


def _states() -> tuple[Any, ...]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM privacy_erasurerequest), (SELECT count(*) FROM vault_erasure), array_agg(state) FROM vault_subject")
        return tuple(cursor.fetchone())


@pytest.mark.parametrize("role", ["sales", "auditor", "head", "agent", "marketer", "system_admin"])
def test_another_post_cannot_delete_and_nothing_changes(house: None, role: str) -> None:
    subject = views.customer()
    before = _states()
    with pytest.raises(NotPermitted):
        operations.erase(caller_for(person(role), "rights"), subject=subject, ground="request", door="phone")
    assert _states() == before


def test_unknown_ground_or_door_is_refused(house: None) -> None:
    subject, officer = views.customer(), caller_for(person("dpo"), "rights")
    for ground, door in (("because", "phone"), ("request", "pigeon"), ("", "")):
        with pytest.raises(types.UnknownGround):
            operations.erase(officer, subject=subject, ground=ground, door=door)
    assert ErasureRequest.objects.count() == 0


def test_from_request_to_certificate(house: None) -> None:
    mobile = views.phone()
    subject, officer = views.customer(name="司马青衫", mobile=mobile), caller_for(person("dpo"), "rights")
    started = operations.erase(officer, subject=subject, ground="request", door="phone")
    assert started.erasure is not None and started.erasure.state == "erasing"
    with pytest.raises(types.CertificateNotReady):
        queries.certificate(officer, request=started.id)
    vault.continue_erasure(officer, erasure=started.erasure.id)
    done = queries.request(officer, request=started.id)
    assert done.erasure is not None and done.erasure.state == "done"
    assert done.done_places == len(done.erasure.steps) and all(step.remaining == 0 for step in done.erasure.steps)
    document = queries.certificate(officer, request=started.id)
    assert json.loads(document) and mobile.encode() not in document and "司马".encode() not in document


def test_the_officers_pages(house: None) -> None:
    desk = Desk("dpo")
    subject = views.customer(name="司马青衫")
    assert "删除" in desk.client.get(f"/customers/{subject}/erasure-slot").content.decode()
    ask = desk.client.get(f"/customers/{subject}/erasures/new").content.decode()
    assert "不能撤销" in ask and "第四十七条" in ask
    answer = desk.client.post(f"/customers/{subject}/erasures/new", {"ground": "request", "door": "shop"})
    assert answer.status_code == 302
    page = desk.client.get(answer["Location"]).content.decode()
    assert "逐处删除与核实" in page
    assert desk.client.get("/erasures").status_code == 200
    vault.continue_erasure(caller_for(desk.person, "rights"), erasure=ErasureRequest.objects.get().erasure_id)
    gone = desk.client.get(f"/customers/{subject}")
    assert gone.status_code == 410 and "已删除记录" in gone.content.decode() and "司马青衫" not in gone.content.decode()
    assert desk.client.get(f"/erasures/{ErasureRequest.objects.get().id}/certificate").status_code == 200


def test_sales_sees_no_request_of_another(house: None) -> None:
    officer = caller_for(person("dpo"), "rights")
    started = operations.erase(officer, subject=views.customer(), ground="request", door="phone")
    sales = Desk("sales")
    assert sales.client.get(f"/erasures/{started.id}").status_code == 403
    assert sales.client.get(f"/erasures/{uuid.uuid4()}").status_code == 403
    assert sales.client.get(f"/erasures/{started.id}/certificate").status_code == 403


def test_keys_beside_the_data_are_said_where_the_horizon_is(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they are is asked of real servers in the site's tests; here, that nobody deletes without reading it."""
    desk, subject = Desk("dpo"), views.customer()
    pages = []
    for beside in (False, True):
        monkeypatch.setattr(queries.vault, "keys_beside_data", lambda beside=beside: beside)
        ask = desk.client.get(f"/customers/{subject}/erasures/new").content.decode()
        pages.append(ask)
    assert ["等数据备份也过期" in page for page in pages] == [False, True]
    place = desk.client.post(f"/customers/{subject}/erasures/new", {"ground": "request", "door": "shop"})["Location"]
    assert "随数据备份过期才失效" in desk.client.get(place).content.decode()
