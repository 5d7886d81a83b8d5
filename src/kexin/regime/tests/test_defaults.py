"""The rulebooks that ship with the product: clean, complete, alike where they must be, and what each decides."""

from __future__ import annotations

import re
import uuid
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from kexin.people.types import Role
from kexin.regime import facts, queries
from kexin.regime.rulebook import RulebookInvalid, assessed, parse
from kexin.regime.rulebook.check import check, errors
from kexin.regime.rulebook.defaults import BUILTIN, default
from kexin.regime.rulebook.reading import days
from kexin.regime.rules import assessment as rules
from kexin.regime.rules.bundle import compile_bundle
from kexin.regime.rules.decision import decide
from kexin.regime.tests import citations
from kexin.regime.tests.outcomes import OUTCOMES, SUBJECTS
from kexin.regime.types import (
    Action,
    Actor,
    Bundle,
    Context,
    DefaultRulebook,
    Effect,
    ObligationKind,
    Outcome,
    Reason,
    Rulebook,
)

pytestmark = pytest.mark.no_db

KEYS = [one.key for one in BUILTIN]
EVERYTHING = Context(can_execute=frozenset(kind.value for kind in ObligationKind))


@cache
def book(key: str) -> Rulebook:
    return parse(default(key).source).rulebook


@cache
def bundle(key: str) -> Bundle:
    return compile_bundle(book(key), version=1)


def answer(key: str, role: str, purpose: str, action: Action, attribute: str, subject: str) -> Outcome:
    who = Actor(id=uuid.uuid4(), roles=frozenset({role}), purpose=purpose)
    decision = decide(
        bundle(key), who, action=action, subject=SUBJECTS[subject], attributes=[attribute], context=EVERYTHING
    )
    return decision[attribute].outcome


@pytest.mark.parametrize("key", KEYS)
def test_a_default_is_clean(key: str) -> None:
    """Only what is true of every unsigned one is said: the drafts are drafts, the company is the sample."""
    found = check(parse(default(key).source))
    assert {finding.code for finding in found} == {"pia_draft", "sample_company"}
    assert {finding.level for finding in found} == {"note"}


@pytest.mark.parametrize("key", KEYS)
def test_every_fact_has_its_sql_and_every_post_exists(key: str) -> None:
    assert facts.unregistered(bundle(key)) == ()
    known = {role.value for role in Role}
    assert {role for role, one in book(key).roles.items() if one.kind != "service"} <= known
    for role in book(key).roles.values():
        assert set(role.purposes) <= set(book(key).purposes) and role.label["en"]


def test_the_door_lists_them_with_label_audience_and_drafts() -> None:
    found = queries.defaults()
    assert [one.key for one in found] == ["retail", "b2b", "small"]
    assert [one.size for one in found] == ["general", "general", "small"]
    for one in found:
        assert one.label["zh"] and one.label["en"] and one.for_whom["zh"] and one.for_whom["en"]
        assert one.assessments and bool(one.form) is (one.size == "small")


@pytest.mark.parametrize(("key", "role", "purpose", "action", "attribute", "subject", "outcome"), OUTCOMES)
def test_expected_outcomes(
    key: str, role: str, purpose: str, action: str, attribute: str, subject: str, outcome: str
) -> None:
    assert answer(key, role, purpose, Action(action), attribute, subject) is Outcome(outcome)


@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_shared_by_default(key: str) -> None:
    """Even somebody who agreed to everything, and whom everybody was given: sharing has no rule before chapter 5."""
    for role, one in book(key).roles.items():
        for purpose in one.purposes:
            who = Actor(id=uuid.uuid4(), roles=frozenset({role}), purpose=purpose)
            everything = decide(
                bundle(key), who, action=Action.SHARE, subject=SUBJECTS["open"], attributes=book(key).attributes,
                context=EVERYTHING,
            )  # fmt: skip
            assert everything.nothing


@pytest.mark.parametrize("key", KEYS)
def test_prohibited_purposes_do_nothing(key: str) -> None:
    prohibited = [purpose for purpose in book(key).purposes if book(key).prohibited(purpose)]
    assert {"cross_border", "ai_training"} <= set(prohibited)
    for purpose in prohibited:
        for role in book(key).roles:
            who = Actor(id=uuid.uuid4(), roles=frozenset({role}), purpose=purpose)
            for action in Action:
                no = decide(bundle(key), who, action=action, subject=SUBJECTS["open"], attributes=["name"], context=EVERYTHING)
                assert (no["name"].outcome, no["name"].reason) == (Outcome.DENY, Reason.PURPOSE_PROHIBITED)


