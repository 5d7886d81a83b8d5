"""Grants, consents with receipts, notices, holdings, and the decision as other rooms ask for it: on a real database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Signature
from kexin.foundation.caller import Caller
from kexin.foundation.canonical import loads
from kexin.foundation.clock import now
from kexin.foundation.holding import Holding, impersonal
from kexin.people.tests.factories import caller_for, person
from kexin.regime import facts, operations, queries, register
from kexin.regime.models import ConsentEvent, ConsentState, Grant
from kexin.regime.operations.consents import ConsentInvalid
from kexin.regime.operations.grants import GrantInvalid
from kexin.regime.operations.notices import NoticeInvalid, NotPublisher
from kexin.regime.queries import askers, decisions
from kexin.regime.queries.rulebook import InForce
from kexin.regime.rules.receipt import plain_code, printed_code
from kexin.regime.tests.rulebooks import retail, retail_bundle
from kexin.regime.tests.test_equivalence import FACTS
from kexin.regime.types import EVERYONE, Action, Reason, Relation, SubjectFacts, role_principal

SETUP = Caller.for_service("setup", cause="test")


@pytest.fixture(autouse=True)
def in_force(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The retail rulebook speaks, without going through its publication."""
    current = InForce(number=1, sha256=retail().sha256, since=now())
    monkeypatch.setattr("kexin.regime.queries.rulebook.in_force", lambda: current)
    monkeypatch.setattr("kexin.regime.queries.rulebook.load", lambda sha256: retail())
    for name, sql in FACTS.items():
        facts.register(name, sql=sql)
    yield
    askers._bundles.clear()


@pytest.fixture
def subject() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def notice() -> uuid.UUID:
    return operations.publish_notice(SETUP, texts={"zh": "我们怎样处理个人信息".encode(), "en": b"How we process"})


def consent(subject: uuid.UUID, **more: Any) -> Any:
    return operations.record_consent(SETUP, subject=subject, **{"purpose": "mkt_sms", "kind": "explicit", **more})


class TestGrants:
    def test_a_grant_reaches_the_person_until_it_ends(self, subject: uuid.UUID) -> None:
        someone = person(role="sales")
        caller = caller_for(someone, purpose="presale")
        active = SubjectFacts(kind="person", state="active", age_status="adult", unproven=False)

        def full() -> bool:
            standing = queries.subject_facts(caller, [subject])[subject]
            known = replace(active, grants=standing.grants, consents=standing.consents)
            return queries.decide(caller, action=Action.READ, subject=known, attributes=["mobile"]).allowed("mobile")

        assert not full()
        first = operations.grant(SETUP, subject=subject, principal=someone.id, relation=Relation.OWNER)
        assert operations.grant(SETUP, subject=subject, principal=someone.id, relation="owner") == first
        assert full()
        assert operations.end_grant(SETUP, subject=subject, relation="owner") == 1
        assert not full()
        assert Grant.objects.get(id=first).ended_by == SETUP.id

    def test_standing_relations_and_roles(self) -> None:
        agent = caller_for(person(role="agent"), purpose="service")
        operations.grant(SETUP, subject=None, principal=role_principal("agent"), relation="exam")
        operations.grant(SETUP, subject=None, principal=EVERYONE, relation="pia", purpose="credit")
        assert queries.actor(agent).standing == {"exam"}
        assert queries.actor(agent.under("credit")).standing == {"exam", "pia"}

    def test_many_at_once_are_one_statement(self, django_assert_max_num_queries: Any) -> None:
        many = [uuid.uuid4() for _ in range(500)]
        with django_assert_max_num_queries(6):
            assert operations.grant_many(SETUP, subjects=many, principal=EVERYONE, relation="pool") == 500
        assert operations.grant_many(SETUP, subjects=many, principal=EVERYONE, relation="pool") == 0

    @pytest.mark.parametrize(
        "bad",
        [{"relation": "god"}, {"until": now() - timedelta(days=1)}, {"ref": "x" * 65}, {"purpose": "a\x00"}],
    )
    def test_bad_grants_are_refused(self, subject: uuid.UUID, bad: dict[str, Any]) -> None:
        with pytest.raises(GrantInvalid):
            operations.grant(SETUP, **{"subject": subject, "principal": EVERYONE, "relation": "owner", **bad})


