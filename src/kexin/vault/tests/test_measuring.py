"""数据利用: what is really used and really filled; only totals, under a line, and nothing of grade 3 opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.regime import queries as asked
from kexin.regime.queries.permissions import NotPermitted
from kexin.vault import envelopes, keys
from kexin.vault import operations as vault
from kexin.vault.models import Reveal, UseMeasure
from kexin.vault.operations import measuring
from kexin.vault.tests import views
from kexin.vault.types_views import ContactUse


@pytest.fixture
def officer() -> Any:
    views.put_in_force()
    return caller_for(person("dpo"), "governance")


def measured(officer: Any) -> Any:
    regime.measure_use(officer)
    row = UseMeasure.objects.latest("asked_at")
    measuring.measure_use(views.importer("quality"), measure=str(row.id))
    return asked.data_use(officer)


def test_uses_and_filled_values_are_counted(officer: Any, lines: list[Any]) -> None:
    seller = views.sales()
    first = views.customer(seller, city="杭州市", address="杭州市西湖区文三路 90 号")
    views.customer(seller, email="a@example.cn")
    views.customer(seller, kind="organisation", org_name="枫林幼儿园", city="宁波市")
    vault.reveal(seller, subject=first, attribute="mobile", reason="customer_asked", signed_in_at=clock.now())
    vault.contact(seller, subject=first, attribute="mobile", use=ContactUse.CALL)
    vault.reveal(seller, subject=first, attribute="address", reason="customer_asked", signed_in_at=clock.now())
    Reveal.objects.filter(attribute="address").update(at=clock.now() - timedelta(days=91))
    assert asked.data_use(officer).measured_on is None
    lines.clear()
    found = measured(officer)
    assert (found.people, found.looked, found.whole, found.busy) == (3, 3, True, False)
    assert found.measured_on == clock.today_cn()
    use = found.attributes
    assert (use["mobile"].uses, use["mobile"].last_on, use["mobile"].filled, use["mobile"].looked) == (2, clock.today_cn(), 3, 3)
    assert (use["address"].uses, use["address"].last_on, use["address"].filled) == (0, None, 1)
    assert (use["city"].filled, use["city"].looked) == (2, 3)
    assert (use["org_name"].filled, use["org_name"].looked) == (1, 1)
    assert use["id_no"].filled == 0 and "face" not in use
    assert [(one.event, one.count, one.opens) for one in lines] == [(Event.CUSTOMER_ANALYSED, 3, 0)]


def test_nothing_of_grade_3_is_opened(officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    views.customer(views.sales())
    opened: list[int] = []
    real = envelopes.open_all
    monkeypatch.setattr(envelopes, "open_all", lambda found, **more: opened.extend(one.grade for one in found) or real(found, **more))
    measured(officer)
    assert set(opened) == {2}


def test_many_people_are_sampled_and_it_is_said(officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = views.sales()
    for _ in range(5):
        views.customer(seller)
    monkeypatch.setattr(measuring, "SAMPLE", 3)
    found = measured(officer)
    assert (found.people, found.looked, found.whole) == (5, 3, False)
    assert found.attributes["name"].looked == 3


def test_a_damaged_record_is_left_out(officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = views.customer(views.sales()), views.customer(views.sales())
    held = next(one for one in envelopes.load(subjects=[first], entity=envelopes.DISPLAY))
    envelopes.store([envelopes.Envelope(*held.row()[:-1], held.ct[:-1] + bytes([held.ct[-1] ^ 1]))])
    keys.forget()
    assert second and measured(officer).attributes["name"].filled == 1


def test_one_measuring_at_a_time_and_only_the_newest_is_kept(officer: Any) -> None:
    regime.measure_use(officer)
    regime.measure_use(officer)
    assert UseMeasure.objects.count() == 1 and asked.data_use(officer).busy
    UseMeasure.objects.update(asked_at=clock.now() - timedelta(minutes=16))
    measured(officer)
    assert UseMeasure.objects.count() == 1
    measuring.measure_when_due()
    assert UseMeasure.objects.count() == 1
    UseMeasure.objects.update(asked_at=clock.now() - timedelta(days=8))
    measuring.measure_when_due()
    assert UseMeasure.objects.count() == 2


@pytest.mark.parametrize("role", ["sales", "system_admin", "marketer"])
def test_others_neither_ask_nor_read(officer: Any, role: str) -> None:
    other = caller_for(person(role), "governance")
    for attempt in (lambda: regime.measure_use(other), lambda: asked.data_use(other), lambda: measuring.read(other), lambda: measuring.begin(other)):
        with pytest.raises(NotPermitted):
            attempt()
    assert not UseMeasure.objects.exists()
