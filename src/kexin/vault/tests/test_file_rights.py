"""Opening a kept file is a decision: keeper, rights of this moment, and everybody whom the file shows."""

from __future__ import annotations

import importlib
import io
import uuid
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from typing import Any

import openpyxl
import pytest
from django.db import connections

from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Refused
from kexin.people import operations as people
from kexin.people import queries as people_queries
from kexin.people.models import Person
from kexin.people.tests.factories import SETUP, caller_for, person
from kexin.regime import operations as regime
from kexin.vault import file_keys
from kexin.vault import operations as vault
from kexin.vault.keyring.models import FileKey
from kexin.vault.models import File, FileChunk, FileSubject, Subject
from kexin.vault.operations import upkeep
from kexin.vault.operations.files import FileOutOfDate, FileRefused, FileRightsEnded
from kexin.vault.queries.opening import Moved
from kexin.vault.tests import views
from kexin.vault.types import About, FileGone, Shows
from kexin.vault.types_views import AttributeRefused

#: The module; `operations.release` is the verb of the same name.
releasing = importlib.import_module("kexin.vault.operations.release")
IMPORTING = About(permission="collection:import:run")
SELLING = About(purpose="presale")


@pytest.fixture(autouse=True)
def company(db: None) -> None:
    views.put_in_force()


def keep(caller: Caller, about: About, **more: Any) -> uuid.UUID:
    ends = clock.now() + timedelta(days=1)
    kept = vault.keep_file(caller, chunks=[b"data"], kind="upload", name="a.csv", expires_at=ends, about=about, **more)
    return kept.id


def content(caller: Caller, file: uuid.UUID) -> bytes:
    return b"".join(vault.open_file(caller, file=file)[1])


def tables() -> dict[str, str]:
    """Every table but the ledger's, hashed: a refusal changes nothing."""
    found = {}
    for alias in ("default", "keyring"):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND has_table_privilege(oid, 'SELECT') AND relname NOT LIKE 'evidence_%' ORDER BY 1"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t")
                found[f"{alias}.{name}"] = cursor.fetchone()[0]
    return found


