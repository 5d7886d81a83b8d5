"""Search: everybody is found by what people type, strangers are not, nothing typed is kept."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

import pytest

from kexin.foundation.problems import Problem
from kexin.regime import queries as rules
from kexin.vault import queries
from kexin.vault.models import Subject, TokenGram
from kexin.vault.tests import views
from kexin.vault.tests.test_search_tokens import HOSTILE
from kexin.vault.types_views import (
    Page,
    SlowDown,
)


@pytest.fixture(autouse=True)
def company(db: None) -> None:
    views.put_in_force()


def ids(page: Page) -> set[uuid.UUID]:
    return {row.id for row in page.rows}


# --- search ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("陈雨桐", ["陈雨", "雨桐", "chenyutong", "chen yu tong", "cyt", "yut", "陈5678", "陈 5678", "陈雨桐5678", "13812345678", "+86 138 1234 5678", "１３８１２３４５６７８"]),
        ("欧阳雨桐", ["欧阳", "ouyang", "oyyt", "欧阳5678", "欧 5678"]),
        ("单𠮷", ["单𠮷"]),
        ("张㛃", ["张㛃", "zhangjie"]),
        ("单田芳", ["shantian", "stf"]),
        ("曾国强", ["zengguo"]),
        ("王·阿卜杜拉·穆罕默德", ["阿卜杜拉", "杜拉•穆罕", "穆罕默德"]),
        ("张重行", ["zhangchong", "zhangzhong"]),
        ("Zoë Miller", ["zoë", unicodedata.normalize("NFD", "zoë"), "ＭＩＬＬＥＲ", "zoemiller"[3:]]),
    ],
)  # fmt: skip
def test_people_are_found(name: str, terms: list[str]) -> None:
    me = views.sales()
    one = views.customer(me, name=name, mobile="13812345678")
    views.customer(me, name="赵无关", mobile="13999990000")
    missed = [term for term in terms if ids(queries.match(me, term=term, columns=["name"])) != {one}]
    assert not missed


def test_organisations_addresses_and_numbers_are_found() -> None:
    me = views.sales()
    firm = views.customer(
        me, kind="organisation", name="周凯", org_name="杭州拾光民宿有限公司", uscc="91110000600037341L"
    )
    home = views.customer(me, address="浙江省杭州市余杭区文一西路 969 号 3 幢")
    number = Subject.objects.get(id=home).number
    for term in ("拾光民宿", "sgms", "91110000600037341l", "杭州拾光民宿有限公司"):
        assert ids(queries.match(me, term=term)) == {firm}, term
    assert ids(queries.match(me, term="文一西路969号")) == {home}
    assert ids(queries.match(me, term=f"k-{number}")) == {home}


def test_strangers_who_share_tokens_are_removed_after_opening() -> None:
    me = views.sales()
    right, stranger = views.customer(me, name="陈雨桐"), views.customer(me, name="赵无关")
    tokens = TokenGram.objects.get(subject_id=right, index="name:gram").tokens
    TokenGram.objects.filter(subject_id=stranger, index="name:gram").update(tokens=tokens)
    assert ids(queries.match(me, term="雨桐", columns=["name"])) == {right}
    assert ids(queries.match(me, term="cyt", columns=["name"])) == {right}


def test_a_bare_tail_and_a_single_character_say_what_to_type() -> None:
    me, other = views.sales(), views.sales()
    mine = views.customer(me, name="陈雨桐", mobile="13812345678")
    views.customer(other, name="陈晓明", mobile="13812345678")
    tail = queries.match(me, term="5678")
    assert not tail.rows and "尾号" in str(tail.hints[0])
    for term in ("陈", "桐", "chen"):
        single = queries.match(me, term=term, columns=["name"])
        assert ids(single) == {mine} and single.hints, term


def test_a_search_leaves_its_purpose_and_count_and_never_its_term(lines: list[Any]) -> None:
    me = views.sales()
    views.customer(me, name="陈雨桐")
    queries.match(me, term="陈雨桐", columns=["name"])
    searched = [line for line in lines if line.event == "customer.searched"]
    assert len(searched) == 1 and searched[0].count == 1
    assert "陈雨桐" not in repr(searched)


def test_searches_that_find_nobody_again_and_again_have_to_wait() -> None:
    me = views.sales()
    limit = rules.bundle().rulebook.controls.search_misses_per_hour
    for number in range(limit):
        queries.match(me, term=f"139{number:08d}")
    with pytest.raises(SlowDown) as refusal:
        queries.match(me, term="13900000000")
    assert refusal.value.status == 429
    assert queries.match(views.sales(), term="13900000000").rows == ()


@pytest.mark.parametrize("term", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_terms_meet_a_problem_or_an_answer(term: Any) -> None:
    try:
        queries.match(views.sales(), term=term, columns=["name"])
    except Problem as problem:
        assert problem.status in (400, 403, 422, 429)


def test_search_pages_go_on_where_they_stopped() -> None:
    me = views.sales()
    everyone = {views.customer(me, name=f"陈雨{char}") for char in "桐婷菲欣怡"}
    seen: list[uuid.UUID] = []
    cursor = None
    for _page in range(6):
        page = queries.match(me, term="陈雨", columns=["name"], cursor=cursor, size=2)
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(everyone) and set(seen) == everyone
