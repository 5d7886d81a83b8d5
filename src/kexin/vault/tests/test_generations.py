"""New keys for the search indexes while the house works: found throughout, by everybody, and the old tokens are gone."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from kexin.foundation.caller import Caller
from kexin.vault import index_keys, watch
from kexin.vault import operations as vault
from kexin.vault.keyring.models import IndexKey
from kexin.vault.models import Rebuild, TokenExact, TokenGram
from kexin.vault.operations.generations import RenewalOpen
from kexin.vault.queries import generations, match, tokens_behind
from kexin.vault.tests import views

SYSTEM = Caller.for_service("upkeep", cause="test")


def states(index: str = "mobile:exact") -> list[tuple[int, str]]:
    return [(one.gen, one.state) for one in generations() if one.index == index]


def finds(seller: Any, *phones: str) -> bool:
    """Every one of these people, by phone and by a part of the name."""
    by_phone = all(len(match(seller, term=phone, columns=("name",)).rows) == 1 for phone in phones)
    return by_phone and len(match(seller, term="雨桐", columns=("name",)).rows) == len(phones)


def walk() -> None:
    for row in Rebuild.objects.filter(finished_at__isnull=True):
        vault.rebuild(SYSTEM, run=row.id)


def test_everybody_is_found_through_every_step_and_the_old_tokens_are_gone(as_worker: Any) -> None:
    seller = views.sales()
    first = views.phone()
    old = views.customer(seller, mobile=first)
    vault.watch_record(Caller.for_service("demo", cause="test"), subject=old)
    assert finds(seller, first) and states() == [(1, "active")]
    assert vault.renew_indexes(SYSTEM, settle_s=0) > 5
    with pytest.raises(RenewalOpen):
        vault.renew_indexes(SYSTEM, settle_s=0)
    assert states() == [(1, "active"), (2, "building")] and tokens_behind()["mobile:exact"] == 1
    second = views.phone()
    views.customer(seller, mobile=second)
    assert finds(seller, first, second) and tokens_behind()["mobile:exact"] == 1
    # Not before every record has its new tokens.
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "waiting" and states()[0] == (1, "active")
    walk()
    assert not any(tokens_behind().values()) and finds(seller, first, second)
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "switched"
    assert states() == [(1, "retiring"), (2, "active")] and finds(seller, first, second)
    third = views.phone()
    views.customer(seller, mobile=third)
    # A process that has not heard of the switch still searches the old generation: whoever came since is in it.
    assert TokenExact.objects.filter(index="mobile:exact", gen=1).count() == 3
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "closing"
    fourth = views.phone()
    views.customer(seller, mobile=fourth)
    assert TokenExact.objects.filter(index="mobile:exact", gen=1).count() == 3
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "dropped"
    assert finds(seller, first, second, third, fourth) and states() == [(2, "active")]
    for table in (TokenExact, TokenGram):
        assert not table.objects.filter(gen=1).exists()
    assert not IndexKey.objects.filter(gen=1, index__contains=":").exists()
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "waiting"
    # The mark of a watched record is no index: it outlives the renewal.
    assert watch.any_watched([old])


def test_no_step_is_taken_before_every_process_knows_the_one_before(as_worker: Any) -> None:
    views.customer(views.sales())
    vault.renew_indexes(SYSTEM)
    assert vault.rebuild(SYSTEM, run=Rebuild.objects.latest("due_at").id) == {"changed": 0}
    assert vault.advance_indexes(SYSTEM) == "waiting" and states()[1] == (2, "building")
    Rebuild.objects.update(due_at="2026-01-01T00:00:00Z")
    walk()
    assert vault.advance_indexes(SYSTEM) == "waiting"
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "switched"
    assert vault.advance_indexes(SYSTEM) == "waiting" and states()[0] == (1, "retiring")
    vault.advance_indexes(SYSTEM, settle_s=0)
    assert vault.advance_indexes(SYSTEM) == "waiting" and states()[0] == (1, "closing")


def test_a_record_that_a_late_writer_left_without_new_tokens_stops_the_switch(as_worker: Any) -> None:
    seller = views.sales()
    subject = views.customer(seller, mobile=(phone := views.phone()))
    vault.renew_indexes(SYSTEM, settle_s=0)
    walk()
    TokenExact.objects.filter(subject_id=subject, gen=2).delete()
    assert tokens_behind()["mobile:exact"] == 1
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "waiting"
    walk()
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "switched" and finds(seller, phone)


def test_a_drop_that_was_killed_is_finished_by_the_next_run(as_worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kexin.vault.operations import generations as module

    for _ in range(3):
        views.customer(views.sales())
    vault.renew_indexes(SYSTEM, settle_s=0)
    walk()
    for step in ("switched", "closing"):
        assert vault.advance_indexes(SYSTEM, settle_s=0) == step
    real, calls = module._delete, iter(range(100))

    def killed(*args: Any) -> int:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(module, "_delete", killed)
    with pytest.raises(KeyboardInterrupt):
        vault.advance_indexes(SYSTEM, settle_s=0)
    assert states()[0] == (1, "closing") and TokenExact.objects.filter(gen=1).exists()
    assert vault.advance_indexes(SYSTEM, settle_s=0) == "dropped"
    assert not TokenExact.objects.filter(gen=1).exists() and not TokenGram.objects.filter(gen=1).exists()


def test_old_tokens_match_no_key_that_is_left(as_worker: Any) -> None:
    """What a backup taken before the renewal still holds."""
    subject: uuid.UUID = views.customer(views.sales())
    backup = {bytes(one.token) for one in TokenExact.objects.filter(subject_id=subject)}
    vault.renew_indexes(SYSTEM, settle_s=0)
    walk()
    for _ in range(3):
        vault.advance_indexes(SYSTEM, settle_s=0)
    assert backup and not backup & {bytes(one.token) for one in TokenExact.objects.all()}
    assert {gen for index in {one.index for one in generations()} for gen, _key, _suite in index_keys.of(index)} == {2}