@pytest.mark.parametrize("key", KEYS)
def test_what_is_refused_by_name_cannot_come_in(key: str) -> None:
    """No post, no purpose, no verb: writing included."""
    refused = [attribute for attribute, one in book(key).attributes.items() if not one.collect]
    assert {"face", "fingerprint", "id_photo", "beliefs", "ethnicity", "pay_auth", "track"} <= set(refused)
    for role in book(key).roles:
        for purpose in book(key).purposes:
            for action in (Action.WRITE, Action.READ, Action.ANALYSE):
                who = Actor(id=uuid.uuid4(), roles=frozenset({role}), purpose=purpose)
                assert decide(
                    bundle(key), who, action=action, subject=SUBJECTS["open"], attributes=refused, context=EVERYTHING
                ).nothing


@pytest.mark.parametrize("key", KEYS)
def test_everything_has_an_owner(key: str) -> None:
    one = book(key)
    assert {attribute.owner for attribute in one.attributes.values()} <= set(one.roles)
    assert {purpose.owner for purpose in one.purposes.values()} <= set(one.roles)


def test_a_rulebook_names_its_officer() -> None:
    for key in KEYS:
        assert book(key).company.officer_name and "@" in book(key).company.officer_email
        text = default(key).source.decode()
        without = re.sub(r"\n  officer: \{.*?\}\n", "\n", text, count=1)
        with pytest.raises(RulebookInvalid):
            parse(without.encode())


@pytest.mark.parametrize("key", KEYS)
def test_every_sensitive_item_has_its_texts_and_its_assessment(key: str) -> None:
    found = [one for one in book(key).attributes.values() if one.sensitive and one.collect]
    assert found
    for attribute in found:
        for text in (attribute.necessity, attribute.impact):
            assert text["zh"] and text["en"]
        assert attribute.grade == 4 and attribute.mask != "none"
        assert attribute.key in book(key).pias[attribute.pia].attributes


@pytest.mark.parametrize("key", KEYS)
def test_every_purpose_that_needs_an_assessment_has_one(key: str) -> None:
    """What PIPL 55 wants assessed is found by looking, and taking one away is found too."""
    needed = assessed.needed(book(key))
    assert "purposes.entrust" in needed and "attributes.bank_card" in needed
    for path in needed:
        kind, _, name = path.partition(".")
        pia = book(key).attributes[name].pia if kind == "attributes" else book(key).purposes[name].pia
        assert pia in book(key).pias, path
    text = default(key).source.decode()
    line = next(row for row in text.splitlines() if row.startswith("  entrust: {"))
    without = text.replace(line, re.sub(r"pia: \w+, ", "", line))
    assert "no_pia" in {finding.code for finding in errors(check(parse(without.encode())))}
    given = text.replace("purposes: [entrust], attributes: [name, mobile", "purposes: [service], attributes: [name, mobile", 1)
    assert "no_pia" in {finding.code for finding in errors(check(parse(given.encode())))}, "whoever receives is assessed"
    drafted = text.index("\npias:")
    narrower = text[:drafted] + text[drafted:].replace("entrust], attributes: [name", "pay], attributes: [name", 1)
    assert narrower != text
    assert "pia_gap" in {finding.code for finding in errors(check(parse(narrower.encode())))}


@pytest.mark.parametrize("key", KEYS)
def test_every_assessment_says_all_that_the_law_asks(key: str) -> None:
    """PIPL 56: lawful and necessary; effect on rights and risk; measures. The risk is that of the matrix, and what was
    signed in the rulebook says the same."""
    for draft in default(key).assessments:
        signed = book(key).pias[draft.key]
        assert draft.risk == signed.risk == rules.risk(draft.severity, draft.likelihood)
        assert draft.residual == draft.risk == "low" or rules.IMPACTS.index(draft.residual) < rules.IMPACTS.index(draft.risk)
        texts = [draft.legality, draft.sources, draft.necessity, draft.impact, draft.protection]
        texts += [right.text for right in draft.rights.values()] + [measure.text for measure in draft.measures]
        assert all(text["zh"] and text["en"] for text in texts), draft.key
        assert set(rules.DIMENSIONS) <= set(draft.rights)
        assert len(draft.measures) >= 2 and draft.scenario in rules.SCENARIOS