class TestDecide:
    def test_a_deactivated_or_changed_person_is_refused(self) -> None:
        caller = caller_for(person(role="sales"), purpose="presale")
        stale = replace(caller, epoch=caller.epoch - 1)
        active = SubjectFacts(kind="person", state="active", age_status="adult", unproven=False)
        answer = queries.decide(stale, action=Action.READ, subject=active, attributes=["mobile"])["mobile"]
        assert answer.reason is Reason.CALLER_STALE
        assert queries.sentence(answer)
        assert queries.plan(stale, action=Action.READ, attributes=["mobile"]).empty

    @pytest.mark.parametrize("purpose", ["", "x", "presale\x00", "'; DROP TABLE regime_grant; --", "𠮷" * 500])
    def test_hostile_purposes_are_a_no(self, purpose: str) -> None:
        caller = caller_for(person(role="sales"), purpose="presale").under(purpose)
        assert queries.plan(caller, action=Action.READ, attributes=["mobile", "\x00"]).empty
        decision = queries.decide(caller, action=Action.READ, subject=SubjectFacts(state="active"), attributes=["\x00"])
        assert decision.nothing

    def test_a_hidden_attribute_may_not_filter_sort_or_count(self) -> None:
        caller = caller_for(person(role="sales"), purpose="presale")
        made = queries.plan(
            caller, action=Action.READ, attributes=["name"], filters=["id_no"], sorts=["id_no"], groups=["id_no"]
        )
        assert [gate.action for gate in made.refused] == [Action.SEARCH, Action.SORT, Action.AGGREGATE]
        assert made.empty

    def test_nothing_in_force_denies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kexin.regime.queries.rulebook.in_force", lambda: None)
        caller = caller_for(person(role="sales"), purpose="presale")
        decision = queries.decide(caller, action=Action.READ, subject=SubjectFacts(state="active"), attributes=["name"])
        assert decision["name"].reason is Reason.NO_RULEBOOK

    def test_a_new_version_speaks_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert queries.bundle().version == 1
        newer = InForce(number=2, sha256=retail().sha256, since=now())
        monkeypatch.setattr("kexin.regime.queries.rulebook.in_force", lambda: newer)
        assert queries.bundle().version == 2


class TestConsents:
    def test_the_states_are_a_projection_of_the_events(self, subject: uuid.UUID, notice: uuid.UUID) -> None:
        for purpose in ("mkt_sms", "mkt_email"):
            for status in ("shown", "refused", "given", "shown", "withdrawn", "stale", "given", "stale"):
                consent(subject, purpose=purpose, status=status)
        consent(subject, purpose="mkt_call", status="given")
        columns = (
            "purpose",
            "channel",
            "status",
            "kind",
            "event_seq",
            "at",
            "refused_at",
            "scope_sha256",
            "valid_until",
        )
        before = list(ConsentState.objects.order_by("purpose").values_list(*columns))
        assert [row[2] for row in before] == ["given", "stale", "stale"]
        assert operations.rebuild_states(subject=subject) == 3
        assert list(ConsentState.objects.order_by("purpose").values_list(*columns)) == before

    def test_a_given_consent_reaches_decision_and_strip_and_a_withdrawal_ends_it(
        self, subject: uuid.UUID, notice: uuid.UUID
    ) -> None:
        marketer = caller_for(person(role="marketer"), purpose="mkt_sms")

        def may_send() -> bool:
            standing = queries.subject_facts(marketer, [subject])[subject]
            known = SubjectFacts(
                kind="person", state="active", age_status="adult", unproven=False, consents=standing.consents
            )
            return queries.decide(
                marketer, action=Action.CONTACT, subject=known, attributes=["mobile"],
                context=decisions.Context(can_execute=frozenset({"log", "watermark"})),
            ).allowed("mobile")  # fmt: skip

        assert not may_send()
        given = consent(subject)
        assert may_send()
        (line,) = queries.consent_strip(subject)
        assert (line.status, line.receipt) == ("given", given.code)
        assert not queries.may_be_asked(subject, purpose="mkt_sms", channel="sms")
        withdrawn = consent(subject, status="withdrawn")
        assert withdrawn.code != given.code
        assert not may_send()
        assert not queries.may_be_asked(subject, purpose="mkt_sms", channel="sms")

    def test_an_expired_consent_is_no_consent(self, subject: uuid.UUID, notice: uuid.UUID) -> None:
        consent(subject, occurred_at=now() - timedelta(days=3), valid_until=now() - timedelta(days=1))
        standing = queries.subject_facts(SETUP, [subject])[subject]
        assert standing.consents == {("mkt_sms", "sms"): "expired"}

    def test_a_receipt_is_signed_over_its_exact_bytes(self, subject: uuid.UUID, notice: uuid.UUID) -> None:
        receipt = consent(subject)
        signature = Signature(key_id=receipt.key_id, sig=receipt.signature, alg=receipt.algorithm)
        assert evidence.verify_signature("receipt", receipt.document, signature)
        assert not evidence.verify_signature("receipt", receipt.document + b" ", signature)
        body = loads(receipt.document)
        assert body["event"]["state"] == "given"
        assert body["receipt_id"] == receipt.code
        assert body["processing"]["notice"]["version"] == 1
        found = queries.receipt(receipt.code.lower().replace("-", " "))
        assert found == receipt
        document = queries.signed_receipt(receipt.code)
        assert document is not None
        assert document["body"].encode() == receipt.document

    @pytest.mark.parametrize(
        "bad",
        [
            {"purpose": "nothing"},
            {"status": "maybe"},
            {"purpose": "share_partner", "kind": "explicit"},
            {"method": "paper"},
            {"kind": "guardian"},
            {"purpose": "order"},
            {"form": "a\x00"},
            {"wording_sha256": "x"},
            {"occurred_at": now() + timedelta(days=1)},
        ],
    )
    def test_a_consent_that_proves_nothing_is_refused(
        self, subject: uuid.UUID, notice: uuid.UUID, bad: dict[str, Any]
    ) -> None:
        with pytest.raises(ConsentInvalid):
            consent(subject, **bad)
        assert not ConsentEvent.objects.exists()

    def test_without_a_notice_nothing_is_agreed_to(self, subject: uuid.UUID) -> None:
        with pytest.raises(ConsentInvalid):
            consent(subject)

    def test_a_major_notice_makes_consents_stale_and_an_editorial_one_does_not(
        self, subject: uuid.UUID, notice: uuid.UUID
    ) -> None:
        consent(subject)
        operations.publish_notice(SETUP, texts={"zh": "改一个错字".encode()}, major=False)
        assert operations.refresh_consents(SETUP) == 0
        operations.publish_notice(SETUP, texts={"zh": "新的处理方式".encode()})
        assert operations.refresh_consents(SETUP) == 1
        assert queries.consent_strip(subject)[0].status == "stale"

    @pytest.mark.parametrize("change", [{"status": "refused"}, None])
    def test_events_only_grow(self, subject: uuid.UUID, notice: uuid.UUID, change: dict[str, str] | None) -> None:
        consent(subject)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows = ConsentEvent.objects.filter(subject_id=subject)
            rows.update(**change) if change else rows._raw_delete("default")


