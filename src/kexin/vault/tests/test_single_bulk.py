"""I6 at the door: over random rulebooks, grants, consents and states, a list shows of each person exactly what that
person's card shows, and has exactly the people who have a card."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.regime.types import EVERYONE, role_principal
from kexin.vault import queries
from kexin.vault.models import Subject
from kexin.vault.tests import views
from kexin.vault.types import SubjectNotFound
from kexin.vault.types_views import Card, Cell, Shown

COLUMNS = ("name", "mobile", "email", "address", "org_name", "city", "level", "gender", "birthday", "id_no")
PURPOSES = ("presale", "service", "mkt_sms")
CITIES, LEVELS = ("杭州市", "宁波市"), ("a", "vip")
HOUR = timedelta(hours=1)

LEAF = st.one_of(
    st.sampled_from(CITIES).map(lambda city: {"eq": ["facet.city", city]}),
    st.sampled_from(LEVELS).map(lambda level: {"ne": ["facet.level", level]}),
    st.lists(st.sampled_from(["minor", "under14", "adult"]), min_size=1, max_size=2).map(lambda ages: {"in": ["subject.age_status", ages]}),
    st.booleans().map(lambda unproven: {"eq": ["subject.unproven", unproven]}),
    st.sampled_from(["facet.level", "facet.gender"]).map(lambda fact: {"is_set": fact}),
    st.lists(st.sampled_from(["owner", "team", "approval"]), min_size=1, max_size=2).map(lambda names: {"granted": names}),
    *[st.sampled_from([["$purpose", "$channel"], ["mkt_sms", "sms"], ["service"]]).map(lambda one: {"has_consent": one})] * 3,
    st.sampled_from([["active"], ["frozen"]]).map(lambda names: {"state_is": names}),
)  # fmt: skip
CONDITION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)
_SOME = {"roles": ["sales"], "purposes": list(PURPOSES)}


@st.composite
def rule(draw: Any, *, number: int, permit: bool) -> dict[str, Any]:
    """A rule as the rulebook's text has it."""
    actions = draw(st.sampled_from([["read"], ["read"], ["read", "contact"], ["contact"]]))
    made: dict[str, Any] = {
        "id": f"r{number}", "effect": "permit" if permit else "forbid", "label": {"zh": "测试", "en": "Test"}, "actions": actions,
    }  # fmt: skip
    if permit:
        made |= {**_SOME, "grade_max": draw(st.sampled_from([2, 3, 4]))}
        made["purposes"] = draw(st.sampled_from([list(PURPOSES), list(PURPOSES), ["presale"]]))
        made["show"] = draw(st.sampled_from(["full", "full", "masked"]))
        made["obligations"] = draw(st.sampled_from([["log"], ["log"], ["log", "reason"], ["approve"]]))
    if draw(st.booleans()):
        made["attributes"] = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=4, unique=True))
    if not permit or draw(st.booleans()):
        made["when"] = draw(CONDITION)
    return made


@st.composite
def rules(draw: Any) -> list[dict[str, Any]]:
    """A wide permit, so that there is something to take away, and up to four permits and forbids of any kind."""
    wide = draw(rule(number=0, permit=True))
    wide |= {"actions": draw(st.sampled_from([["read"], ["read", "contact"]])), "grade_max": 3, "purposes": list(PURPOSES), "obligations": ["log"]}
    wide.pop("attributes", None)
    kinds = draw(st.lists(st.sampled_from([True, False]), max_size=4))
    return [wide, *(draw(rule(number=number, permit=permit)) for number, permit in enumerate(kinds, start=1))]


INSTANT = st.sampled_from([None, None, HOUR, -HOUR])
PERSON = st.fixed_dictionaries(
    {
        "state": st.sampled_from([*["active"] * 6, "frozen", "binned"]),
        "age_status": st.sampled_from(["adult", "adult", "minor", "under14", "unknown"]),
        "unproven": st.booleans(),
        "facets": st.fixed_dictionaries(
            {}, optional={"city": st.sampled_from(CITIES), "level": st.sampled_from(LEVELS), "gender": st.just("f")}
        ),
        "contacted": st.booleans(),
        "grants": st.lists(
            st.tuples(
                st.sampled_from(["me", "me", "post", "everyone", "stranger"]),
                st.sampled_from(["owner", "team", "approval"]),
                st.sampled_from(["", "", "service"]),
                INSTANT,
            ),
            max_size=2,
        ),
        "consents": st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                [("mkt_sms", "sms"), ("mkt_sms", "call"), ("service", ""), ("service", "sms")],
                st.tuples(st.sampled_from(["given", "given", "refused", "withdrawn"]), INSTANT),
            ),
        ),
    }
)


@cache
def frame() -> tuple[str, str]:
    """The retail rulebook before and after its rules."""
    text = resources.files("kexin.regime.data").joinpath("retail.yaml").read_text(encoding="utf-8")
    before, _rules, rest = text.partition("\nrules:\n")
    return f"{before}\nrules:\n", rest[rest.index("\nrecipients:\n") :]


