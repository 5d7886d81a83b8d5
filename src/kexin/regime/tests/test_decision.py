"""The decision core: default no, forbids first, unknown never opens, duties that nobody executes deny."""

from __future__ import annotations

import time
import uuid

import pytest

from kexin.regime.rules.decision import decide
from kexin.regime.tests.rulebooks import attribute, book, retail_bundle, rule
from kexin.regime.types import Action, Actor, Bundle, Context, Decision, Outcome, Reason, SubjectFacts

pytestmark = pytest.mark.no_db

ACTIVE = SubjectFacts(kind="person", state="active", age_status="adult", unproven=False)


def ask(bundle: Bundle, *attributes: str, subject: SubjectFacts = ACTIVE, **more: object) -> Decision:
    role = more.pop("role", "sales")
    who = Actor(
        id=uuid.uuid4(), roles=frozenset({role} if role else ()), purpose=str(more.pop("purpose", "service")),
        is_current=bool(more.pop("is_current", True)),
    )  # fmt: skip
    context = Context(can_execute=frozenset(more.pop("can", ("log", "mask"))))  # type: ignore[arg-type]
    action = more.pop("action", Action.READ)
    return decide(bundle, who, action=action, subject=subject, attributes=attributes, context=context)  # type: ignore[arg-type]


def test_default_is_no() -> None:
    answer = ask(book(), "mobile")["mobile"]
    assert (answer.outcome, answer.reason) == (Outcome.DENY, Reason.NO_RULE)


def test_a_forbid_beats_every_permit_and_names_itself() -> None:
    answer = ask(book(rule("give"), rule("take", permit=False)), "mobile")["mobile"]
    assert answer.outcome is Outcome.DENY
    assert answer.rule_ids == ("take",)


def test_an_unknown_fact_neither_permits_nor_passes_a_forbid() -> None:
    unknown = {"eq": ["facet.level", "a"]}
    permit = ask(book(rule("give", when=unknown)), "mobile")["mobile"]
    forbid = ask(book(rule("give"), rule("take", permit=False, when=unknown)), "mobile")["mobile"]
    for answer in (permit, forbid):
        assert (answer.outcome, answer.reason, answer.missing) == (
            Outcome.DENY,
            Reason.MISSING_FACT,
            ("facet.level",),
        )


def test_a_consent_never_asked_for_is_named() -> None:
    bundle = book(rule("send", purposes=("sell",), when={"has_consent": ["$purpose", "$channel"]}))
    assert ask(bundle, "mobile", purpose="sell")["mobile"].missing == ("consent:sell/sms",)
    given = SubjectFacts(state="active", consents={("sell", "sms"): "given"})
    assert ask(bundle, "mobile", purpose="sell", subject=given).allowed("mobile")
    for status in ("refused", "withdrawn", "expired", "stale", "shown"):
        no = SubjectFacts(state="active", consents={("sell", "sms"): status})
        assert ask(bundle, "mobile", purpose="sell", subject=no).denied("mobile")


def test_a_permit_lasts_as_far_as_its_grade() -> None:
    decision = ask(book(rule("give", grade_max=3)), "mobile", "id_no")
    assert decision.allowed("mobile")
    assert decision.denied("id_no")


def test_full_beats_masked_and_masked_beats_nothing() -> None:
    bundle = book(rule("some", masked=True), rule("own", when={"granted": ["owner"]}))
    assert ask(bundle, "mobile").masked("mobile")
    mine = SubjectFacts(state="active", grants=frozenset({"owner"}))
    assert ask(bundle, "mobile", subject=mine).allowed("mobile")


def test_a_duty_that_nobody_executes_is_a_denial() -> None:
    bundle = book(rule("give", obligations=("log", "reason")))
    assert ask(bundle, "mobile")["mobile"].reason is Reason.OBLIGATION
    assert ask(bundle, "mobile", can=("log", "reason")).allowed("mobile")


def test_a_further_permit_with_duties_takes_nothing_away() -> None:
    bundle = book(rule("plain", obligations=("log",)), rule("strict", obligations=("log", "ticket")))
    assert ask(bundle, "mobile").allowed("mobile")


