"""The impact preview's numbers: counted by SQL over real records, the same as deciding every person singly."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest

from kexin.evidence import operations as evidence
from kexin.evidence.types import Event
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.regime.models import ConsentState, RulebookImpact
from kexin.regime.operations import askers, assessing
from kexin.regime.operations.entitling import NotPublisher
from kexin.regime.queries.drafts import seen_of
from kexin.regime.queries.permissions import NotPermitted
from kexin.regime.rulebook.editing import put
from kexin.regime.rulebook.parser import parse
from kexin.regime.rules.bundle import compile_bundle
from kexin.regime.rules.decision import decide
from kexin.regime.types import Action, Actor, Context, ImpactView, ObligationKind, SubjectFacts
from kexin.vault import operations as vault
from kexin.vault.models import Subject
from kexin.vault.queries import counting
from kexin.vault.tests import views

RETAIL = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
ALL = Context(can_execute=frozenset(kind.value for kind in ObligationKind))


def edited(*changes: tuple[tuple[str, ...], Any]) -> bytes:
    text = RETAIL
    for path, value in changes:
        text = put(text, path, value)
    return text


@pytest.fixture
def dpo() -> Caller:
    views.put_in_force()
    return caller_for(person("dpo"), "governance")


@pytest.fixture
def house(dpo: Caller) -> dict[str, uuid.UUID]:
    """Customers of every sort that rules tell apart; two sellers, one of whom leads nobody."""
    notice = {"zh": "告知".encode(), "en": b"notice"}
    regime.publish_notice(dpo, texts=notice)
    seller, other, agent = views.sales(), views.sales(), views.sales("service", "agent")
    made = {
        "own": views.customer(seller, city="杭州市"),
        "others": views.customer(other, city="宁波市"),
        "nobodys": views.customer(),
        "minor": views.customer(seller, age_status="minor"),
        "firm": views.customer(seller, kind="organisation", org_name="枫林幼儿园"),
        "unproven": views.customer(seller, source=views.UNPROVEN),
        "frozen": views.customer(seller),
        "binned": views.customer(seller),
        "case": views.customer(),
    }
    vault.freeze(caller_for(person("dpo"), "rights"), subject=made["frozen"], ground="request")
    vault.discard(views.sales("quality", "steward"), subject=made["binned"])
    regime.grant(views.importer(), subject=made["case"], principal=agent.id, relation="open_case", purpose="service")
    for name, status in (("own", "given"), ("others", "refused"), ("unproven", "given")):
        regime.record_consent(views.importer(), subject=made[name], purpose="mkt_sms", status=status, wording_sha256="ab" * 32)
    return made


def assess(caller: Caller, text: bytes) -> ImpactView:
    view = regime.assess_now(caller, source=text)
    assert view.state == "done" and view.result is not None
    return view


def cells(view: ImpactView) -> dict[tuple[str, str, str, str], int]:
    assert view.result is not None
    return {(one["role"], one["purpose"], one["action"], one["attribute"]): one["people"] for one in view.result["cells"]}


def singly(text: bytes, role: str, purpose: str, action: str, attribute: str) -> int:
    """The same number by deciding every living person twice, with the facts that any holder of the role has."""
    bundles = [compile_bundle(parse(one).rulebook) for one in (RETAIL, text)]
    who = askers.Askers.of([], at=now())
    principals = askers.people.holders(frozenset({role}))[role]
    count = 0
    for row in Subject.objects.filter(visible=True):
        held = who.standing([SubjectFacts(id=row.id)])[row.id]
        grants = frozenset(name for principal, name, under in held.grants if principal in principals and under in ("", purpose))
        facts = SubjectFacts(
            id=row.id, kind=row.kind, state=row.state, age_status=row.age_status, unproven=row.unproven, facets=row.facets,
            grants=grants, consents=held.consents,
        )  # fmt: skip
        actor = Actor(id=uuid.uuid4(), roles=frozenset({role}), purpose=purpose)
        answers = [
            decide(one, actor, action=Action(action), subject=facts, attributes=[attribute], context=ALL)[attribute]
            for one in bundles
        ]
        first, second = ((one.outcome, one.obligations) for one in answers)
        count += first != second
    return count


OWN_ONLY = (("rules", "sales-own", "when"), {"granted": ["owner"]})
NO_PHONE = (
    ("rules", "no-phone"),
    {"id": "no-phone", "effect": "forbid", "label": {"zh": "不看"}, "roles": ["sales"], "actions": ["read"], "attributes": ["mobile"],
     "article": "个人信息保护法第六条", "chapter": "7.1"},
)  # fmt: skip
ASKS_CONSENT = (
    ("rules", "asks"),
    {"id": "asks", "effect": "forbid", "label": {"zh": "须同意"}, "purposes": ["presale"], "actions": ["contact"],
     "when": {"not": {"has_consent": ["mkt_sms"]}}, "article": "个人信息保护法第十三条", "chapter": "6.2"},
)  # fmt: skip
ASKS_LEVEL = (
    ("rules", "by-age"),
    {"id": "by-age", "effect": "forbid", "label": {"zh": "城市不明"}, "purposes": ["presale"], "actions": ["read"], "attributes": ["mobile"],
     "when": {"in": ["facet.city", ["宁波市"]]}, "article": "个人信息保护法第六条"},
)  # fmt: skip
REASON = (("rules", "sales-own", "obligations"), ["log", "reason"])
FROZEN = (("purposes", "presale", "basis"), ["legal_duty"])


@pytest.mark.parametrize("change", [OWN_ONLY, NO_PHONE, ASKS_CONSENT, ASKS_LEVEL, REASON, FROZEN])
def test_numbers_are_those_of_single_decisions(dpo: Caller, house: Mapping[str, uuid.UUID], change: Any) -> None:
    text = edited(change)
    found = assess(dpo, text)
    counted = cells(found)
    assert counted and found.result is not None
    assert found.result["people"] == 8 == found.result["sampled"]
    for key, people in list(counted.items())[:: max(1, len(counted) // 12)]:
        assert people == singly(text, *key), key
    assert sum(counted.values()) > 0 or change in (OWN_ONLY, FROZEN)


def test_a_read_taken_away_counts_whom_it_concerns(dpo: Caller, house: Mapping[str, uuid.UUID]) -> None:
    found = assess(dpo, edited(NO_PHONE))
    assert found.result is not None
    read = {key: people for key, people in cells(found).items() if key[0] == "sales" and key[2] == "read" and key[1] == "presale"}
    # everybody but the frozen one: own and foreign ones were at least seen masked; a minor was stopped before
    assert read == {("sales", "presale", "read", "mobile"): 6}
    assert (found.result["gains"], found.result["losses"]) == (0, 3) and not found.result["loosens"]
    assert found.result["touched"] == 6


def test_a_forbid_that_stops_people_through_a_missing_fact_is_named(dpo: Caller, house: Mapping[str, uuid.UUID]) -> None:
    asks = assess(dpo, edited(ASKS_CONSENT)).result
    assert asks is not None
    # whom a seller may contact now, who never answered: the firm (unproven ones have the consent, minors are stopped)
    assert asks["stopped"] == [
        {"rule": "asks", "article": "个人信息保护法第十三条", "missing": ["consent:mkt_sms/sms"], "people": 1}
    ]
    level = assess(dpo, edited(ASKS_LEVEL)).result
    assert level is not None
    assert [(one["rule"], one["missing"]) for one in level["stopped"]] == [("by-age", ["facet.city"])]


def test_consents_that_end_are_counted_and_end(dpo: Caller, house: Mapping[str, uuid.UUID]) -> None:
    text = edited((("attributes", "wechat_openid", "purposes", "mkt_sms"), "optional"), (("attributes", "wechat_openid", "retention"), {"mkt_sms": "withdrawn"}))
    found = assess(dpo, text).result
    assert found is not None
    assert found["consents"] == [{"purpose": "mkt_sms", "channel": "sms", "count": 2}] and found["stale"] == 2
    drafted = regime.publish_rulebook(dpo, source=text, impact=assess(dpo, text).digest, signed_in_at=now())
    head = caller_for(person("head"), "governance")
    regime.sign_rulebook(head, version=drafted.id, impact=assess(head, text).digest, signed_in_at=now())
    regime.refresh_consents(views.importer())
    assert list(ConsentState.objects.order_by("status").values_list("status", flat=True)) == ["refused", "stale", "stale"]


def test_one_difference_fails_the_whole_counting(
    dpo: Caller, house: Mapping[str, uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    lying = askers.is_true
    monkeypatch.setattr(askers, "is_true", lambda node, frame: askers.is_false(node, frame))
    with pytest.raises(assessing.CountsDiffer):
        regime.assess_now(dpo, source=edited(OWN_ONLY))
    monkeypatch.setattr(askers, "is_true", lying)
    row = RulebookImpact.objects.create(
        sha256="0" * 64, source=edited(OWN_ONLY), base_number=1, base_sha256=parse(RETAIL).rulebook.sha256, asked_by=dpo.id
    )
    monkeypatch.setattr(askers, "is_true", lambda node, frame: askers.is_false(node, frame))
    assessing.count_impact(dpo, impact=row.id)
    row.refresh_from_db()
    assert (row.state, row.problem, row.result) == ("failed", "counts-differ", None)


def test_the_walk_takes_pieces(dpo: Caller, house: Mapping[str, uuid.UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = assess(dpo, edited(OWN_ONLY)).result
    monkeypatch.setattr(counting, "PIECE", 3)
    told: list[tuple[int, int]] = []
    view = regime.assess_now(dpo, source=edited(OWN_ONLY), progress=lambda done, total: told.append((done, total)))
    assert view.result is not None and whole is not None
    assert {**view.result, "counted_at": ""} == {**whole, "counted_at": ""}
    assert told == [(3, 8), (6, 8), (8, 8)]


def test_what_stops_elsewhere_is_asked_of_every_room(dpo: Caller, house: Mapping[str, uuid.UUID]) -> None:
    """A narrower mask is sealed again in the background: the vault says over how many records."""
    text = edited((("attributes", "mobile", "mask"), "hidden"))
    found = assess(dpo, text).result
    assert found is not None
    walks = [one for one in found["affected"] if one["kind"] == "vault.rebuild"]
    assert [(one["count"], one["stops"]) for one in walks] == [(9, False)]


@pytest.mark.parametrize("role", ["sales", "steward", "auditor", "system_admin"])
def test_nobody_else_counts(dpo: Caller, role: str) -> None:
    with pytest.raises(NotPermitted):
        counting.groups(caller_for(person(role), "governance"), [], 0)
    before = RulebookImpact.objects.count()
    with pytest.raises(NotPublisher):
        regime.assess_now(caller_for(person(role), "governance"), source=edited(OWN_ONLY))
    assert RulebookImpact.objects.count() == before


def test_the_counting_is_a_line_that_names_its_digest(
    dpo: Caller, house: Mapping[str, uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    real = evidence.note
    monkeypatch.setattr(evidence, "note", lambda caller, entry: seen.append(entry) or real(caller, entry))
    view = assess(dpo, edited(OWN_ONLY))
    assert [(one.event, one.document, one.ref) for one in seen] == [(Event.RULEBOOK_ASSESSED, view.digest, str(view.id))]


def test_a_leavers_queued_counting_counts_nothing(dpo: Caller, house: Mapping[str, uuid.UUID]) -> None:
    draft = regime.begin_draft(dpo)
    regime.edit_draft(
        dpo, draft=draft.id, path=("rules", "sales-own", "when"), value={"granted": ["owner"]},
        seen=seen_of({"granted": ["owner", "team", "record_team", "task"]}),
    )  # fmt: skip
    queued = regime.assess_draft(dpo, draft=draft.id)
    assert queued.state == "queued" and regime.assess_draft(dpo, draft=draft.id).id == queued.id
    assessing.count_impact(replace(dpo, epoch=dpo.epoch - 1), impact=queued.id)
    row = RulebookImpact.objects.get(id=queued.id)
    assert (row.state, row.problem, row.result) == ("failed", "not-publisher", None)
