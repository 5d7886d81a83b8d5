"""A catalogue that changes: nothing is shown wider than the new masks allow, and every record follows in the background."""

from __future__ import annotations

import uuid
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest
from django.db import connections

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock, ids
from kexin.foundation.crypto import DoesNotOpen
from kexin.people.tests.factories import caller_for, person
from kexin.regime import queries as regime_queries
from kexin.regime.tests import signing
from kexin.vault import envelopes, masks
from kexin.vault import operations as vault
from kexin.vault.envelopes import DISPLAY, IDENTITY
from kexin.vault.keyring.models import SubjectKey
from kexin.vault.models import Rebuild, Sealed, Subject, TokenExact
from kexin.vault.operations import rebuilding
from kexin.vault.queries import card, match, page, rebuild
from kexin.vault.tests import views
from kexin.vault.tests.worlds import IMPORTER

UPKEEP = IMPORTER
PHONE = b"search: [exact, surname_suffix4], mask: middle4"


def retail(*changes: tuple[bytes, bytes]) -> bytes:
    """The retail rulebook with something changed in it."""
    text = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    return text


HIDDEN_PHONE = (PHONE, b"search: [exact, surname_suffix4], mask: hidden")


def publish(text: bytes) -> None:
    """The real way into force: one person drafts, another signs."""
    drafted = signing.publish(caller_for(person(role="dpo"), "governance"), text)
    signing.sign(caller_for(person(role="head"), "governance"), drafted.id)


@pytest.fixture
def seller(house: None) -> Any:
    return views.sales()


def run() -> Any:
    """The newest walk, to its end."""
    newest = Rebuild.objects.order_by("-id").first()
    assert newest is not None
    return vault.rebuild(UPKEEP, run=newest.id)


def shown(seller: Any, subject: uuid.UUID, key: str = "mobile") -> str:
    """What card, list and search show of one value; they never differ."""
    texts = {card(seller, subject=subject).cells[key].text}
    texts |= {row.cells[key].text for row in page(seller, columns=(key,)).rows if row.id == subject}
    assert len(texts) == 1
    return texts.pop()


def test_a_narrower_mask_holds_from_the_first_second_and_then_every_envelope_has_it(seller: Any) -> None:
    subject = views.customer(seller, mobile="13812345678")
    assert shown(seller, subject) == "138****5678"
    publish(retail(HIDDEN_PHONE))
    assert envelopes.open_display([subject])[subject]["mobile"][1] == "138****5678"
    assert shown(seller, subject) == "****"
    found = match(seller, term="13812345678", columns=("mobile",))
    assert [row.cells["mobile"].text for row in found.rows] == ["****"]
    assert rebuild().behind == 1
    assert run()["changed"] == 1
    assert envelopes.open_display([subject])[subject]["mobile"][1] == "****" and rebuild().behind == 0


def test_while_a_wider_mask_waits_for_its_envelopes_what_did_not_change_is_shown_as_ever(seller: Any) -> None:
    publish(retail(HIDDEN_PHONE))
    subject = views.customer(seller, mobile="13812345678", landline="0571-88880021")
    run()
    publish(retail())
    assert shown(seller, subject) == "****" and shown(seller, subject, "landline") == "0571-****0021"
    run()
    assert shown(seller, subject) == "138****5678"


def test_an_envelope_that_names_no_masks_or_unknown_ones_shows_nothing_masked(seller: Any) -> None:
    attributes = regime_queries.bundle().attributes
    rendered = {"mobile": ["m", "138****5678"]}
    phone = attributes["mobile"]
    assert not masks.current(attributes, phone, rendered)
    assert not masks.current(attributes, phone, {**rendered, masks.STAMP: [masks.MARK, "somebody"]})
    assert masks.current(attributes, phone, {**rendered, masks.STAMP: [masks.MARK, masks.stamp(attributes)]})