def test_the_purpose_must_be_known_bound_and_not_prohibited_by_a_parent() -> None:
    bundle = book(rule("give", purposes=("service", "law", "peeping")))
    assert ask(bundle, "mobile", purpose="")["mobile"].reason is Reason.PURPOSE_UNKNOWN
    assert ask(bundle, "mobile", purpose="x' OR 1=1\x00")["mobile"].reason is Reason.PURPOSE_UNKNOWN
    assert ask(bundle, "name", purpose="peeping")["name"].reason is Reason.PURPOSE_PROHIBITED
    assert ask(bundle, "mobile", purpose="law")["mobile"].reason is Reason.NOT_BOUND
    assert ask(bundle, "nonsense")["nonsense"].reason is Reason.ATTRIBUTE_UNKNOWN


def test_a_stale_caller_is_refused_whatever_the_rules_say() -> None:
    assert ask(book(rule("give")), "mobile", is_current=False)["mobile"].reason is Reason.CALLER_STALE


@pytest.mark.parametrize(
    ("state", "discarded", "service", "law"),
    [
        ("active", False, True, True),
        ("frozen", False, False, True),
        ("erasing", False, False, True),
        ("erased", False, False, False),
        (None, False, False, False),
        ("active", True, False, False),
        ("frozen", True, False, False),
    ],
)
def test_closed_records(state: str | None, discarded: bool, service: bool, law: bool) -> None:
    bundle = book(rule("give", purposes=("service", "law")))
    subject = SubjectFacts(state=state, discarded=discarded)
    assert ask(bundle, "name", subject=subject).allowed("name") is service
    assert ask(bundle, "name", subject=subject, purpose="law").allowed("name") is law


def test_empty_lists_give_nothing() -> None:
    assert ask(book(rule("give", attributes=())), "mobile").denied("mobile")
    assert ask(book(rule("give", roles=())), "mobile").denied("mobile")
    assert ask(book(rule("give"), rule("take", permit=False, attributes=())), "mobile").allowed("mobile")


def test_a_forbid_for_everyone_reaches_services() -> None:
    bundle = book(rule("give", roles=("svc_x",)), rule("take", permit=False, roles=("everyone",)))
    assert ask(bundle, "mobile", role="svc_x").denied("mobile")


def test_a_minor_of_the_retail_rulebook_needs_approval() -> None:
    young = SubjectFacts(kind="person", state="active", age_status="minor", unproven=False, grants=frozenset({"owner"}))
    answer = ask(retail_bundle(), "mobile", purpose="presale", subject=young)["mobile"]
    assert answer.rule_ids == ("minors",)
    assert answer.article
    unknown = SubjectFacts(
        kind="person", state="active", age_status="unknown", unproven=False, grants=frozenset({"owner"})
    )
    assert ask(retail_bundle(), "mobile", purpose="presale", subject=unknown).allowed("mobile")


def test_what_is_never_collected_is_never_answered() -> None:
    bundle = retail_bundle()
    refused = [key for key, one in bundle.attributes.items() if not one.collect]
    for role in bundle.roles:
        for purpose in bundle.purposes:
            assert ask(bundle, *refused, role=role, purpose=purpose).nothing


def test_one_decision_stays_under_fifty_microseconds() -> None:
    """Budget of regime.md; judged on the median of short runs so that a busy machine does not fail it."""
    bundle = retail_bundle()
    mine = SubjectFacts(kind="person", state="active", age_status="adult", unproven=False, grants=frozenset({"owner"}))
    who = Actor(id=uuid.uuid4(), roles=frozenset({"sales"}), purpose="presale")
    context = Context()
    taken = []
    for _ in range(3000):
        start = time.perf_counter()
        decide(bundle, who, action=Action.READ, subject=mine, attributes=("mobile",), context=context)
        taken.append(time.perf_counter() - start)
    taken.sort()
    assert taken[len(taken) // 2] < 50e-6, f"median {taken[1500] * 1e6:.1f} µs, p99 {taken[2970] * 1e6:.1f} µs"


def test_attributes_of_one_cell_share_one_answer() -> None:
    bundle = book(rule("give"), attributes=(attribute("a"), attribute("b")))
    decision = ask(bundle, "a", "b")
    assert decision["a"] is decision["b"]
    assert decision.rule_ids == ("give",)