def in_force(made: Sequence[dict[str, Any]]) -> None:
    before, after = frame()
    lines = "".join(f"  - {json.dumps(one, ensure_ascii=False)}\n" for one in made)
    views.put_in_force(f"{before}{lines}{after}".encode())


def settle(me: Caller, subject: uuid.UUID, facts: dict[str, Any]) -> None:
    """Bring one person into this state, with these grants and consents and no others."""
    now = clock.now()
    Subject.objects.filter(id=subject).update(
        state="active" if facts["state"] == "binned" else facts["state"],
        discarded_at=now if facts["state"] == "binned" else None,
        age_status=facts["age_status"], unproven=facts["unproven"], facets=facts["facets"],
        contact_at=now if facts["contacted"] else None,
    )  # fmt: skip
    who = {"me": me.id, "post": role_principal("sales"), "everyone": EVERYONE, "stranger": uuid.UUID(int=9)}
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM regime_grant WHERE subject_id = %s", [subject])
        cursor.execute("DELETE FROM regime_consentstate WHERE subject_id = %s", [subject])
        for number, (principal, relation, purpose, until) in enumerate(facts["grants"]):
            cursor.execute(
                "INSERT INTO regime_grant (id, subject_id, principal_id, relation, purpose, ref, until, granted_by,"
                " granted_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [uuid.uuid4(), subject, who[principal], relation, purpose, str(number), _at(now, until), me.id, now],
            )
        for (purpose, channel), (status, until) in facts["consents"].items():
            cursor.execute(
                "INSERT INTO regime_consentstate (subject_id, purpose, channel, status, kind, valid_until,"
                " scope_sha256, record_id, event_seq, at) VALUES (%s, %s, %s, %s, 'explicit', %s, '', %s, 1, %s)",
                [subject, purpose, channel, status, _at(now, until), uuid.uuid4(), now],
            )


def _at(now: datetime, until: timedelta | None) -> datetime | None:
    return now + until if until is not None else None


def told(cell: Cell) -> tuple[Shown, str, bool, bool]:
    """What a cell says of a value: how it is shown, what, and whether it may be opened and used."""
    return cell.shown, cell.text, cell.reveal, cell.contact


def card_of(me: Caller, subject: uuid.UUID) -> Card | None:
    try:
        card = queries.card(me, subject=subject, columns=COLUMNS, history=False)
    except SubjectNotFound:
        return None
    return None if card.gone else card


def compare(me: Caller, people: Sequence[uuid.UUID], seen: Counter[str]) -> None:
    """A page, and each card beside it."""
    page = queries.page(me, columns=COLUMNS)
    rows = {row.id: row for row in page.rows}
    assert not page.unavailable and rows.keys() <= set(people)
    for subject in people:
        card = card_of(me, subject)
        assert (card is not None) == (subject in rows), "a row is there exactly when the card is"
        seen["there" if card else "absent"] += 1
        for key in COLUMNS if card else ():
            single, bulk = told(card.cells[key]), told(rows[subject].cells[key])  # type: ignore[union-attr]
            assert single == bulk, f"{key}: the card says {single}, the list {bulk}"
            seen[single[0].value] += 1
            seen["to open"] += single[2]
            seen["to use"] += single[3]


def same_at_every_door(examples: int, *, short: bool) -> Counter[str]:
    """Run the comparison so often; answers with what it met. The short form meets the same examples each time and shows
    the first difference as it is; the long one makes it small."""
    views.put_in_force()
    me = views.sales()
    people = [views.customer(None, email=f"c{number}@example.cn", address="杭州市余杭区文一西路 9 号") for number in range(5)]
    people.append(views.customer(None, kind="organisation", org_name="杭州万象软装有限公司"))
    seen: Counter[str] = Counter()

    @settings(
        max_examples=examples, derandomize=short, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate] if short else [Phase.generate, Phase.shrink],
    )  # fmt: skip
    @given(rules(), st.lists(PERSON, min_size=len(people), max_size=len(people)), st.sampled_from(PURPOSES))
    def every_example(made: list[dict[str, Any]], facts: list[dict[str, Any]], purpose: str) -> None:
        with transaction.atomic():
            in_force(made)
            for subject, own in zip(people, facts, strict=True):
                settle(me, subject, own)
            compare(me.under(purpose), people, seen)

    every_example()
    return seen


def not_vacuous(seen: Counter[str], least: int) -> None:
    """Degeneracy guard: people there and absent, every way of showing a value, values to open and to use."""
    kinds = ("there", "absent", *(one.value for one in Shown if one is not Shown.UNAVAILABLE), "to open", "to use")
    assert all(seen[kind] >= least for kind in kinds), seen


def test_a_list_shows_what_each_card_shows() -> None:
    not_vacuous(same_at_every_door(40, short=True), 20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_list_shows_what_each_card_shows_over_many_rulebooks() -> None:
    not_vacuous(same_at_every_door(1_500, short=False), 300)
