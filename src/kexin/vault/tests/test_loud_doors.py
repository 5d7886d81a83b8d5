"""Reveal, contact, release: decided again, evidenced before the key, never for the erased."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from typing import Any

import openpyxl
import pytest
from django.db import connections

from kexin.evidence import operations as evidence
from kexin.foundation import clock
from kexin.foundation.problems import Problem
from kexin.regime import operations as regime
from kexin.vault import envelopes, keys, queries
from kexin.vault import operations as vault
from kexin.vault.models import Disclosure, Reveal, RevealCount, Subject
from kexin.vault.operations.contact import WrongUse
from kexin.vault.operations.release import TooManyRows
from kexin.vault.operations.reveal import FreshSigninNeeded, NoValue
from kexin.vault.queries.opening import Moved
from kexin.vault.tests import views
from kexin.vault.types import KeyringDown, SubjectErased, SubjectNotFound
from kexin.vault.types_views import REVEAL_S, AttributeRefused, ContactUse, Filter, ReasonNeeded, SlowDown


@pytest.fixture(autouse=True)
def company(db: None) -> None:
    views.put_in_force()


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Evidence entries and key fetches in the order in which they really happened."""
    seen: list[Any] = []
    note, fetch = evidence.note_now, keys.fetch

    def noting(caller: Any, entry: Any) -> Any:
        noted = note(caller, entry)
        seen.append(entry)
        return noted

    def fetching(refs: Any) -> Any:
        wanted = list(refs)
        seen.append(tuple(ref.grade for ref in wanted))
        return fetch(wanted)

    monkeypatch.setattr(evidence, "note_now", noting)
    monkeypatch.setattr(keys, "fetch", fetching)
    return seen


def test_a_value_opens_for_a_minute_after_its_line(order: list[Any]) -> None:
    me = views.sales()
    one = views.customer(me, mobile="13812345678")
    order.clear()
    revealed = vault.reveal(me, subject=one, attribute="mobile", reason="verify")
    assert revealed.value == "13812345678"
    assert timedelta(0) < revealed.until - clock.now() <= timedelta(seconds=REVEAL_S)
    assert (revealed.used, revealed.quota) == (1, 150)
    line = next(place for place, seen in enumerate(order) if getattr(seen, "event", "") == "customer.revealed")
    opened = [place for place, seen in enumerate(order) if isinstance(seen, tuple) and 3 in seen]
    assert opened and min(opened) > line, "the line is committed before a grade 3 key is fetched"
    entry = order[line]
    assert entry.opens == 1 and entry.relation == "own" and entry.audit_ids and entry.rule_ids
    row = Reveal.objects.get(id=revealed.id)
    assert (row.kind, row.purpose, row.actor_id) == ("reveal", "presale", me.id)
    assert queries.why(me, subject=one, attribute="mobile").seen_times == 1
    assert queries.card(me, subject=one).reveals_30d == 1


def test_words_are_sealed_and_nowhere_else(order: list[Any]) -> None:
    me = views.sales()
    one = views.customer(me)
    revealed = vault.reveal(me, subject=one, attribute="mobile", reason="客户来电核对送货号码")
    row = Reveal.objects.get(id=revealed.id)
    assert row.reason_ct and "送货".encode() not in bytes(row.reason_ct)
    assert envelopes.open_payload(one, bytes(row.reason_ct)) == {"text": "客户来电核对送货号码"}
    entry = next(seen for seen in order if getattr(seen, "event", "") == "customer.revealed")
    assert "送货" not in repr(entry) and "送货".encode() not in entry.payload
    assert envelopes.open_payload(one, entry.payload)["attribute"] == "mobile"


@pytest.mark.parametrize(
    "reason", ["", "看", "      ", "......", "\u200b" * 9, "x" * 501, "a\x00bcdefgh", "\ud800bcdefgh", None, 7]
)
def test_a_reason_is_needed(reason: Any) -> None:
    me = views.sales()
    one = views.customer(me)
    with pytest.raises(ReasonNeeded):
        vault.reveal(me, subject=one, attribute="mobile", reason=reason)
    assert not Reveal.objects.exists()


def test_an_open_case_is_itself_the_reason() -> None:
    agent = views.sales("service", role="agent")
    one = views.customer(None, mobile="13812345678")
    regime.grant(views.importer(), subject=one, principal=agent.id, relation="open_case", ref="case:1")
    assert vault.reveal(agent, subject=one, attribute="mobile", reason="").value == "13812345678"


def test_grade_four_asks_for_words_and_a_fresh_sign_in() -> None:
    agent = views.sales("real_name", role="agent")
    one = _with_id_number()
    regime.grant(views.importer(), subject=one, principal=agent.id, relation="open_case", ref="case:1")
    words = "办理实名登记核对证件"
    with pytest.raises(ReasonNeeded):
        vault.reveal(agent, subject=one, attribute="id_no", reason="verify", signed_in_at=clock.now())
    for signed_in_at in (None, clock.now() - timedelta(hours=1)):
        with pytest.raises(FreshSigninNeeded):
            vault.reveal(agent, subject=one, attribute="id_no", reason=words, signed_in_at=signed_in_at)
    opened = vault.reveal(agent, subject=one, attribute="id_no", reason=words, signed_in_at=clock.now())
    assert opened.value == "11010519491231002X"


