"""Another suite: everything living comes over while the house works, and nothing is left behind that a count misses."""

from __future__ import annotations

import uuid
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest
from django.db import connections

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.regime.models import RulebookActivation, RulebookVersion
from kexin.regime.rulebook.parser import parse
from kexin.vault import files, keys, queries, suites
from kexin.vault import operations as vault
from kexin.vault.models import File, Rebuild, Sealed
from kexin.vault.operations import switching
from kexin.vault.sealing import SUITE_SIV, SUITE_SM4
from kexin.vault.tests import views, worlds
from kexin.vault.types import About, FileGone

SYSTEM = Caller.for_service("upkeep", cause="test")
RETAIL = (resources.files("kexin.regime.data") / "retail.yaml").read_bytes()
CHINESE = RETAIL.replace(b"crypto_suite: intl", b"crypto_suite: sm")

#: The operator's setting outranks the rulebook; a whole run under KEXIN_SUITE=2 has nothing to switch.
pytestmark = pytest.mark.usefixtures("by_rulebook")


@pytest.fixture
def by_rulebook(settings: Any) -> None:
    settings.KEXIN_SUITE = 0


def put_in_force(text: bytes) -> None:
    """A second version, with what publishing tells the vault."""
    before, after = parse(RETAIL).rulebook, parse(text).rulebook
    number = RulebookVersion.objects.count() + 1
    version = RulebookVersion.objects.create(
        number=number, sha256=after.sha256, source=text, loosens=True, drafted_by=uuid.uuid4()
    )
    RulebookActivation.objects.create(version=version, effective_at=clock.now(), activated_by=uuid.uuid4())
    switching.follow(SYSTEM, before, after, clock.now())


def finds(seller: Caller, term: str) -> bool:
    return bool(queries.match(seller, term=term).rows)


def kept_file() -> uuid.UUID:
    writer = files.FileWriter(
        kept_by=SYSTEM.id, kind="proof", name="证明.txt", media_type="text/plain",
        expires_at=clock.now() + timedelta(days=1), about=About(purpose="presale"),
    )  # fmt: skip
    writer.write("杭州".encode() * 40_000)
    return writer.finish().id


def content(file: uuid.UUID) -> tuple[str, bytes]:
    noted = evidence.note_now(SYSTEM, Entry(event=Event.FILE_OPENED, decision="allow", opens=1))
    name, chunks = files.read(File.objects.get(id=file), noted=noted)
    return name, b"".join(chunks)


def test_the_profile_decides_how_new_things_are_sealed(house: None) -> None:
    assert suites.in_force() == SUITE_SIV
    put_in_force(CHINESE)
    assert suites.in_force() == SUITE_SM4
    seller = views.sales()
    subject = views.customer(seller)
    assert set(Sealed.objects.filter(subject_id=subject).values_list("suite", flat=True)) == {SUITE_SM4}
    assert vault.reveal(seller, subject=subject, attribute="mobile", reason="customer_asked").value
    file = kept_file()
    assert File.objects.get(id=file).suite == SUITE_SM4
    assert content(file) == ("证明.txt", "杭州".encode() * 40_000)


def test_the_operator_outranks_the_profile(house: None, settings: Any) -> None:
    settings.KEXIN_SUITE = 3
    subject = views.customer(views.sales())
    assert set(Sealed.objects.filter(subject_id=subject).values_list("suite", flat=True)) == {3}


def test_everything_living_comes_over_and_is_found_and_opened_throughout(as_worker: Any) -> None:
    seller = views.sales()
    phone = views.phone()
    old = views.customer(seller, mobile=phone)
    held = views.customer(seller)
    hold = vault.place_hold(worlds.ERASER, subject=held, attributes=["mobile"], ground="tax")
    vault.continue_erasure(worlds.ERASER, erasure=(erasure := vault.erase(worlds.ERASER, subject=held).id))
    assert Sealed.objects.filter(subject_id=held, entity="hold").exists()
    file = kept_file()
    put_in_force(CHINESE)
    young = views.customer(seller, mobile=(newer := views.phone()))
    behind = queries.suites_behind()
    assert behind.suite == SUITE_SM4 and behind.envelopes > 0 and behind.keys > 0 and behind.indexes > 0
    assert finds(seller, phone) and finds(seller, newer)

    moved = vault.follow_suite(SYSTEM)
    assert moved > 0 and vault.follow_suite(SYSTEM) == 0
    for row in Rebuild.objects.filter(finished_at__isnull=True).order_by("id"):
        Rebuild.objects.filter(id=row.id).update(due_at=clock.now())
        vault.rebuild(SYSTEM, run=row.id)
    for _step in range(4):
        assert finds(seller, phone) and finds(seller, newer)
        vault.advance_indexes(SYSTEM, settle_s=0)

    behind = queries.suites_behind()
    assert (behind.envelopes, behind.keys, behind.indexes) == (0, 0, 0)
    keys.forget()
    for subject, number in ((old, phone), (young, newer)):
        assert vault.reveal(seller, subject=subject, attribute="mobile", reason="customer_asked").value == number
    assert content(file)[0] == "证明.txt"
    vault.release_hold(worlds.ERASER, hold=hold)
    vault.continue_erasure(worlds.ERASER, erasure=erasure)
    assert not Sealed.objects.filter(subject_id=held).exists()
    with connections["keyring"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM keyring_epoch WHERE suite <> 2 AND state = 'active'")
        assert cursor.fetchone()[0] == 0


def test_a_switch_that_was_killed_goes_on_where_it_was(as_worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = views.sales()
    subject = views.customer(seller, mobile=(phone := views.phone()))
    put_in_force(CHINESE)
    real, calls = switching.rewrap, []

    def killed(caller: Caller, *, grade: int) -> int:
        if calls:
            raise ConnectionAbortedError
        calls.append(grade)
        return real(caller, grade=grade)

    monkeypatch.setattr(switching, "rewrap", killed)
    with pytest.raises(ConnectionAbortedError):
        vault.follow_suite(SYSTEM)
    assert vault.reveal(seller, subject=subject, attribute="mobile", reason="customer_asked").value == phone
    monkeypatch.setattr(switching, "rewrap", real)
    assert vault.follow_suite(SYSTEM) > 0 and queries.suites_behind().keys == 0


def test_a_file_of_the_old_suite_said_to_be_of_the_new_does_not_open(house: None) -> None:
    file = kept_file()
    File.objects.filter(id=file).update(suite=SUITE_SM4)
    with pytest.raises((FileGone, files.DoesNotOpen)):
        content(file)


def test_wrong_numbers_of_suites_open_nothing(house: None) -> None:
    seller = views.sales()
    subject = views.customer(seller)
    for forged in (SUITE_SM4, 3, 9):
        Sealed.objects.filter(subject_id=subject, entity="identity", grade=3).update(suite=forged)
        with pytest.raises(files.DoesNotOpen):
            vault.reveal(seller, subject=subject, attribute="mobile", reason="customer_asked")


def test_publishing_without_another_suite_queues_nothing(house: None) -> None:
    before = Rebuild.objects.count()
    switching.follow(SYSTEM, parse(RETAIL).rulebook, parse(RETAIL).rulebook, clock.now())
    switching.follow(SYSTEM, None, parse(CHINESE).rulebook, clock.now())
    assert Rebuild.objects.count() == before
    assert worlds.customer(1)
