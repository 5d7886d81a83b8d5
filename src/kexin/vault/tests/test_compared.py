"""Whoever compares a sealed value searches, by whatever door: decided, a place taken, a committed line with whom."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from kexin.evidence.types import Event
from kexin.regime.types import Action
from kexin.vault import operations as vault
from kexin.vault import queries
from kexin.vault.models import SearchMisses, Subject
from kexin.vault.tests import views
from kexin.vault.types_views import AttributeRefused, Filter, SlowDown, Sort, UnknownAttribute

HELD, UNKNOWN = "13711112222", "13900000000"
Door = Callable[[Any, list[Filter]], Any]
DOORS: dict[str, Door] = {
    "page": lambda me, filters: queries.page(me, columns=["name"], filters=filters),
    "page by pinyin": lambda me, filters: queries.page(me, columns=["name"], filters=filters, sort=Sort(field="pinyin")),
    "count": lambda me, filters: queries.count(me, filters=filters),
    "facet_counts": lambda me, filters: queries.facet_counts(me, fields=["city", "kind"], filters=filters),
}
every_door = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)


@pytest.fixture(autouse=True)
def company(db: None) -> None:
    views.put_in_force()


def by_phone(phone: str = HELD, **more: Any) -> list[Filter]:
    return [Filter(field="mobile", value=phone, **more)]


def misses(me: Any) -> int:
    row = SearchMisses.objects.using("evidence").filter(actor_id=me.id).first()
    return len(row.at) if row else 0


def audit_id(subject: uuid.UUID) -> uuid.UUID:
    found = Subject.objects.get(id=subject).audit_id
    assert found
    return found


@every_door
def test_a_sealed_comparison_leaves_the_line_of_a_search_that_names_whom_it_found(door: Door, lines: list[Any]) -> None:
    me = views.sales()
    one = views.customer(me, mobile=HELD)
    views.customer(me)
    lines.clear()
    door(me, by_phone())
    assert [(line.event, line.count, line.audit_ids) for line in lines] == [
        (Event.CUSTOMER_SEARCHED, 1, (audit_id(one),))
    ]
    assert misses(me) == 0
    lines.clear()
    door(me, by_phone(UNKNOWN))
    assert [(line.event, line.count, line.audit_ids) for line in lines] == [(Event.CUSTOMER_SEARCHED, 0, ())]
    assert misses(me) == 1


@every_door
def test_guessing_by_filter_has_to_wait_like_guessing_by_search(door: Door) -> None:
    me = views.sales()
    views.customer(me, mobile=HELD)
    for number in range(30):
        door(me, by_phone(f"139{number:08d}"))
    for attempt in (door, *DOORS.values(), lambda who, _filters: queries.match(who, term=HELD)):
        with pytest.raises(SlowDown):
            attempt(me, by_phone())
    door(me, [Filter(field="relation", value="own")])
    door(me, [Filter(field="city", value="杭州市")])


@every_door
def test_without_the_right_to_search_the_refusal_is_on_record_and_no_place_is_used(door: Door, lines: list[Any]) -> None:
    me = views.sales()
    lines.clear()
    with pytest.raises(AttributeRefused):
        door(me, [Filter(field="id_no", value="110101199003078515")])
    assert [(line.event, line.action) for line in lines] == [(Event.ACCESS_DENIED, "search")]
    assert misses(me) == 0


@every_door
def test_one_question_asks_for_one_value(door: Door) -> None:
    me = views.sales()
    views.customer(me, mobile=HELD)
    with pytest.raises(Exception, match="一次只能查一个值"):
        door(me, [Filter(field="mobile", op="in", value=[HELD, UNKNOWN])])
    door(me, [Filter(field="mobile", op="in", value=[HELD])])


def test_doors_whose_answer_nobody_counts_do_not_compare_what_is_sealed() -> None:
    me = views.sales()
    views.customer(me, mobile=HELD)
    attempts: list[Callable[[], Any]] = [
        lambda: queries.scope(me, filters=by_phone()),
        lambda: queries.scope(me, action=Action.CONTACT, filters=by_phone()),
        lambda: vault.release(me, columns=["name"], filters=by_phone()),
    ]
    for attempt in attempts:
        with pytest.raises(UnknownAttribute):
            attempt()
    with pytest.raises((UnknownAttribute, AttributeRefused)):
        queries.features(views.sales("analytics", role="analyst"), columns=["city"], filters=by_phone())
    assert queries.scope(me, filters=[Filter(field="city", value="杭州市")]).sql


def test_a_number_narrowed_by_an_attribute_leaves_a_line_and_a_plain_number_none(lines: list[Any]) -> None:
    """One facet alone singles out nobody, several together may: the count is on record, without names."""
    me = views.sales()
    views.customer(me, city="杭州市")
    for ask in (lambda filters: queries.count(me, filters=filters), lambda filters: queries.facet_counts(me, fields=["kind", "city"], filters=filters)):  # fmt: skip
        lines.clear()
        ask([])
        ask([Filter(field="relation", value="own")])
        assert lines == []
        ask([Filter(field="city", value="杭州市"), Filter(field="relation", value="own")])
        assert [(line.event, line.count, line.audit_ids) for line in lines] == [(Event.CUSTOMER_SEARCHED, 1, ())]
    assert misses(me) == 0