class TestNotices:
    def test_bytes_are_kept_as_they_were(self, notice: uuid.UUID) -> None:
        chinese, english = queries.current_notice(), queries.current_notice(locale="en")
        assert chinese is not None
        assert english is not None
        assert (chinese.version, chinese.text.decode()) == (1, "我们怎样处理个人信息")
        assert english.text == b"How we process"
        fallback = queries.notice(notice, locale="fr")
        assert fallback is not None
        assert fallback.locale == "zh"

    def test_only_the_officer_publishes(self) -> None:
        with pytest.raises(NotPublisher):
            operations.publish_notice(caller_for(person(role="sales")), texts={"zh": b"x"})

    @pytest.mark.parametrize(
        "texts", [{}, {"en": b"x"}, {"zh": b""}, {"zh": b"\xff"}, {"zh": b" "}, {"zh": b"x", "../": b"x"}]
    )
    def test_bad_texts_are_refused(self, texts: dict[str, bytes]) -> None:
        with pytest.raises(NoticeInvalid):
            operations.publish_notice(SETUP, texts=texts)


@pytest.mark.no_db
class TestRegister:
    def test_an_unclaimed_model_is_named(self) -> None:
        assert register.unclaimed(["regime.Grant", "shop.Basket"]) == ("shop.Basket",)

    def test_one_model_has_one_holding(self) -> None:
        with pytest.raises(register.ClaimedTwice):
            register.register_holding(impersonal(["regime.Grant"], reason="no"))
        grants = next(one for one in register.holdings() if one.key == "regime.grants")
        with pytest.raises(register.ClaimedTwice):
            register.register_holding(replace(grants, key="other.grants"))

    def test_an_erasure_walks_holdings_in_order(self) -> None:
        orders = [one.order for one in register.holdings()]
        assert orders == sorted(orders)
        assert all(isinstance(one, Holding) for one in register.holdings())


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("typed", "plain"),
    [("R-7F3K-29QD", "7F3K29QD"), (" r7f3k29qd", "7F3K29QD"), ("7f3k-29qd", "7F3K29QD"), ("R-OIL0-0000", "01100000"),
     ("", ""), ("R-7F3K", ""), ("%" * 8, ""), ("R-7F3K-29QD" * 9, ""), ("７Ｆ３Ｋ２９ＱＤ", "")],
)  # fmt: skip
def test_codes_are_read_as_people_type_them(typed: str, plain: str) -> None:
    assert plain_code(typed) == plain
    if plain:
        assert plain_code(printed_code(plain)) == plain


def test_every_fact_of_the_retail_rulebook_has_its_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    assert facts.unregistered(retail_bundle()) == ()
    monkeypatch.setattr(facts, "_sql", {})
    assert "subject.age_status" in facts.unregistered(retail_bundle())
