"""Records come in, change, merge, part and leave; what each verb refuses."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.crypto import DoesNotOpen
from kexin.people.tests.factories import caller_for, person
from kexin.vault import envelopes, keys
from kexin.vault import operations as vault
from kexin.vault.envelopes import IDENTITY, NotAnnounced
from kexin.vault.models import Merge, Provenance, Sealed, SealedHistory, Subject, TokenExact, TokenGram
from kexin.vault.operations import upkeep
from kexin.vault.subjects import WriteRefused
from kexin.vault.tests import worlds
from kexin.vault.tests.worlds import IMPORTER, QUALITY, SOURCE, STRANGER, customer
from kexin.vault.types import InvalidValues, StaleVersion, SubjectNotFound, WrongState

pytestmark = pytest.mark.usefixtures("house")


def opened(subject: uuid.UUID) -> dict[str, str]:
    """What is inside, with its line."""
    noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    return envelopes.open_values(envelopes.load(subjects=[subject], entity=IDENTITY), noted=noted)


def stored(subject: uuid.UUID) -> list[tuple[object, ...]]:
    """Every stored byte of one record, in order."""
    sealed = Sealed.objects.filter(subject_id=subject).order_by("entity", "grade")
    exact = TokenExact.objects.filter(subject_id=subject).order_by("index", "token")
    grams = TokenGram.objects.filter(subject_id=subject).order_by("index")
    return [
        *((one.entity, one.grade, one.ver, one.key_gen, bytes(one.ct)) for one in sealed),
        *((one.index, one.gen, bytes(one.token)) for one in exact),
        *((one.index, one.gen, tuple(one.tokens)) for one in grams),
    ]


def test_a_record_is_sealed_and_opens_under_a_line() -> None:
    admitted = vault.admit(IMPORTER, values=worlds.values(7), source=SOURCE)
    row = Subject.objects.get(id=admitted.subject_id)
    assert admitted.number == f"K-{row.number}" and row.number >= 204817
    assert row.visible and row.audit_id and row.age_status == "unknown"
    assert set(row.facets) == {"city"}
    assert opened(row.id)["mobile"] == "13800000007"
    assert Provenance.objects.filter(subject_id=row.id, source_act_id=admitted.source_act_id).exists()
    assert envelopes.open_display([row.id])[row.id]["mobile"][1].startswith("138****")


def test_nothing_of_grade_3_opens_without_a_line() -> None:
    subject = customer()
    with pytest.raises(NotAnnounced):
        envelopes.open_values(envelopes.load(subjects=[subject], entity=IDENTITY))


def test_the_catalogue_decides_what_may_come_in() -> None:
    with pytest.raises(InvalidValues) as unknown:
        vault.admit(IMPORTER, values=worlds.values(shoe_size="42"), source=SOURCE)
    assert {"attribute": "shoe_size", "code": "unknown"} in unknown.value.errors
    with pytest.raises(InvalidValues) as unbound:
        vault.admit(IMPORTER, values=worlds.values(bank_card="6222600260001072444"), source=SOURCE)
    assert {"attribute": "bank_card", "code": "not_bound"} in unbound.value.errors
    with pytest.raises(InvalidValues) as refused:
        vault.admit(IMPORTER, values=worlds.values(face="x"), source=SOURCE)
    assert {"attribute": "face", "code": "not_collected"} in refused.value.errors
    with pytest.raises(InvalidValues) as broken:
        vault.admit(IMPORTER, values=worlds.values(mobile="12345"), source=SOURCE)
    assert "12345" not in str(broken.value.document())
    with pytest.raises(InvalidValues):
        vault.admit(IMPORTER, values={"name": " \u3000\u200b"}, source=SOURCE)
    assert not Subject.objects.exists() and not Sealed.objects.exists()


def test_a_caller_without_a_rule_is_refused() -> None:
    with pytest.raises(WriteRefused):
        vault.admit(STRANGER, values=worlds.values(), source=SOURCE)
    assert not Subject.objects.exists()


def test_an_exact_twin_is_reported_and_not_merged() -> None:
    caller = IMPORTER
    first = customer(5)
    again = vault.admit(caller, values=worlds.values(5), source=SOURCE)
    assert again.subject_id != first
    assert again.duplicates == ()  # the importer may write, not search: it learns nothing
    done = vault.admit_many(caller, rows=[worlds.values(5), worlds.values(6)], source=SOURCE)
    assert (done.admitted, done.duplicates) == (2, 1)


@pytest.mark.bad_input(36)
def test_many_rows_go_in_and_bad_ones_are_named() -> None:
    rows = [worlds.values(number) for number in range(1_050)]
    rows[3] = worlds.values(3, mobile="oops")
    rows[1_040] = worlds.values(3, nonsense="x")
    done = vault.admit_many(IMPORTER, rows=iter(rows), source=SOURCE, want_ids=True)
    assert (done.admitted, done.batches) == (1_048, 2)
    assert [one.row for one in done.refused] == [3, 1_040]
    assert Subject.objects.count() == len(done.subject_ids) == 1_048
    assert opened(done.subject_ids[0])["name"] == "陈雨桐"


def test_amending_keeps_history_and_the_version() -> None:
    subject = customer()
    done = vault.amend(IMPORTER, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=SOURCE)
    assert done.ver == 2 and opened(subject) == {**opened(subject), "mobile": "13911112222", "name": "陈雨桐"}
    assert SealedHistory.objects.filter(subject_id=subject, entity=IDENTITY, ver=1).exists()
    with pytest.raises(StaleVersion):
        vault.amend(IMPORTER, subject=subject, values={"mobile": "13911113333"}, expected_ver=1, source=SOURCE)


@pytest.mark.django_db(databases=["default", "evidence", "keyring"], transaction=False)
def test_a_removed_value_is_gone_from_every_older_envelope(django_capture_on_commit_callbacks: object) -> None:
    """The old rows, as a backup has them, with every key that survives: nothing opens."""
    subject = customer()
    vault.amend(IMPORTER, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=SOURCE)
    backup = envelopes.load(subjects=[subject], entity=IDENTITY) + envelopes.load(
        subjects=[subject], entity=envelopes.DISPLAY
    )
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        vault.amend(IMPORTER, subject=subject, values={}, remove=["mobile"], expected_ver=2, source=SOURCE)
    assert "mobile" not in opened(subject) and opened(subject)["name"] == "陈雨桐"
    assert "mobile" not in envelopes.open_display([subject])[subject]
    noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    survivors = keys.generations(subject)
    assert survivors[3] == 2 and survivors[2] == 2
    for old in backup:
        for grade, gen in [(grade, gen) for grade, newest in survivors.items() for gen in range(newest + 1)]:
            forged = envelopes.Envelope(
                old.subject_id, old.entity, old.entity_id, grade, old.ver, old.suite, gen, old.ct
            )
            with pytest.raises(Exception, match=r".") as failure:
                envelopes.open_values([forged], noted=noted)
            assert isinstance(failure.value, DoesNotOpen | keys.KeyMissing)
    assert not TokenExact.objects.filter(subject_id=subject, index__startswith="mobile").exists()


def test_freezing_and_the_bin() -> None:
    subject = customer()
    vault.discard(QUALITY, subject=subject)
    assert not Subject.objects.get(id=subject).visible
    vault.restore(QUALITY, subject=subject)
    assert Subject.objects.get(id=subject).visible
    Subject.objects.filter(id=subject).update(discarded_at=clock.now() - timedelta(days=31))
    with pytest.raises(WrongState):
        vault.restore(QUALITY, subject=subject)
    Subject.objects.filter(id=subject).update(discarded_at=None)
    vault.freeze(QUALITY, subject=subject, ground="request")
    assert Subject.objects.get(id=subject).state == "frozen"
    with pytest.raises(WriteRefused):
        vault.amend(IMPORTER, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=SOURCE)
    vault.unfreeze(worlds.ERASER, subject=subject)
    assert Subject.objects.get(id=subject).state == "active"


def test_after_thirty_days_the_bin_is_emptied_for_good() -> None:
    old, fresh = customer(1), customer(2)
    for subject in (old, fresh):
        vault.discard(QUALITY, subject=subject)
    Subject.objects.filter(id=old).update(discarded_at=clock.now() - timedelta(days=30, hours=1))
    assert upkeep.empty_bin() == 1
    assert Subject.objects.get(id=old).state == "erasing" and Subject.objects.get(id=fresh).state == "active"
    assert upkeep.empty_bin() == 0


def test_the_officer_corrects_a_value_for_the_person() -> None:
    subject = customer()
    officer = caller_for(person("dpo"), "rights")
    asked = replace(SOURCE, purpose="rights", basis="legal_duty", label="本人来电更正")
    assert vault.amend(officer, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=asked).ver == 2


def test_nobody_unknown() -> None:
    with pytest.raises(SubjectNotFound):
        vault.discard(QUALITY, subject=uuid.uuid4())


def test_a_merge_can_be_undone_byte_for_byte() -> None:
    target, source = customer(1), customer(2, email="yt@example.cn")
    before = stored(target), stored(source), Subject.objects.get(id=target).facets
    done = vault.merge(QUALITY, source=source, target=target)
    assert "email" in done.taken and "mobile" not in done.taken
    assert opened(target)["email"] == "yt@example.cn" and opened(target)["mobile"] == "13800000001"
    assert not Subject.objects.get(id=source).visible
    assert not TokenExact.objects.filter(subject_id=source).exists()
    vault.unmerge(QUALITY, merge_id=done.merge_id)
    assert (stored(target), stored(source), Subject.objects.get(id=target).facets) == before
    assert Subject.objects.get(id=source).visible and Merge.objects.get(id=done.merge_id).undone_at


def test_undoing_a_merge_keeps_later_work() -> None:
    target, source = customer(1), customer(2, email="yt@example.cn")
    done = vault.merge(QUALITY, source=source, target=target)
    ver = Subject.objects.get(id=target).ver
    vault.amend(IMPORTER, subject=target, values={"mobile": "13911112222"}, expected_ver=ver, source=SOURCE)
    vault.unmerge(QUALITY, merge_id=done.merge_id)
    assert opened(target)["mobile"] == "13911112222" and "email" not in opened(target)
    assert opened(source)["email"] == "yt@example.cn"


@pytest.mark.bad_input(36)
def test_merges_do_not_bite_their_own_tail() -> None:
    first, second = customer(1), customer(2)
    vault.merge(QUALITY, source=first, target=second)
    with pytest.raises(WrongState):
        vault.merge(QUALITY, source=second, target=first)
    with pytest.raises(WrongState):
        vault.merge(QUALITY, source=second, target=second)
