"""Lists, scopes, searches, cards: decided, evidenced, bounded."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from kexin.foundation.problems import Problem
from kexin.regime import queries as rules
from kexin.regime.types import Action, Context
from kexin.vault import envelopes, keys, queries
from kexin.vault import operations as vault
from kexin.vault.models import Sealed, Subject, TokenGram
from kexin.vault.queries import rows as governed_rows
from kexin.vault.queries.asking import EXECUTED
from kexin.vault.queries.opening import PlanMismatch
from kexin.vault.tests import views
from kexin.vault.types import SubjectNotFound
from kexin.vault.types_views import (
    AttributeRefused,
    BadCursor,
    Filter,
    Page,
    Shown,
    Sort,
    UnknownAttribute,
)


@pytest.fixture(autouse=True)
def company(db: None) -> None:
    views.put_in_force()


def ids(page: Page) -> set[uuid.UUID]:
    return {row.id for row in page.rows}


# --- lists ----------------------------------------------------------------------------------------------------------


def test_own_customers_by_name_others_masked_and_one_line_for_the_page(lines: list[Any]) -> None:
    me, other = views.sales(), views.sales()
    mine, theirs = (
        views.customer(me, mobile="13812345678"),
        views.customer(other, name="欧阳雨桐", mobile="13987654321"),
    )
    page = queries.page(me, columns=["name", "mobile"])
    cells = {row.id: row.cells for row in page.rows}
    assert (cells[mine]["name"].shown, cells[mine]["name"].text) == (Shown.FULL, "陈雨桐")
    assert (cells[mine]["mobile"].text, cells[mine]["mobile"].reveal, cells[mine]["mobile"].contact) == (
        "138****5678",
        True,
        True,
    )
    assert (cells[theirs]["name"].shown, cells[theirs]["name"].text) == (Shown.MASKED, "欧阳**")
    assert (cells[theirs]["mobile"].text, cells[theirs]["mobile"].reveal, cells[theirs]["mobile"].contact) == (
        "139****4321",
        False,
        False,
    )
    assert {row.relation for row in page.rows} == {"own", "foreign"}
    listed = [line for line in lines if line.event == "customer.listed"]
    assert len(listed) == 1
    assert listed[0].count == 2 and len(listed[0].audit_ids) == 2 and listed[0].relation == "foreign"


def test_a_page_costs_the_same_whatever_its_length() -> None:
    me = views.sales()
    for _number in range(3):
        views.customer(me)
    queries.page(me, columns=["name", "mobile", "city"])

    def cost() -> Counter[str]:
        counted: Counter[str] = Counter()
        captures = {alias: CaptureQueriesContext(connections[alias]) for alias in ("default", "evidence", "keyring")}
        for capture in captures.values():
            capture.__enter__()
        queries.page(me, columns=["name", "mobile", "city"])
        for alias, capture in captures.items():
            capture.__exit__(None, None, None)
            counted[alias] = len(capture)
        return counted

    few = cost()
    for _number in range(25):
        views.customer(me)
    assert cost() == few
    assert few["keyring"] == 1, "one question to the keyring per page"
    assert few["evidence"] <= 2
    assert sum(few.values()) <= 14


def test_pages_follow_each_other_without_gaps_in_every_order() -> None:
    me = views.sales()
    everyone = {views.customer(me, name=name, city=city) for name, city in
                zip(["赵一鸣", "钱二宝", "孙三丰", "李四光", "周五岳", "单田芳"], ["杭州市", "宁波市", "", "杭州市", "绍兴市", "宁波市"], strict=True)}  # fmt: skip
    for sort in (
        None,
        Sort(field="contact_at"),
        Sort(field="city", descending=False),
        Sort(field="number"),
        Sort(field="pinyin"),
    ):
        seen: list[uuid.UUID] = []
        cursor = None
        for _page in range(10):
            page = queries.page(me, columns=["name"], sort=sort, cursor=cursor, size=2)
            seen += [row.id for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(everyone) and set(seen) == everyone, sort
    named = queries.page(me, columns=["name"], sort=Sort(field="pinyin", descending=False))
    assert [row.cells["name"].text for row in named.rows] == [
        "李四光",
        "钱二宝",
        "单田芳",
        "孙三丰",
        "赵一鸣",
        "周五岳",
    ]


@pytest.mark.bad_input(31)
def test_page_marks_are_bound_to_asker_purpose_and_question() -> None:
    me, other = views.sales(), views.sales()
    for _number in range(3):
        views.customer(me)
    mark = queries.page(me, columns=["name"], size=1).next_cursor
    assert mark
    body, _dot, mac = mark.partition(".")
    forged = [mark[:-1] + ("0" if mark[-1] != "0" else "1"), body, f"{body[:-2]}AA.{mac}", "", "x" * 5000, "é.1", "."]
    for broken in [one for one in forged if one]:
        with pytest.raises(BadCursor):
            queries.page(me, columns=["name"], size=1, cursor=broken)
    with pytest.raises(BadCursor):
        queries.page(other, columns=["name"], size=1, cursor=mark)
    with pytest.raises(BadCursor):
        queries.page(me.under("service"), columns=["name"], size=1, cursor=mark)
    with pytest.raises(BadCursor):
        queries.page(me, columns=["name", "mobile"], size=1, cursor=mark)
    with pytest.raises(BadCursor):
        queries.match(me, term="陈雨", cursor=mark)


def test_filters_over_facets_states_and_relations() -> None:
    me = views.sales()
    hangzhou, ningbo = views.customer(me, city="杭州市"), views.customer(None, city="宁波市")
    assert ids(queries.page(me, columns=[], filters=[Filter(field="city", value="杭州市")])) == {hangzhou}
    assert ids(queries.page(me, columns=[], filters=[Filter(field="city", op="in", value=["杭州市", "宁波市"])])) == {
        hangzhou,
        ningbo,
    }
    assert ids(queries.page(me, columns=[], filters=[Filter(field="relation", value="own")])) == {hangzhou}
    assert ids(queries.page(me, columns=[], filters=[Filter(field="created_at", op="lt", value="2020-01-01")])) == set()
    assert ids(queries.page(me, columns=[], filters=[Filter(field="city", op="in", value=[])])) == set()
    counts = queries.facet_counts(me, fields=["city", "kind"])
    assert {(one.value, one.count) for one in counts["city"]} == {("杭州市", 1), ("宁波市", 1)}
    assert queries.count(me).count == 2


def test_a_sealed_value_is_filtered_by_its_token() -> None:
    me = views.sales()
    one = views.customer(me, mobile="13711112222")
    views.customer(me)
    assert ids(queries.page(me, columns=[], filters=[Filter(field="mobile", value="137 1111 2222")])) == {one}
    with pytest.raises(UnknownAttribute):
        queries.page(me, columns=[], filters=[Filter(field="mobile", op="gt", value="13711112222")])


@pytest.mark.parametrize("bad", [
    Filter(field="nope", value="x"), Filter(field="city", op="like", value="%"), Filter(field="city", value={"a": 1}),
    Filter(field="state", value="erased"), Filter(field="kind", value="'; DROP TABLE"), Filter(field="city", value="a\x00b"),
    Filter(field="city", value="\ud800"), Filter(field="created_at", op="gt", value="0000-00-00"), Filter(field="unproven", value="false"),
    Filter(field="created_at", op="gt", value=1e300), Filter(field="owner", value="1 OR 1"), Filter(field="number", value="²"),
    Filter(field="a__b__c", value="x"), Filter(field="s.id", value="x"), Filter(field="city", op="in", value=["x"] * 500),
])  # fmt: skip
def test_filters_that_cannot_be_asked_are_refused_in_words(bad: Filter) -> None:
    with pytest.raises(Problem) as refusal:
        queries.page(views.sales(), columns=["name"], filters=[bad])
    assert refusal.value.status < 500


@pytest.mark.bad_input(31)
@pytest.mark.parametrize("size", [0, -1, 51, 10**9, True, "5", 2.5])
def test_sizes_are_bounded(size: Any) -> None:
    with pytest.raises(Problem):
        queries.page(views.sales(), columns=["name"], size=size)


@pytest.mark.bad_input(32)
@pytest.mark.parametrize("field", ["password", "a__b", "?", "-created_at", "\x00", "name'", "mobile", "_connector"])
def test_orders_that_no_list_has_are_refused(field: str) -> None:
    with pytest.raises(Problem):
        queries.page(views.sales(), columns=["name"], sort=Sort(field=field))


# --- oracles --------------------------------------------------------------------------------------------------------


@pytest.mark.bad_input(33)
@pytest.mark.parametrize("attribute", ["birthday", "id_no", "gender", "wechat_openid"])
def test_what_a_purpose_does_not_need_cannot_be_read_through_the_query(attribute: str) -> None:
    """Filter, sort, group, count and search on an attribute that may not be read: refused by name, and the answer is the
    same whether or not somebody would match."""
    me = views.sales()
    answers = []
    for exists in (False, True):
        if exists:
            views.customer(me, name="赵某某")
        attempts = (
            lambda: queries.page(me, columns=["name"], filters=[Filter(field=attribute, value="f")]),
            lambda: queries.page(me, columns=["name"], sort=Sort(field=attribute)),
            lambda: queries.facet_counts(me, fields=[attribute]),
            lambda: queries.count(me, filters=[Filter(field=attribute, value="f")]),
            lambda: queries.scope(me, filters=[Filter(field=attribute, value="f")]),
        )
        for attempt in attempts:
            with pytest.raises(AttributeRefused) as refusal:
                attempt()
            answers.append(str(refusal.value.document()))
    assert answers[:5] == answers[5:]
    assert queries.page(me, columns=[attribute]).rows[0].cells[attribute].shown is Shown.DENIED


def test_search_without_the_right_to_search_is_refused_whether_or_not_anybody_is_there(lines: list[Any]) -> None:
    analyst = views.sales("analytics", role="analyst")
    before = _refusal(analyst, "13812345678")
    views.customer(None, mobile="13812345678")
    assert _refusal(analyst, "13812345678") == before
    assert [line.event for line in lines].count("access.denied") == 2


def _refusal(caller: Any, term: str) -> str:
    with pytest.raises(AttributeRefused) as refusal:
        queries.match(caller, term=term)
    return str(refusal.value.document())


# --- single = bulk --------------------------------------------------------------------------------------------------


def test_every_cell_of_a_page_is_what_a_single_decision_says() -> None:
    """Roles × purposes × people of every state, age, relation and proof (I6), with a guard against vacuous passes."""
    owner = views.sales()
    askers = [owner, owner.under("service"), views.sales(), views.sales("service", role="agent"), views.sales("audit", role="auditor"),
              views.sales("quality", role="steward"), views.sales("invoice", role="finance"), views.sales("mkt_sms", role="marketer")]  # fmt: skip
    for age in ("adult", "minor", "under14", "unknown"):
        for source in (views.SOURCE, views.UNPROVEN):
            for held in (owner, None):
                views.customer(held, age_status=age, source=source, city="杭州市")
    frozen = views.customer(owner)
    Subject.objects.filter(id=frozen).update(state="frozen")
    outcomes: Counter[str] = Counter()
    for asker in askers:
        bundle, columns = rules.bundle(), list(rules.bundle().attributes)[:40]
        page = queries.page(asker, columns=columns)
        context = Context(can_execute=EXECUTED)
        standing = rules.subject_facts(asker, [row.id for row in page.rows])
        rows = {row.id: row for row in page.rows}
        for subject in Subject.objects.filter(visible=True):
            facts = _facts(subject, standing.get(subject.id) or rules.subject_facts(asker, [subject.id])[subject.id])
            single = rules.decide(
                asker, action=Action.READ, subject=facts, attributes=bundle.attributes, context=context
            )
            assert (subject.id in rows) is not single.nothing, "a row is there exactly when something may be read"
            for key in columns if subject.id in rows else ():
                cell = rows[subject.id].cells[key]
                outcomes[single[key].outcome.value] += 1
                assert (cell.shown is Shown.DENIED) is single.denied(key)
                assert not cell.reveal or single.allowed(key)
                assert cell.shown is not Shown.FULL or single.allowed(key)
    assert min(outcomes[one] for one in ("allow", "mask", "deny")) > 50


def _facts(subject: Subject, standing: Any) -> Any:
    raw = governed_rows.Raw(
        subject.id, subject.number, subject.kind, subject.state, subject.age_status, subject.unproven, subject.facets,
        subject.contact_at, subject.created_at, subject.audit_id,
    )  # fmt: skip
    return raw.facts(standing)


def test_a_bulk_answer_that_a_single_decision_sees_differently_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    me = views.sales()
    views.customer(None)
    real = governed_rows._raw

    def widened(columns: Any, row: Any) -> Any:
        raw = real(columns, row)
        object.__setattr__(raw, "read", dict.fromkeys(raw.read, "allow"))
        return raw

    monkeypatch.setattr(governed_rows, "_raw", widened)
    with pytest.raises(PlanMismatch):
        queries.page(me, columns=["name", "mobile"])


# --- erasure, freezing, doubt ---------------------------------------------------------------------------------------


def _erased(subject: uuid.UUID) -> None:
    """What an erasure leaves: keys burned, tokens and envelopes gone, an empty place."""
    keys.burn(subject)
    Subject.objects.filter(id=subject).update(state="erased", audit_id=None, facets={})
    Sealed.objects.filter(subject_id=subject).delete()


def test_somebody_erased_between_two_pages_is_not_on_the_second() -> None:
    me = views.sales()
    people = [views.customer(me) for _number in range(4)]
    first = queries.page(me, columns=["name"], size=2)
    _erased(people[0])
    second = queries.page(me, columns=["name"], size=2, cursor=first.next_cursor)
    assert ids(first) | ids(second) == set(people[1:])


def test_keys_burned_while_a_list_is_drawn_make_it_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    me = views.sales()
    gone, stays = views.customer(me), views.customer(me)
    real, burned = envelopes.open_all, []

    def late(loaded: Any, **options: Any) -> Any:
        if not burned:
            burned.append(1)
            _erased(gone)
        return real(loaded, **options)

    monkeypatch.setattr(envelopes, "open_all", late)
    assert ids(queries.page(me, columns=["name"])) == {stays}


def test_an_erased_person_is_not_found_and_the_card_says_so() -> None:
    me = views.sales()
    one = views.customer(me, name="陈雨桐", mobile="13812345678")
    _erased(one)
    for term in ("13812345678", "陈雨桐", "chenyutong", "陈5678"):
        assert not queries.match(me, term=term).rows
    gone = queries.card(me, subject=one)
    assert gone.gone and not gone.cells and gone.number.startswith("K-")


def test_after_a_real_deletion_nothing_finds_or_opens_the_person() -> None:
    me, steward = views.sales(), views.sales("rights", role="steward")
    one = views.customer(
        me, name="陈雨桐", mobile="13812345678", address="浙江省杭州市余杭区文一西路 969 号", city="杭州市"
    )
    erasing = vault.erase(steward, subject=one)
    assert not queries.match(me, term="陈雨桐").rows, "from the first mark on"
    vault.continue_erasure(steward, erasure=erasing.id)
    for term in ("13812345678", "陈雨桐", "chenyutong", "cyt", "陈5678", "文一西路969号"):
        assert not queries.match(me, term=term).rows
    assert not TokenGram.objects.filter(subject_id=one).exists()
    assert queries.card(me, subject=one).gone
    assert queries.count(me).count == 0


def test_a_card_is_masked_evidenced_and_absent_looks_like_forbidden(lines: list[Any]) -> None:
    me = views.sales()
    one = views.customer(me, mobile="13812345678", city="杭州市")
    card = queries.card(me, subject=one)
    assert card.cells["mobile"].text == "138****5678" and card.cells["city"].text == "杭州市"
    assert card.sources[0].source == "西溪店到店登记表" and card.relation == "own"
    assert [line.event for line in lines] == ["customer.opened"]
    absent = _not_found(me, uuid.uuid4())
    assert _not_found(views.sales("governance", role="head"), one) == absent


def _not_found(caller: Any, subject: uuid.UUID) -> str:
    with pytest.raises(SubjectNotFound) as refusal:
        queries.card(caller, subject=subject)
    return str(refusal.value.document())


def test_why_has_seven_lines_and_says_when_nobody_knows() -> None:
    me = views.sales()
    known, unknown = views.customer(me), views.customer(me, source=views.UNPROVEN)
    answer = queries.why(me, subject=known, attribute="mobile")
    assert answer.sources[0].source == "西溪店到店登记表" and answer.basis == "contract_if_asked" and answer.article
    assert answer.kept_until and answer.kept_because == "presale" and answer.seen_people == 0
    assert {one.purpose: one.status for one in answer.purposes}["mkt_sms"] == "never_asked"
    assert queries.why(me, subject=unknown, attribute="mobile").basis == "unproven"
    with pytest.raises(AttributeRefused):
        queries.why(me, subject=known, attribute="birthday")
