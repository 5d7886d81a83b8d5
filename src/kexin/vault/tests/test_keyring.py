"""Keys: wrapped, committed to, never cached, rolled while the house works; and a keyring that is away."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.foundation.crypto import DoesNotOpen
from kexin.vault import envelopes, index_keys, keys
from kexin.vault import operations as vault
from kexin.vault.envelopes import IDENTITY
from kexin.vault.keyring.models import Epoch, IndexKey, SubjectKey
from kexin.vault.models import Sealed, Subject
from kexin.vault.operations import rotation, upkeep
from kexin.vault.providers import ProviderGone, provider
from kexin.vault.tests.worlds import ERASER, IMPORTER, SOURCE, customer, values
from kexin.vault.types import KeyMissing, KeyringDown

SYSTEM = Caller.for_service("keys", cause="test")


def opened(subject: uuid.UUID) -> dict[str, Any]:
    noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    return envelopes.open_values(envelopes.load(subjects=[subject], entity=IDENTITY), noted=noted)


@pytest.mark.usefixtures("house")
def test_envelopes_and_keys_swapped_in_the_database_do_not_open() -> None:
    first, second = customer(1), customer(2)
    for table, column, where in (
        ("vault_sealed", "ct", "entity = 'identity' AND grade = 3"),
        ("vault_sealed", "ct", "entity = 'display'"),
    ):
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} a SET {column} = b.{column} FROM {table} b WHERE a.subject_id = %s"
                f" AND b.subject_id = %s AND a.entity = b.entity AND a.grade = b.grade"
                f" AND a.{where.replace(' AND grade', ' AND a.grade')}",
                [first, second],
            )
    with pytest.raises(DoesNotOpen):
        opened(first)
    with pytest.raises(DoesNotOpen):
        envelopes.open_display([first])
    assert opened(second)["name"] == "陈雨桐"
    one, two = (SubjectKey.objects.get(subject_id=who, grade=3) for who in (first, second))
    stolen = keys.KeyRef(first, 3, 1)
    with pytest.raises(DoesNotOpen):
        keys.unwrap(
            keys.epoch(two.epoch_id), bytes(two.wrapped), bytes(two.commit16), keys.subject_aad(stolen, two.epoch_id)
        )
    with pytest.raises(DoesNotOpen):
        keys.unwrap(
            keys.epoch(one.epoch_id), bytes(one.wrapped), bytes(two.commit16), keys.subject_aad(stolen, one.epoch_id)
        )


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("change", ["ver = ver + 1", "grade = 4", "suite = mod(suite, 3) + 1", "entity = 'hold'"])
def test_a_row_whose_columns_were_changed_does_not_open(change: str) -> None:
    subject = customer()
    noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"UPDATE vault_sealed SET {change} WHERE subject_id = %s AND entity = 'identity' AND grade = 3", [subject]
        )
    found = [one for entity in (IDENTITY, envelopes.HOLD) for one in envelopes.load(subjects=[subject], entity=entity)]
    with pytest.raises((DoesNotOpen, KeyMissing)):
        envelopes.open_values(found, noted=noted)


@pytest.mark.usefixtures("house")
def test_a_missing_key_is_an_incident_and_never_an_empty_field() -> None:
    subject = customer()
    SubjectKey.objects.filter(subject_id=subject, grade=3).delete()
    with pytest.raises(KeyMissing):
        opened(subject)


@pytest.mark.usefixtures("house")
def test_a_key_dies_for_a_process_that_has_used_it_before() -> None:
    subject = customer()
    assert opened(subject)["name"] == "陈雨桐"
    keys.burn(subject)
    with pytest.raises(Exception, match=r"已删除|erased") as gone:
        opened(subject)
    assert gone.value.status == 410  # type: ignore[attr-defined]


@pytest.mark.usefixtures("house")
def test_orphans_are_swept_and_the_living_stay() -> None:
    subject = customer()
    keys.create([keys.KeyRef(uuid.uuid4(), 3, 1), keys.KeyRef(subject, 3, 2)])
    envelopes.payload_key(subject)
    assert upkeep.sweep_orphan_keys(grace_s=3600) == 0
    assert upkeep.sweep_orphan_keys(grace_s=-60) == 2
    assert opened(subject)["name"] == "陈雨桐"
    assert set(SubjectKey.objects.values_list("grade", "gen")) == {(0, 1), (2, 1), (3, 1)}


@pytest.mark.usefixtures("house")
def test_a_failed_admission_leaves_only_a_key_that_is_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("evidence cannot be written")

    with monkeypatch.context() as patch:
        patch.setattr(evidence, "note", fail)
        with pytest.raises(RuntimeError):
            vault.admit(IMPORTER, values=values(), source=SOURCE)
    assert not Subject.objects.exists() and not Sealed.objects.exists()
    assert SubjectKey.objects.count() == 2
    assert upkeep.sweep_orphan_keys(grace_s=-60) == 2


@pytest.mark.usefixtures("house")
def test_nothing_is_fetched_before_its_line_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    """I5: when the line cannot be written, no key leaves the keyring."""
    subject = customer()
    fetched: list[Any] = []
    real = keys.fetch
    monkeypatch.setattr(keys, "fetch", lambda refs: fetched.append(refs) or real(refs))

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("evidence cannot be written")

    monkeypatch.setattr(evidence, "note_now", fail)
    with pytest.raises(RuntimeError):
        vault.amend(IMPORTER, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=SOURCE)
    assert fetched == []


@pytest.mark.usefixtures("house")
def test_index_generations_are_written_beside_each_other() -> None:
    index = "mobile:exact"
    [(gen, key, suite)] = index_keys.of(index)
    assert index_keys.add(index) == gen + 1
    assert [one for one, _key, _suite in index_keys.of(index, writing=True)] == [gen + 1, gen]
    assert index_keys.of(index) == ((gen, key, suite),)
    assert IndexKey.objects.filter(index=index).count() == 2


def test_an_epoch_roll_takes_every_key_along_and_then_the_old_one_dies(as_worker: Any) -> None:
    people = [customer(number) for number in range(5)]
    old = {grade: keys.active_epoch(grade).id for grade in (2, 3)}
    stale = {row.subject_id: bytes(row.wrapped) for row in SubjectKey.objects.filter(grade=3)}
    rotation.roll_epoch(SYSTEM, grade=3)
    late = customer(99)
    assert rotation.behind().behind[3] == 5
    with pytest.raises(rotation.RollOpen):
        rotation.roll_epoch(SYSTEM, grade=3)
    with pytest.raises(rotation.RollOpen):
        rotation.destroy_epoch(SYSTEM, epoch=old[3])
    assert rotation.rewrap(SYSTEM, grade=3, batch=2) == 5 and rotation.behind().done
    rotation.destroy_epoch(SYSTEM, epoch=old[3])
    assert all(opened(one)["name"] == "陈雨桐" for one in [*people, late])
    with pytest.raises(ProviderGone):
        keys.epoch(old[3])
    epoch = Epoch.objects.get(id=old[3])
    assert epoch.state == "destroyed" and stale
    provider("file").destroy(ref=epoch.provider_ref)  # again: nothing happens


def test_the_web_role_cannot_move_epochs_or_tombstones(open_house: Any) -> None:
    customer()
    for statement in (
        "UPDATE keyring_epoch SET state = 'retiring'",
        "UPDATE keyring_subjectkey SET gen = 2",
        "DELETE FROM keyring_tombstone",
        "TRUNCATE keyring_subjectkey",
    ):
        with pytest.raises(DatabaseError):
            connections["keyring"].cursor().execute(statement)


def test_the_keyring_goes_away_and_comes_back(open_house: Any, clusters: Any) -> None:
    """Lists of open facts work; opening and writing say 503; an erasure waits as `erasing` and then finishes."""
    subject, other = customer(1), customer(2)
    server = next(one for one in clusters.clusters if one.name == "keyring")
    server.stop()
    try:
        connections["keyring"].close()
        assert Subject.objects.filter(facets__has_key="city", visible=True).count() == 2
        for verb in (
            lambda: opened(subject),
            lambda: envelopes.open_display([subject]),
            lambda: vault.admit(IMPORTER, values=values(3), source=SOURCE),
            lambda: vault.amend(
                IMPORTER, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=SOURCE
            ),
        ):
            with pytest.raises(KeyringDown) as down:
                verb()
            assert down.value.status == 503
        asked = vault.erase(ERASER, subject=subject)
        with pytest.raises(KeyringDown):
            vault.continue_erasure(SYSTEM, erasure=asked.id)
        assert Subject.objects.get(id=subject).state == "erasing"
    finally:
        server.start()
    assert vault.continue_erasure(SYSTEM, erasure=asked.id).state == "done"
    assert opened(other)["name"] == "陈雨桐"