def test_the_matrix_is_that_of_the_standard() -> None:
    """law.md §8.1, row by row; more impact or more likelihood is never less risk."""
    assert rules.MATRIX == {
        "severe": ("medium", "high", "severe", "severe"),
        "high": ("medium", "medium", "high", "severe"),
        "medium": ("low", "low", "medium", "high"),
        "low": ("low", "low", "low", "medium"),
    }
    order = rules.IMPACTS.index
    for less, more in pairwise(rules.IMPACTS):
        assert all(order(a) <= order(b) for a, b in zip(rules.MATRIX[less], rules.MATRIX[more], strict=True))
    assert all(list(row) == sorted(row, key=order) for row in rules.MATRIX.values())


def test_the_form_of_a_small_firm_is_true_of_its_rulebook() -> None:
    small: DefaultRulebook = default("small")
    rows = {row.scenario: row for row in small.form}
    assert tuple(rows) == rules.SCENARIOS
    for row in rows.values():
        if row.applies:
            assert book("small").pias[row.pia].scenario == row.scenario
            assert all(text["zh"] and text["en"] for text in (row.lawful, row.impact, row.measures))
        else:
            assert row.reason["zh"] and row.reason["en"]
    assert {row.pia for row in rows.values() if row.applies} == set(book("small").pias)
    assert not rows["automated"].applies and book("small").prohibited("personal")
    assert not [one for one in book("small").attributes.values() if one.collect and one.category == "derived" and one.grade > 2]
    assert not rows["export"].applies and book("small").prohibited("cross_border")
    assert not rows["major_impact"].applies and not book("small").attributes["call_record"].collect


@pytest.mark.parametrize("key", KEYS)
def test_marketing_is_one_purpose_for_each_channel(key: str) -> None:
    found = [one for name, one in book(key).purposes.items() if name.startswith("mkt_")]
    assert len({one.channel for one in found}) == len(found) >= 3
    assert all(one.needs_consent and not one.necessary and one.consent_valid for one in found)


def test_the_catalogue_names_what_the_law_names() -> None:
    """侵害消费者权益行为处罚办法 11: name, sex, occupation, birth date, document number, address, contact, income and
    property, health, consumption. Each is catalogued, or refused by name."""
    named = ["name", "gender", "job_title", "birthday", "id_no", "address", "mobile", "income", "balance", "health", "order_total"]
    assert set(named) <= set(book("retail").attributes)
    assert not book("retail").attributes["income"].collect


@pytest.mark.parametrize("key", KEYS)
def test_terms_of_the_law_are_kept(key: str) -> None:
    """电子商务法 31: three years from completion; 税收征收管理法实施细则 29: ten years; 发票管理办法 28: five. Sensitive extras
    of an order are no record of it and go at its completion."""
    for attribute in book(key).attributes.values():
        if not attribute.collect:
            continue
        if "order" in attribute.purposes and not attribute.sensitive and attribute.personal:
            kept = attribute.retention["order"]
            assert days(kept.keep) >= days("P3Y") and kept.start in ("completion", "year_end"), attribute.key
        if "invoice" in attribute.purposes:
            assert days(attribute.retention["invoice"].keep) >= days("P10Y"), attribute.key
        if "presale" in attribute.purposes and attribute.personal:
            assert days(attribute.retention["presale"].keep) <= days("P12M"), attribute.key
        for purpose, kept in attribute.retention.items():
            if purpose.startswith("mkt_"):
                assert (kept.start, kept.keep) == ("withdrawal", "P0D")


