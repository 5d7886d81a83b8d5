"""Flags of evidence lines: watched records, important customers, one's own number, one's own surname."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from kexin.evidence.types import Event, Flag
from kexin.foundation.caller import Caller
from kexin.people.models import Person
from kexin.people.tests.factories import caller_for, person
from kexin.regime.queries.permissions import NotPermitted
from kexin.vault import operations as vault
from kexin.vault import watch
from kexin.vault.queries import card, match, page, why
from kexin.vault.tests import views
from kexin.vault.tests.worlds import ERASER
from kexin.vault.types import SubjectNotFound
from kexin.vault.types_views import ContactUse

pytestmark = pytest.mark.usefixtures("house")
DEMO = Caller.for_service("demo", cause="test")


def opening(lines: list[Any], event: Event) -> Any:
    return next(one for one in reversed(lines) if one.event is event and one.audit_ids)


def test_every_way_of_opening_a_watched_record_raises_the_alarm(lines: list[Any]) -> None:
    seller = views.sales(name="赵四")
    honey, other = views.customer(seller), views.customer(seller)
    vault.watch_record(DEMO, subject=honey)
    ways = (
        (Event.CUSTOMER_OPENED, lambda who: card(seller, subject=who)),
        (Event.CUSTOMER_OPENED, lambda who: why(seller, subject=who, attribute="mobile")),
        (Event.CUSTOMER_REVEALED, lambda who: vault.reveal(seller, subject=who, attribute="mobile", reason="verify")),
        (
            Event.CUSTOMER_CONTACTED,
            lambda who: vault.contact(seller, subject=who, attribute="mobile", use=ContactUse.CALL),
        ),
    )
    for event, way in ways:
        way(other)
        assert Flag.HONEY not in opening(lines, event).flags
        way(honey)
        assert Flag.HONEY in opening(lines, event).flags
    vault.release(seller, columns=("name",))
    assert Flag.HONEY in opening(lines, Event.RELEASE_STARTED).flags


def test_trying_a_door_that_is_shut_raises_it_too(lines: list[Any]) -> None:
    stranger = views.sales(role="marketer", purpose="mkt_sms")
    honey = views.customer()
    vault.watch_record(DEMO, subject=honey)
    with pytest.raises(SubjectNotFound):
        card(stranger, subject=honey)
    assert Flag.HONEY in opening(lines, Event.ACCESS_DENIED).flags


def test_a_list_and_a_search_that_merely_show_it_are_no_alarm(lines: list[Any]) -> None:
    seller = views.sales()
    honey = views.customer(seller, mobile="13812345678")
    vault.watch_record(DEMO, subject=honey)
    assert page(seller, columns=("mobile",)).rows
    assert match(seller, term="13812345678", columns=("mobile",)).rows
    assert all(Flag.HONEY not in one.flags for one in lines)


def test_an_attacker_with_the_tables_or_a_door_cannot_tell_which_record_is_watched() -> None:
    seller = views.sales()
    honey, other = views.customer(seller), views.customer(seller)
    vault.watch_record(DEMO, subject=honey)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT token FROM vault_watch")
        [(token,)] = cursor.fetchall()
        assert bytes(token) != honey.bytes and honey.bytes not in bytes(token) and len(bytes(token)) == 16
        # No row anywhere else, and no column, differs but by the ids and sealed bytes that every record has.
        cursor.execute("SELECT state, kind, facets, freeze_ground, unproven, ver FROM vault_subject ORDER BY id")
        first, second = cursor.fetchall()
        assert first == second
    card(seller, subject=other)
    seen = [repr(card(seller, subject=one)) for one in (honey, other)]
    assert "honey" not in seen[0] and "watch" not in seen[0]
    counted = []
    for one in (honey, other):
        with CaptureQueriesContext(connections["default"]) as asked:
            card(seller, subject=one)
        counted.append(len(asked))
    assert counted[0] == counted[1]


def test_only_who_looks_after_alarms_may_mark(lines: list[Any]) -> None:
    subject = views.customer()
    for role in ("sales", "sales_lead", "steward", "system_admin", "auditor"):
        with pytest.raises(NotPermitted):
            vault.watch_record(caller_for(person(role), "governance"), subject=subject)
    assert not watch.any_watched([subject])
    keeper = caller_for(person("security_admin"), "governance")
    vault.watch_record(keeper, subject=subject)
    assert watch.any_watched([subject])
    vault.unwatch_record(keeper, subject=subject)
    assert not watch.any_watched([subject])


def test_the_mark_is_gone_with_the_record() -> None:
    subject = views.customer()
    vault.watch_record(DEMO, subject=subject)
    erasure = vault.erase(ERASER, subject=subject)
    vault.continue_erasure(ERASER, erasure=erasure.id)
    assert not watch.any_watched([subject])


def test_important_customers_are_flagged_from_the_record(lines: list[Any]) -> None:
    seller = views.sales()
    for level, on in (("vip", True), ("b", False)):
        card(seller, subject=views.customer(seller, level=level))
        assert (Flag.VIP in opening(lines, Event.CUSTOMER_OPENED).flags) is on


def test_ones_own_number_is_known_without_opening_anything(lines: list[Any], fetched: list[Any]) -> None:
    seller = views.sales()
    subject, other = views.customer(seller, mobile="13987654321"), views.customer(seller)
    card(seller, subject=subject)
    assert Flag.OWN_NUMBER not in opening(lines, Event.CUSTOMER_OPENED).flags
    Person.objects.filter(id=seller.id).update(phone="139 8765 4321")
    for one, on in ((subject, True), (other, False)):
        card(seller, subject=one)
        assert (Flag.OWN_NUMBER in opening(lines, Event.CUSTOMER_OPENED).flags) is on


@pytest.mark.parametrize(("own", "theirs", "on"), [("陈大文", "陈雨桐", True), ("欧阳明", "欧阳修远", True),
                                                  ("欧明", "欧阳修远", False), ("林一", "陈雨桐", False)])  # fmt: skip
def test_the_same_surname_leaves_a_second_line_that_names_the_first(
    lines: list[Any], own: str, theirs: str, on: bool
) -> None:
    seller = views.sales(name=own)
    subject = views.customer(seller, name=theirs)
    for event, way in (
        (Event.CUSTOMER_OPENED, lambda: card(seller, subject=subject)),
        (
            Event.CUSTOMER_REVEALED,
            lambda: vault.reveal(seller, subject=subject, attribute="mobile", reason="verify"),
        ),
    ):
        lines.clear()
        way()
        found = [one for one in lines if Flag.SAME_SURNAME in one.flags]
        assert bool(found) is on
        if on:
            assert found[0].event is event and uuid.UUID(found[0].ref.removeprefix("line:"))
            # Told once only to the person: the second line is not another look.
            assert not found[0].audit_ids and not found[0].opens
