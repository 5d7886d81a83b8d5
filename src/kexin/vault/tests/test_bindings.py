"""What a key, a chunk and a count are bound to: each of these goes red when one binding alone is taken away."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from kexin.evidence import operations as evidence
from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.foundation.crypto import DoesNotOpen
from kexin.vault import envelopes, file_keys, files, index_keys, keys, sealing
from kexin.vault import operations as vault
from kexin.vault.keyring.models import FileKey
from kexin.vault.operations.reveal import BeingRebuilt, NoValue
from kexin.vault.queries.asking import EXECUTED
from kexin.vault.sealing import SUITES
from kexin.vault.tests import views
from kexin.vault.types import About, SubjectNotFound

SUBJECT, FILE, EPOCH = uuid.UUID(int=3), uuid.UUID(int=4), uuid.UUID(int=5)
KEK = keys.EpochKey(EPOCH, 3, bytes(range(32)))
KEY = bytes(32)


def place(entity: str) -> sealing.Place:
    return sealing.Place(
        installation=uuid.UUID(int=1), entity=entity, entity_id=uuid.UUID(int=2), subject_id=SUBJECT,
        grade=3, ver=1, key_gen=1,
    )  # fmt: skip


@pytest.mark.parametrize("suite", sealing.SUITES)
def test_an_envelope_belongs_to_its_kind_of_record_even_where_the_words_are_as_long(suite: int) -> None:
    envelope = sealing.seal_values(key=KEY, place=place("identity"), values={"a": "b"}, suite=suite)
    with pytest.raises(DoesNotOpen):
        sealing.open_values(key=KEY, place=place("relation"), envelope=envelope, suite=suite)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (keys.subject_aad(keys.KeyRef(SUBJECT, 3, 1), EPOCH), keys.subject_aad(keys.KeyRef(SUBJECT, 4, 1), EPOCH)),
        (keys.subject_aad(keys.KeyRef(SUBJECT, 3, 1), EPOCH), keys.subject_aad(keys.KeyRef(SUBJECT, 3, 2), EPOCH)),
        (keys.file_aad(FILE, EPOCH), keys.file_aad(SUBJECT, EPOCH)),
        (index_keys.aad("mobile", 1, EPOCH), index_keys.aad("mobile", 2, EPOCH)),
        (index_keys.aad("mobile", 1, EPOCH), index_keys.aad("id_no", 1, EPOCH)),
    ],
    ids=["grade", "generation", "file", "index generation", "index"],
)
def test_a_wrapped_key_opens_in_its_own_row_only(own: bytes, other: bytes) -> None:
    wrapped, commit16 = keys.wrap(KEK, KEY, own), sealing.commitment(KEY)
    assert keys.unwrap(KEK, wrapped, commit16, own) == KEY
    with pytest.raises(DoesNotOpen):
        keys.unwrap(KEK, wrapped, commit16, other)


class _Forgetful:
    """A key provider that answers with another key than it was given."""

    def create(self, **_place: Any) -> str:
        return "nowhere"

    def wrap(self, *, key: bytes, **_place: Any) -> bytes:
        return key

    def unwrap(self, **_place: Any) -> bytes:
        return bytes(32)


@pytest.mark.usefixtures("house")
def test_an_epoch_is_neither_made_nor_used_with_a_key_that_it_was_not_committed_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    active = keys.active_epoch(3).id
    keys.forget()
    monkeypatch.setattr(keys, "provider", lambda _name: _Forgetful())
    with pytest.raises(DoesNotOpen):
        keys.epoch(active)
    with keys.keyring() as cursor, pytest.raises(DoesNotOpen):
        keys.new_epoch_row(cursor, 3)


@pytest.mark.usefixtures("house")
def test_file_keys_of_a_person_burn_with_the_person() -> None:
    subject = uuid.uuid4()
    file_keys.create(FILE, subject)
    keys.burn(subject)
    assert file_keys.fetch(FILE) is None and not FileKey.objects.filter(file_id=FILE).exists()


@pytest.mark.parametrize("suite", SUITES)
def test_a_chunk_belongs_to_its_file_whatever_the_key(suite: int) -> None:
    ct = files._Chunks(FILE, KEY, suite).seal(0, True, b"x")
    assert files._Chunks(FILE, KEY, suite).open(0, True, ct) == b"x"
    with pytest.raises(DoesNotOpen):
        files._Chunks(SUBJECT, KEY, suite).open(0, True, ct)


class TestDoors:
    """What the doors of the vault leave in the ledger."""

    @pytest.fixture(autouse=True)
    def company(self, db: None) -> None:
        views.put_in_force()

    @pytest.fixture
    def lines(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        seen: list[Any] = []
        note = evidence.note_now

        def noting(caller: Any, entry: Any) -> Any:
            seen.append(entry)
            return note(caller, entry)

        monkeypatch.setattr(evidence, "note_now", noting)
        return seen

    @pytest.fixture
    def counted(self, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
        seen: Counter[str] = Counter()
        monkeypatch.setattr(evidence, "count_opens", lambda *, noted, grade, opens=1: seen.update({"opens": opens}))
        return seen

    def test_nothing_opens_that_its_lines_did_not_announce(self, lines: list[Any], counted: Counter[str]) -> None:
        """The nightly comparison of `opens_reconciled`: reveal, search, amendment, a value that is not there."""
        me = views.sales()
        one = views.customer(me, mobile="13812345678", name="陈雨桐")
        lines.clear()
        counted.clear()
        vault.reveal(me, subject=one, attribute="mobile", reason="verify")
        assert counted["opens"] == sum(entry.opens for entry in lines) == 1
        with pytest.raises(NoValue):
            vault.reveal(me, subject=one, attribute="email", reason="verify")
        assert counted["opens"] <= sum(entry.opens for entry in lines)

    @pytest.mark.parametrize(("grade", "opens"), [(2, 1), (4, 2)])
    def test_a_value_that_still_lies_under_another_grade_has_a_second_line_and_the_stricter_grade_holds(
        self, lines: list[Any], counted: Counter[str], grade: int, opens: int
    ) -> None:
        me = views.sales()
        one = views.customer(me, mobile="13812345678")
        stored = envelopes.load(subjects=[one], entity=envelopes.IDENTITY)
        assert all(row.grade != grade for row in stored)
        ref = keys.KeyRef(one, grade, 1)
        key = (keys.create([ref]) if grade == 4 else keys.fetch([ref]))[ref]
        envelopes.store(
            [
                envelopes.seal(
                    subject_id=one, entity=envelopes.IDENTITY, entity_id=stored[0].entity_id, grade=grade,
                    ver=stored[0].ver, key_gen=ref.gen, key=key, values={"email": "a@example.cn"},
                )
            ]
        )  # fmt: skip
        lines.clear()
        counted.clear()
        if grade == 4:
            with pytest.raises(BeingRebuilt):
                vault.reveal(me, subject=one, attribute="email", reason="verify")
        else:
            assert vault.reveal(me, subject=one, attribute="email", reason="verify").value == "a@example.cn"
        assert counted["opens"] == sum(entry.opens for entry in lines) == opens

    def test_a_refusal_about_one_person_is_on_record(self, lines: list[Any]) -> None:
        one = views.customer(views.sales(), mobile="13812345678")
        lines.clear()
        with pytest.raises(SubjectNotFound):
            vault.reveal(views.sales(role="system_admin"), subject=one, attribute="mobile", reason="verify")
        assert [entry.event for entry in lines] == [Event.ACCESS_DENIED]


    def test_a_file_is_opened_under_a_line(self, lines: list[Any]) -> None:
        me = views.sales()
        kept = vault.keep_file(
            me, chunks=[b"x"], kind="upload", name="a.csv", expires_at=clock.now() + timedelta(days=1),
            about=About(purpose="presale"),
        )  # fmt: skip
        lines.clear()
        vault.open_file(me, file=kept.id)
        assert [entry.event for entry in lines] == [Event.FILE_OPENED]


def test_what_the_vault_does_not_carry_out_it_does_not_claim() -> None:
    """Approval and notices have no hand here yet: a rule that asks for them stays a no."""
    assert EXECUTED.isdisjoint({"approve", "notify"})