#: Where a shipped rulebook means otherwise than retail, and why.
OTHERWISE = {
    ("b2b", "purposes.contract_b2b"): "the basis is explained: a contact is no party to the contract",
    ("b2b", "purposes.order"): "consignees of a client are no party either",
    ("b2b", "purposes.service"): "as above",
    ("small", "purposes.personal"): "a small firm makes no profiles",
    ("small", "purposes.share_partner"): "a small firm gives nothing to other processors",
    ("b2b", "attributes.health"): "refused by name",
    ("b2b", "attributes.child_info"): "refused by name",
    ("small", "attributes.id_no"): "refused by name",
    ("small", "attributes.passport_no"): "refused by name",
    ("small", "attributes.health"): "refused by name",
    ("small", "attributes.child_info"): "refused by name",
    ("small", "attributes.call_record"): "refused by name",
    ("small", "attributes.visit_point"): "refused by name",
    ("small", "attributes.score"): "refused by name",
}


def _meaning(one: Any, names: str) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in names.split())


def test_what_two_rulebooks_share_means_the_same() -> None:
    """The three files repeat what they have in common (the strict parser knows no include); this keeps the copies alike."""
    differs = set()
    for key in ("b2b", "small"):
        ours, theirs = book("retail"), book(key)
        assert ours.grades == theirs.grades and ours.categories == theirs.categories and ours.reviews == theirs.reviews
        assert ours.controls == theirs.controls and ours.sharing == theirs.sharing
        attributes = "type category grade sensitive careful storage display search mask personal collect"
        for name in ours.attributes.keys() & theirs.attributes.keys():
            if _meaning(ours.attributes[name], attributes) != _meaning(theirs.attributes[name], attributes):
                differs.add((key, f"attributes.{name}"))
        purposes = "bases parent necessary accessory prohibited channel consent_kind consent_valid ends"
        for name in ours.purposes.keys() & theirs.purposes.keys():
            if _meaning(ours.purposes[name], purposes) != _meaning(theirs.purposes[name], purposes):
                differs.add((key, f"purposes.{name}"))
        mine, other = ({rule.id: rule for rule in one.rules} for one in (ours, theirs))
        assert set(mine) - {"services-open"} - set(other) <= {"consent-personal", "agent-real-name", "analyst-features", "counsel-masked", "counsel-approved", "consent-analytics"}
        for name in mine.keys() & other.keys():
            if name in ("consent-analytics",):
                continue  # sole traders are persons in b2b
            shared = "effect actions grade_min grade_max masked when obligations"
            assert _meaning(mine[name], shared) == _meaning(other[name], shared), (key, name)
            if mine[name].effect is Effect.FORBID and name not in ("never-collected", "consent-personal"):
                # A forbid may lose a purpose only with the purpose itself, and never a post.
                left = tuple(purpose for purpose in mine[name].purposes or () if purpose in theirs.purposes)
                assert (other[name].roles, other[name].purposes or ()) == (mine[name].roles, left), (key, name)
    assert differs == set(OTHERWISE) - {("b2b", "purposes.contract_b2b")}


def test_small_mode_is_small() -> None:
    """everyday.md: one signer waits 24 hours, two administrations may be one person, audit never; less is collected."""
    small, retail = book("small"), book("retail")
    assert small.profile.size == "small" and small.controls.lone_publisher_wait == "PT24H"
    apart = {key: set(one.small_apart_from) for key, one in small.roles.items()}
    assert "system_admin" not in apart["security_admin"] and "security_admin" not in apart["system_admin"]
    assert all("auditor" in apart[key] for key in ("security_admin", "system_admin", "dpo", "steward", "sales_lead"))
    assert "head" not in apart["sales_lead"] and "sales_lead" not in apart["head"]
    collected = {key for key, one in small.attributes.items() if one.collect}
    assert collected < {key for key, one in retail.attributes.items() if one.collect}
    assert set(small.roles) < set(retail.roles)
    assert {"small", "lone_publisher", "two_administrations", "forms"} <= set(small.sentences)


@pytest.mark.parametrize("key", KEYS)
def test_no_rulebook_cites_an_article_that_nobody_read(key: str) -> None:
    """What a screen shows as 依据 stands in the table of duties, verified; a law without a number claims none."""
    one = book(key)
    cited = [*(rule.article for rule in one.rules), *(purpose.article for purpose in one.purposes.values()),
             *(attribute.article for attribute in one.attributes.values()), *(recipient.article for recipient in one.recipients.values()),
             *(kept.article for attribute in one.attributes.values() for kept in attribute.retention.values())]  # fmt: skip
    assert [unread for text in cited for unread in citations.unverified(text)] == []
