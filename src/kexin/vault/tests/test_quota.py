"""Places are counted while they are taken: any number of requests at once get exactly as many as there are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from kexin.foundation import clock
from kexin.vault import operations as vault
from kexin.vault import queries, quota
from kexin.vault.models import Reveal, RevealCount, SearchMisses
from kexin.vault.operations.upkeep import drop_old_counts
from kexin.vault.queries.asking import ask
from kexin.vault.tests import views
from kexin.vault.types_views import Filter, SlowDown

THREADS = 16
AT_ONCE = "evidence"


def at_once(task: Callable[[int], Any]) -> list[Any]:
    """What each of 16 threads, started at the same instant, got: its answer, or the refusal."""
    gate = threading.Barrier(THREADS)

    def run(number: int) -> Any:
        try:
            gate.wait(timeout=30)
            return task(number)
        except SlowDown as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def granted(answers: list[Any]) -> int:
    return sum(1 for one in answers if not isinstance(one, SlowDown))


@pytest.mark.usefixtures("open_house")
class TestRacing:
    """Committed databases, a connection per thread."""

    def test_sixteen_reveals_at_the_limit_get_exactly_the_places_left(self) -> None:
        me = views.sales()
        people = [views.customer(me) for _number in range(THREADS)]
        RevealCount.objects.create(actor_id=me.id, day=clock.today_cn(), opened=145, last_at=clock.now())
        answers = at_once(lambda number: vault.reveal(me, subject=people[number], attribute="mobile", reason="verify"))
        assert granted(answers) == 5
        assert Reveal.objects.filter(actor_id=me.id).count() == 5
        assert sorted(one.used for one in answers if not isinstance(one, SlowDown)) == [146, 147, 148, 149, 150]

    def test_above_the_quota_sixteen_at_once_share_the_one_slow_place(self) -> None:
        me = views.sales()
        one = views.customer(me)
        last = clock.now() - timedelta(seconds=quota.SLOW_S + 1)
        RevealCount.objects.create(actor_id=me.id, day=clock.today_cn(), opened=150, last_at=last)
        answers = at_once(lambda _number: vault.reveal(me, subject=one, attribute="mobile", reason="verify"))
        assert granted(answers) == 1

    @pytest.mark.parametrize("door", ["match", "page", "count", "facet_counts"])
    def test_sixteen_guesses_at_the_limit_get_exactly_the_places_left(self, door: str) -> None:
        me = views.sales()
        views.customer(me)
        SearchMisses.objects.create(actor_id=me.id, at=[clock.now() - timedelta(minutes=n) for n in range(1, 26)])

        def guess(number: int) -> Any:
            phone = f"139{number:08d}"
            filters = [Filter(field="mobile", value=phone)]
            doors: dict[str, Callable[[], Any]] = {
                "match": lambda: queries.match(me, term=phone),
                "page": lambda: queries.page(me, columns=["name"], filters=filters),
                "count": lambda: queries.count(me, filters=filters),
                "facet_counts": lambda: queries.facet_counts(me, fields=["kind"], filters=filters),
            }
            return doors[door]()

        assert granted(at_once(guess)) == 5
        assert len(SearchMisses.objects.get(actor_id=me.id).at) == 30


def test_a_place_is_given_back_by_whoever_found_somebody_and_by_a_question_that_was_not_carried_out() -> None:
    views.put_in_force()
    me = views.sales()
    asking = ask(me)
    with quota.searching(asking) as search:
        search.found(3)
    with pytest.raises(ZeroDivisionError), quota.searching(asking):
        raise ZeroDivisionError
    assert SearchMisses.objects.using(AT_ONCE).get(actor_id=me.id).at == []
    with quota.searching(asking) as first, quota.searching(asking) as second:
        first.found(0)
        second.found(1)
    assert len(SearchMisses.objects.using(AT_ONCE).get(actor_id=me.id).at) == 1


def test_a_miss_is_forgotten_after_an_hour_and_a_day_of_reveals_after_a_month() -> None:
    views.put_in_force()
    me = views.sales()
    old = [clock.now() - timedelta(minutes=61)] * 30
    SearchMisses.objects.using(AT_ONCE).create(actor_id=me.id, at=old)
    assert not queries.match(me, term="13900000000").rows
    assert len(SearchMisses.objects.using(AT_ONCE).get(actor_id=me.id).at) == 1
    for days in (31, 32):
        day = clock.today_cn() - timedelta(days=days)
        RevealCount.objects.create(actor_id=me.id, day=day, opened=9, last_at=clock.now())
    assert drop_old_counts() == 1
    assert RevealCount.objects.count() == 1