def test_the_walk_is_queued_with_the_publication_or_not_at_all(seller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def queued() -> int:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'vault.rebuild'")
            return int(cursor.fetchone()[0])

    before = queued()
    publish(retail() + "# 只改了说明\n".encode())
    assert queued() == before and not Rebuild.objects.exists()
    monkeypatch.setattr(rebuilding, "_later", lambda row: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(retail(HIDDEN_PHONE))
    monkeypatch.undo()
    assert not Rebuild.objects.exists()
    assert regime_queries.bundle().attributes["mobile"].mask == "middle4"
    publish(retail(HIDDEN_PHONE))
    assert queued() == before + 1


def test_a_killed_walk_goes_on_where_it_was_and_holds_one_page(seller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [views.customer(seller) for _ in range(7)]
    publish(retail(HIDDEN_PHONE))
    monkeypatch.setattr(rebuilding, "PAGE", 2)
    real, pages = envelopes.open_all, []

    def killed(found: Any, **more: Any) -> Any:
        pages.append({one.subject_id for one in found})
        if len(pages) == 3:
            raise KeyboardInterrupt
        return real(found, **more)

    monkeypatch.setattr(envelopes, "open_all", killed)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert (rebuild().done, rebuild().behind) == (4, 3)
    run()
    assert (rebuild().done, rebuild().behind) == (7, 0)
    assert max(len(one) for one in pages) == 2
    # Nobody was opened twice but the page that was killed.
    assert sum(len(one) for one in pages) == 7 + 2
    assert all(envelopes.open_display([one])[one]["mobile"][1] == "****" for one in everybody)


def test_each_page_is_on_record_before_it_opens_and_counts_what_it_opens(
    seller: Any, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    views.customer(seller)
    publish(retail(HIDDEN_PHONE))
    lines.clear()
    real = envelopes.open_all

    def watched(found: Any, **more: Any) -> Any:
        assert [one.event for one in lines] == [Event.CUSTOMER_REBUILT]
        assert lines[0].opens == sum(1 for one in found if one.grade >= 3) > 0
        return real(found, **more)

    monkeypatch.setattr(envelopes, "open_all", watched)
    run()
    assert len(lines) == 1 and lines[0].count == 1 and len(lines[0].audit_ids) == 1


def test_the_old_rendering_does_not_fit_the_new_place(seller: Any) -> None:
    subject = views.customer(seller)
    old = Sealed.objects.get(subject_id=subject, entity=DISPLAY)
    publish(retail(HIDDEN_PHONE))
    run()
    Sealed.objects.filter(subject_id=subject, entity=DISPLAY).update(ct=bytes(old.ct))
    with pytest.raises(DoesNotOpen):
        envelopes.open_display([subject])


def values_by_grade(subject: uuid.UUID) -> dict[int, dict[str, str]]:
    noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    opened = envelopes.open_all(envelopes.load(subjects=[subject], entity=IDENTITY), noted=noted)
    return {key[-1]: values for key, values in opened.items()}


def test_a_value_follows_its_grade_and_its_storage_and_its_indexes(seller: Any) -> None:
    subject = views.customer(seller, mobile="13812345678", address="杭州市西湖区文三路 90 号", city="杭州市")
    assert "mobile" in values_by_grade(subject)[3] and "city" in Subject.objects.get(id=subject).facets
    text = retail(
        (b"type: cn_mobile, grade: 3", b"type: cn_mobile, grade: 4"),
        (
            b"type: cn_division, grade: 2, subjects: [person, organisation], storage: facet",
            b"type: cn_division, grade: 2, subjects: [person, organisation]",
        ),
        (b"search: [exact, surname_suffix4], mask: middle4", b"search: [exact], mask: middle4"),
    )
    views.put_in_force(text)
    rebuilding.resume(UPKEEP)
    assert TokenExact.objects.filter(subject_id=subject, index="mobile:surname4").exists()
    run()
    assert values_by_grade(subject)[4]["mobile"] == "13812345678"
    assert "mobile" not in values_by_grade(subject).get(3, {})
    assert "city" not in Subject.objects.get(id=subject).facets and values_by_grade(subject)[2]["city"]
    assert {one.grade for one in SubjectKey.objects.filter(subject_id=subject)} >= {2, 3, 4}
    assert not TokenExact.objects.filter(subject_id=subject, index="mobile:surname4").exists()
    assert TokenExact.objects.filter(subject_id=subject, index="mobile:exact").exists()
    assert rebuilding.resume(UPKEEP) == 0


def test_a_value_that_the_catalogue_no_longer_names_is_not_lost_by_a_walk(seller: Any) -> None:
    subject = views.customer(seller, wechat_id="wx_chenyutong")
    line = next(one for one in retail().splitlines(keepends=True) if one.startswith(b"  wechat_id:"))
    views.put_in_force(retail((line, line.replace(b"  wechat_id:", b"  wechat_old:")), HIDDEN_PHONE))
    rebuilding.resume(UPKEEP)
    run()
    assert values_by_grade(subject)[3]["wechat_id"] == "wx_chenyutong"


def test_a_damaged_record_stays_as_it_is_and_does_not_stop_the_walk(seller: Any) -> None:
    broken, whole = views.customer(seller), views.customer(seller)
    Sealed.objects.filter(subject_id=broken, grade=3).update(ct=b"\x01" + bytes(91))
    publish(retail(HIDDEN_PHONE))
    assert run() == {"changed": 1, "failed": 1}
    assert envelopes.open_display([whole])[whole]["mobile"][1] == "****"


def test_what_was_written_by_the_rulebook_before_while_the_walk_went_by_is_looked_at_once_more(seller: Any) -> None:
    publish(retail(HIDDEN_PHONE))
    run()
    subject = views.customer(seller)
    row = Sealed.objects.get(subject_id=subject, entity=DISPLAY)
    # As an importer with the rulebook before would have left it.
    [one] = envelopes.load(subjects=[subject], entity=DISPLAY)
    key = envelopes.keys.fetch([one.key])[one.key]
    old = envelopes.seal(
        subject_id=subject, entity=DISPLAY, entity_id=subject, grade=2, ver=1, key_gen=1, key=key,
        values={"mobile": ["m", "138****5678"], masks.STAMP: [masks.MARK, "before"]},
    )  # fmt: skip
    Sealed.objects.filter(subject_id=row.subject_id, entity=DISPLAY).update(ct=old.ct)
    assert shown(seller, subject) == "****"
    assert rebuilding.resume(UPKEEP) == 0 and Rebuild.objects.get().closed_at is None
    Rebuild.objects.update(finished_at=clock.now() - timedelta(minutes=11))
    rebuilding.resume(UPKEEP)
    assert Rebuild.objects.get().closed_at and envelopes.open_display([subject])[subject]["mobile"][1] == "****"
    assert masks.current(regime_queries.bundle().attributes, regime_queries.bundle().attributes["mobile"],
                         envelopes.open_display([subject])[subject])  # fmt: skip


def test_a_walk_of_a_version_that_is_not_in_force_yet_waits(seller: Any) -> None:
    views.customer(seller)
    row = Rebuild.objects.create(
        id=ids.uuid7(), plan="later", stamp="later", base="", due_at=clock.now() + timedelta(hours=24)
    )
    assert vault.rebuild(UPKEEP, run=row.id) == {"changed": 0}
    assert Rebuild.objects.get(id=row.id).cursor is None