@pytest.fixture
def refused(lines: list[Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A refusal of this kind: one line about this file, no key fetched, nothing changed."""

    def check(caller: Caller, file: uuid.UUID, kind: type[Refused]) -> None:
        before, asked = tables(), []
        fetch = file_keys.fetch
        lines.clear()
        with monkeypatch.context() as patch, pytest.raises(kind) as refusal:
            patch.setattr(file_keys, "fetch", lambda one: asked.append(one) or fetch(one))
            vault.open_file(caller, file=file)
        assert refusal.value.status == 403 and type(refusal.value) is kind
        assert [(line.event, line.decision, line.ref) for line in lines] == [
            (Event.ACCESS_DENIED, "deny", f"file:{file}")
        ]
        assert asked == [] and tables() == before

    return check


# --- rights ---------------------------------------------------------------------------------------------------------


def test_the_keeper_opens_with_the_rights_of_the_keeping_and_the_line_says_which(lines: list[Any]) -> None:
    me = views.sales()
    file = keep(me, SELLING)
    lines.clear()
    assert content(me, file) == b"data" == content(me.under("service"), file), "one's purposes, not today's place"
    line = lines[0]
    assert (line.event, line.purpose, line.opens, line.ref) == (Event.FILE_OPENED, "presale", 1, f"file:{file}")
    assert line.rulebook


def test_somebody_else_with_the_same_rights_does_not(refused: Any) -> None:
    file = keep(views.sales(), SELLING)
    refused(views.sales(), file, FileRefused)
    refused(views.sales(role="sales_lead"), file, FileRefused)


def test_a_post_that_ended_closes_what_it_kept(refused: Any) -> None:
    member = person("steward")
    upload = keep(caller_for(member, "presale"), IMPORTING)
    assert content(caller_for(member, "presale"), upload) == b"data"
    people.assign_role(SETUP, person=member.id, role="sales")
    people.revoke_role(SETUP, person=member.id, role="steward")
    refused(caller_for(member, "presale"), upload, FileRightsEnded)
    people.assign_role(SETUP, person=member.id, role="steward")
    assert content(caller_for(member, "presale"), upload) == b"data", "and opens it again with the post"


def test_a_purpose_that_ended_closes_what_was_kept_under_it(refused: Any) -> None:
    member = person("sales")
    file = keep(caller_for(member), SELLING)
    people.assign_role(SETUP, person=member.id, role="finance")
    people.revoke_role(SETUP, person=member.id, role="sales")
    refused(caller_for(member, "presale"), file, FileRightsEnded)
    refused(caller_for(member, "invoice"), file, FileRightsEnded)


def test_a_leaver_and_a_stale_session_open_nothing(refused: Any) -> None:
    member = person("sales")
    before = caller_for(member)
    file = keep(before, SELLING)
    people.assign_role(SETUP, person=member.id, role="finance")
    refused(before, file, FileRightsEnded)
    people.deactivate(SETUP, person=member.id)
    refused(caller_for(Person.objects.get(id=member.id), "presale"), file, FileRightsEnded)


def test_a_rulebook_without_the_purpose_closes_the_file(refused: Any) -> None:
    me = views.sales()
    file = keep(me, SELLING)
    views.put_in_force(_retail("purposes: [presale, service, contract_b2b], apart_from: [auditor, dpo]", "purposes: [service, contract_b2b], apart_from: [auditor, dpo]"))  # fmt: skip
    refused(me, file, FileRightsEnded)


def _retail(old: str, new: str) -> bytes:
    text = resources.files("kexin.regime.data").joinpath("retail.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    return text.replace(old, new).encode()


def test_a_token_opens_what_was_kept_for_its_own_purpose(refused: Any) -> None:
    member = person("sales")
    made = people.create_token(
        caller_for(member), person=member.id, label="x", purposes=("service",), expires_at=clock.now() + timedelta(days=1)
    )
    held = people_queries.token_held(made.secret)
    assert held
    presale, service = keep(caller_for(member), SELLING), keep(caller_for(member), About(purpose="service"))
    assert content(held.caller.under("service"), service) == b"data"
    refused(held.caller.under("service"), presale, FileRightsEnded)


def test_a_service_opens_what_was_kept_for_the_purpose_that_it_is_declared_for(refused: Any) -> None:
    me = views.sales()
    file, upload = keep(me, SELLING), keep(views.sales(role="steward"), IMPORTING)
    assert content(views.importer("presale"), file) == b"data"
    refused(views.importer("service"), file, FileRefused)
    refused(Caller.for_service("nobody", purpose="presale"), file, FileRightsEnded)
    refused(Caller.for_service("erasure", purpose="presale"), file, FileRightsEnded)
    refused(views.importer("presale"), upload, FileRefused)
    with pytest.raises(FileRefused):
        vault.burn_file(views.importer("service"), file=file)


def test_what_says_nothing_about_itself_opens_for_nobody(refused: Any) -> None:
    me = views.sales()
    file = keep(me, SELLING)
    File.objects.filter(id=file).update(purpose="")
    refused(me, file, FileRightsEnded)
    for nothing in ({}, {"attributes": ("name",)}, {"action": "export", "permission": "collection:import:run"}):
        with pytest.raises(ValueError, match="kept under"):
            About(**nothing)


def test_the_keeper_may_still_burn_it() -> None:
    member = person("sales")
    file = keep(caller_for(member), SELLING)
    people.assign_role(SETUP, person=member.id, role="finance")
    people.revoke_role(SETUP, person=member.id, role="sales")
    vault.burn_file(caller_for(member, "invoice"), file=file)
    assert File.objects.get(id=file).state == "burned"


# --- people ---------------------------------------------------------------------------------------------------------


def exported(me: Caller) -> uuid.UUID:
    return vault.release(me, columns=["name", "mobile", "city", "birthday"]).file_id


def test_an_exported_list_names_whom_it_shows_and_its_opening_is_theirs_to_see(lines: list[Any]) -> None:
    me = views.sales()
    people_in = {views.customer(me, city="杭州市") for _number in range(3)}
    file = exported(me)
    rows = FileSubject.objects.filter(file_id=file)
    assert {row.subject_id for row in rows} == people_in
    assert all(set(row.attributes) == {"name", "mobile", "city"} and row.full == [] for row in rows)
    lines.clear()
    assert content(me, file).startswith(b"PK")
    named = set(Subject.objects.filter(id__in=people_in).values_list("audit_id", flat=True))
    assert lines[0].event is Event.FILE_OPENED and set(lines[0].audit_ids) == named and lines[0].action == "export"
    assert lines[0].rule_ids == ("sales-export-own",)


@pytest.mark.parametrize("change", ["grant", "frozen", "discarded", "minor"])
def test_one_customer_who_may_no_longer_be_exported_closes_the_list(change: str, refused: Any) -> None:
    me = views.sales()
    one, _other = views.customer(me), views.customer(me)
    file = exported(me)
    if change == "grant":
        regime.end_grant(views.importer(), subject=one, relation="owner")
    else:
        fields: dict[str, Any] = {
            "frozen": {"state": "frozen"},
            "discarded": {"discarded_at": clock.now()},
            "minor": {"age_status": "minor"},
        }
        Subject.objects.filter(id=one).update(**fields[change])
    refused(me, file, FileOutOfDate)
    assert content(me, exported(me)), "what may leave now is one export away"


def test_a_narrower_decision_closes_what_shows_more(refused: Any) -> None:
    """What stood in full in the file and would be masked today."""
    me = views.sales()
    one = views.customer(me)
    about = About(purpose="presale", action="read", attributes=("name",))
    full = keep(me, about, shows=[Shows(subject=one, attributes=("name",), full=("name",))])
    masked = keep(me, about, shows=[Shows(subject=one, attributes=("name",))])
    assert content(me, full) and content(me, masked)
    regime.end_grant(views.importer(), subject=one, relation="owner")
    refused(me, full, FileOutOfDate)
    assert content(me, masked) == b"data"


def test_a_scan_about_one_person_opens_while_the_person_may_be_read(refused: Any) -> None:
    lead = views.sales(role="sales_lead")
    one = views.customer(lead)
    scan = keep(lead, About(purpose="presale", action="read"), subject=one)
    assert content(lead, scan) == b"data"
    Subject.objects.filter(id=one).update(state="frozen")
    refused(lead, scan, FileOutOfDate)


def test_a_file_about_people_nobody_named_asks_what_the_post_may_do_at_all(refused: Any) -> None:
    me, agent = views.sales(), views.sales("service", role="agent")
    about = About(purpose="service", action="export", attributes=("name",))
    mine, theirs = keep(me, about), keep(agent, about)
    assert content(me, mine) == b"data"
    refused(agent, theirs, FileOutOfDate)


def test_who_may_export_nobody_gets_a_refusal_and_no_file(lines: list[Any]) -> None:
    agent = views.sales("service", role="agent")
    lines.clear()
    with pytest.raises(AttributeRefused):
        vault.release(agent, columns=["name"])
    assert [line.event for line in lines] == [Event.ACCESS_DENIED] and not File.objects.exists()


# --- erasure --------------------------------------------------------------------------------------------------------


def erase(one: uuid.UUID) -> Any:
    officer = views.sales("rights", "dpo")
    return vault.continue_erasure(officer, erasure=vault.erase(officer, subject=one).id)


def test_an_erasure_burns_the_lists_that_name_the_person_and_no_others() -> None:
    me, other = views.sales(), views.sales()
    one, stays = views.customer(me), views.customer(other)
    named = [exported(me), exported(me), keep(me, SELLING, shows=[Shows(subject=one)])]
    without = exported(other)
    done = erase(one)
    for file in named:
        with pytest.raises(FileGone):
            vault.open_file(me, file=file)
    assert not FileKey.objects.filter(file_id__in=named).exists()
    assert not FileChunk.objects.filter(file_id__in=named).exists()
    assert set(FileSubject.objects.values_list("subject_id", flat=True)) == {stays}
    assert content(other, without).startswith(b"PK")
    step = next(step for step in done.steps if step.key == "vault.files")
    assert (step.removed, step.remaining) == (3, 0)


def test_a_list_that_is_being_written_while_a_person_is_erased_does_not_outlive_the_erasure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    me = views.sales()
    one, stays = views.customer(me), views.customer(me)
    write, erased = releasing._workbook, []

    def slowly(*args: Any) -> bytes:
        book: bytes = write(*args)
        if not erased:
            erased.append(erase(one))
        return book

    monkeypatch.setattr(releasing, "_workbook", slowly)
    released = vault.release(me, columns=["name"])
    assert released.rows == 1
    assert list(FileSubject.objects.values_list("subject_id", flat=True)) == [stays]
    sheet = openpyxl.load_workbook(io.BytesIO(content(me, released.file_id))).active
    assert sheet is not None and sheet.max_row == 3


def test_nobody_is_named_in_a_file_who_has_left(db: None) -> None:
    me = views.sales()
    one = views.customer(me)
    erase(one)
    with pytest.raises(Moved):
        keep(me, SELLING, shows=[Shows(subject=one)])
    assert not File.objects.exists() and not FileKey.objects.exists()


def test_an_expired_list_forgets_whom_it_showed() -> None:
    me = views.sales()
    views.customer(me)
    file = exported(me)
    File.objects.filter(id=file).update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(FileGone):
        vault.open_file(me, file=file)
    assert upkeep.burn_expired_files() == 1 and not FileSubject.objects.exists()


def test_files_kept_before_are_told_what_they_are_about_or_open_for_nobody() -> None:
    """The upgrade: uploads of the wizard, exported lists by their disclosures; anything else stays shut."""
    me, steward = views.sales(), views.sales(role="steward")
    people_in = {views.customer(me, city="杭州市") for _number in range(2)}
    upload, scan, listed = keep(steward, IMPORTING), keep(me, SELLING), exported(me)
    shown = list(FileSubject.objects.order_by("subject_id").values_list("subject_id", "attributes"))
    File.objects.update(permission="", purpose="", action="", attributes=None)
    File.objects.filter(id=scan).update(kind="scan")
    FileSubject.objects.all().delete()
    with connections["default"].cursor() as cursor:
        cursor.execute(importlib.import_module("kexin.vault.migrations.0005_files_decided").SAY)
    after = list(FileSubject.objects.order_by("subject_id").values_list("subject_id", "attributes"))
    assert after == shown and {one for one, _attributes in after} == people_in
    assert content(steward, upload) == b"data" and content(me, listed).startswith(b"PK")
    with pytest.raises(FileRightsEnded):
        content(me, scan)