def _with_id_number() -> uuid.UUID:
    """Somebody whose document number the import service may write under a rule that only this test has."""
    rule = (
        "rules:\n  - {id: test-write, effect: permit, label: {zh: 测试登记证件}, roles: [svc_importer],"
        " purposes: [real_name], actions: [read, write], grade_max: 4, obligations: [log]}\n"
    )
    views.put_in_force(_retail().replace("rules:\n", rule, 1).encode())
    one = views.customer(None)
    source = views.SourceActRef(source="form", purpose="real_name", basis="legal_duty")
    version = Subject.objects.get(id=one).ver
    vault.amend(
        views.importer("real_name"),
        subject=one,
        values={"id_no": "11010519491231002X"},
        expected_ver=version,
        source=source,
    )
    return one


def _retail() -> str:
    return resources.files("kexin.regime.data").joinpath("retail.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("attribute", ["mobile", "id_no", "birthday"])
def test_what_is_masked_or_denied_does_not_open_and_the_refusal_is_a_line(order: list[Any], attribute: str) -> None:
    me = views.sales()
    one = views.customer(views.sales(), mobile="13812345678")
    order.clear()
    with pytest.raises(AttributeRefused):
        vault.reveal(me, subject=one, attribute=attribute, reason="verify")
    assert [seen.event for seen in order if not isinstance(seen, tuple)] == ["access.denied"]
    assert not [seen for seen in order if isinstance(seen, tuple)]


def test_absent_erased_unknown_and_empty_have_their_own_words() -> None:
    me = views.sales()
    one = views.customer(me)
    with pytest.raises(SubjectNotFound):
        vault.reveal(me, subject=uuid.uuid4(), attribute="mobile", reason="verify")
    with pytest.raises(Problem):
        vault.reveal(me, subject=one, attribute="password'", reason="verify")
    with pytest.raises(NoValue):
        vault.reveal(me, subject=one, attribute="email", reason="verify")
    keys.burn(one)
    for door in (_reveal, _contact):
        with pytest.raises(SubjectErased):
            door(me, one)
    Subject.objects.filter(id=one).update(state="erasing")
    for door in (_reveal, _contact):
        with pytest.raises(SubjectErased):
            door(me, one)


def _reveal(caller: Any, subject: uuid.UUID) -> Any:
    return vault.reveal(caller, subject=subject, attribute="mobile", reason="verify")


def _contact(caller: Any, subject: uuid.UUID) -> Any:
    return vault.contact(caller, subject=subject, attribute="mobile", use=ContactUse.CALL)


@pytest.mark.parametrize("door", [_reveal, _contact])
def test_an_erasure_between_the_line_and_the_key_wins(door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    me = views.sales()
    one = views.customer(me)
    note = evidence.note_now

    def then_erased(caller: Any, entry: Any) -> Any:
        noted = note(caller, entry)
        Subject.objects.filter(id=one).update(state="erasing")
        return noted

    monkeypatch.setattr(evidence, "note_now", then_erased)
    with pytest.raises(SubjectErased):
        door(me, one)


@pytest.mark.parametrize("door", [_reveal, _contact])
def test_a_grant_that_ends_between_the_line_and_the_key_opens_nothing(
    door: Any, monkeypatch: pytest.MonkeyPatch, order: list[Any]
) -> None:
    me = views.sales()
    one = views.customer(me)
    note = evidence.note_now

    def then_ended(caller: Any, entry: Any) -> Any:
        noted = note(caller, entry)
        regime.end_grant(views.importer(), subject=one, relation="owner")
        return noted

    monkeypatch.setattr(evidence, "note_now", then_ended)
    order.clear()
    with pytest.raises(Moved):
        door(me, one)
    assert not [seen for seen in order if isinstance(seen, tuple) and 3 in seen]
    assert not Reveal.objects.exists()


@pytest.mark.parametrize("door", [_reveal, _contact])
def test_no_line_no_key(door: Any, ledger_down: Callable[[], type[Exception]], order: list[Any]) -> None:
    me = views.sales()
    one = views.customer(me)
    order.clear()
    with pytest.raises(ledger_down()):
        door(me, one)
    assert not [seen for seen in order if isinstance(seen, tuple) and 3 in seen]
    assert not Reveal.objects.exists()


@pytest.mark.parametrize("door", [_reveal, _contact])
def test_without_the_keyring_nothing_opens_and_it_says_so(door: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    me = views.sales()
    one = views.customer(me)

    def down(*_arguments: Any) -> Any:
        raise KeyringDown

    monkeypatch.setattr(keys, "ask", down)
    with pytest.raises(KeyringDown) as refusal:
        door(me, one)
    assert refusal.value.status == 503 and str(refusal.value.title) == "暂时无法打开"


def test_above_the_quota_it_slows_and_does_not_cut_and_calls_go_on() -> None:
    text = _retail()
    assert "reveal_daily_floor: 150" in text
    views.put_in_force(text.replace("reveal_daily_floor: 150", "reveal_daily_floor: 2").encode())
    me = views.sales()
    one = views.customer(me)
    for _number in range(2):
        _reveal(me, one)
    with pytest.raises(SlowDown):
        _reveal(me, one)
    assert _contact(me, one).value
    RevealCount.objects.using("evidence").filter(actor_id=me.id).update(last_at=clock.now() - timedelta(seconds=21))
    assert _reveal(me, one).used == 3


def test_the_quota_grows_with_the_own_habit() -> None:
    me = views.sales()
    one = views.customer(me)
    day = clock.today_cn() - timedelta(days=2)
    RevealCount.objects.using("evidence").create(actor_id=me.id, day=day, opened=80, last_at=clock.now())
    assert _reveal(me, one).quota == 240


# --- contact --------------------------------------------------------------------------------------------------------


def test_a_call_gets_the_number_once_with_its_own_line(order: list[Any]) -> None:
    me = views.sales()
    one = views.customer(me, mobile="13812345678", email="chen@example.cn", address="浙江省杭州市余杭区文一西路 969 号")
    order.clear()
    called = _contact(me, one)
    assert (called.value, called.href) == ("13812345678", "tel:13812345678")
    assert [seen.event for seen in order if not isinstance(seen, tuple)] == ["customer.contacted"]
    assert vault.contact(me, subject=one, attribute="email", use=ContactUse.MAIL).href == "mailto:chen@example.cn"
    assert vault.contact(me, subject=one, attribute="address", use=ContactUse.WAYBILL).href == ""
    assert queries.why(me, subject=one, attribute="mobile").seen_times == 0, "a use is not a look"
    for attribute, use in (("email", ContactUse.CALL), ("mobile", ContactUse.MAIL), ("mobile", "call")):
        with pytest.raises(WrongUse):
            vault.contact(me, subject=one, attribute=attribute, use=use)  # type: ignore[arg-type]


def test_only_ones_own_customers_are_called_and_doubtful_ones_are_not_approached() -> None:
    me = views.sales()
    foreign, doubtful = views.customer(None), views.customer(me, source=views.UNPROVEN)
    for one in (foreign, doubtful):
        with pytest.raises(AttributeRefused) as refusal:
            _contact(me, one)
        assert refusal.value.status == 403
    assert refusal.value.rule == "unproven-no-outreach"


# --- release --------------------------------------------------------------------------------------------------------


def test_a_list_leaves_masked_watermarked_sealed_and_recorded(order: list[Any]) -> None:
    me = views.sales(name="林晓雯")
    one = views.customer(me, mobile="13812345678", city="杭州市")
    views.customer(None, mobile="13987654321")
    released = vault.release(me, columns=["name", "mobile", "city", "birthday"])
    _name, chunks = vault.open_file(me, file=released.file_id)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(chunks)))
    rows = [[cell.value or "" for cell in row] for row in book.active.iter_rows()]
    text = repr(rows)
    assert released.rows == 1 and "138****5678" in text and "13812345678" not in text and "139" not in text
    assert "林晓雯" in str(rows[0][0]) and rows[2][-1] == ""
    assert list(Disclosure.objects.values_list("subject_id", "kind", "batch")) == [(one, "export", released.file_id)]
    events = [seen.event for seen in order if not isinstance(seen, tuple)]
    assert events[0] == "release.started"
    assert queries.why(me, subject=one, attribute="mobile").disclosed[0].kind == "export"


def test_a_list_too_long_does_not_leave() -> None:
    assert "export_rows_free: 200" in _retail()
    views.put_in_force(_retail().replace("export_rows_free: 200", "export_rows_free: 2").encode())
    me = views.sales()
    for _number in range(3):
        views.customer(me)
    with pytest.raises(TooManyRows):
        vault.release(me, columns=["name"])
    assert not Disclosure.objects.exists()
    assert vault.release(me, columns=["name"], filters=[Filter(field="city", value="无")]).rows == 0


def test_no_value_of_these_doors_is_in_the_open_tables() -> None:
    """A canary through page, search, reveal, contact and release is in no text column afterwards (I1, this room)."""
    me = views.sales()
    one = views.customer(me, name="诸葛金丝雀", mobile="13800138123", address="浙江省杭州市余杭区金丝雀路 1 号")
    queries.page(me, columns=["name", "mobile", "address"])
    queries.match(me, term="金丝雀路", columns=["name"])
    _reveal(me, one)
    _contact(me, one)
    vault.release(me, columns=["name", "mobile"])
    with connections["default"].cursor() as cursor:
        for table in (
            "subject",
            "sealed",
            "tokenexact",
            "tokengram",
            "reveal",
            "disclosure",
            "file",
            "filechunk",
            "searchmisses",
            "revealcount",
            "sourceact",
            "provenance",
        ):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM vault_{table} t")
            text = cursor.fetchone()[0]
            for canary in ("金丝雀", "13800138123"):
                assert canary not in text and canary.encode().hex() not in text, table
