"""Questions under pressure: no line no key, the keyring away, a damaged envelope, scopes, features, the planner."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from kexin.foundation.problems import Problem
from kexin.regime import operations as regime
from kexin.regime.types import Action
from kexin.vault import keys, queries
from kexin.vault.models import Sealed
from kexin.vault.queries.scope import Scope
from kexin.vault.tests import views
from kexin.vault.types import KeyringDown
from kexin.vault.types_views import (
    Filter,
    Page,
    Shown,
)


@pytest.fixture(autouse=True)
def company(db: None) -> None:
    views.put_in_force()


def ids(page: Page) -> set[uuid.UUID]:
    return {row.id for row in page.rows}


# --- the order of evidence and keys ---------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["page", "card", "match"])
def test_nothing_is_opened_when_the_line_cannot_be_written(
    question: str, fetched: list[Any], ledger_down: Callable[[], type[Exception]]
) -> None:
    me = views.sales()
    one = views.customer(me)
    fetched.clear()
    down = ledger_down()
    ask = {
        "page": lambda: queries.page(me, columns=["name"]),
        "card": lambda: queries.card(me, subject=one),
        "match": lambda: queries.match(me, term="陈雨桐"),
    }
    with pytest.raises(down):
        ask[question]()
    assert fetched == []


def test_without_the_keyring_lists_stand_and_cells_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    me = views.sales()
    views.customer(me, city="杭州市")

    def down(refs: Any) -> Any:
        raise KeyringDown

    monkeypatch.setattr(keys, "fetch", down)
    page = queries.page(me, columns=["name", "city"])
    assert page.unavailable
    assert page.rows[0].cells["name"].shown is Shown.UNAVAILABLE
    assert page.rows[0].cells["city"].text == "杭州市"


def test_one_damaged_envelope_closes_its_own_row() -> None:
    me = views.sales()
    broken, whole = views.customer(me), views.customer(me)
    row = Sealed.objects.get(subject_id=broken, entity="display")
    damaged = bytes(row.ct)[:-1] + bytes([bytes(row.ct)[-1] ^ 1])
    Sealed.objects.filter(subject_id=broken, entity="display").update(ct=damaged)
    cells = {row.id: row.cells["name"] for row in queries.page(me, columns=["name"]).rows}
    assert cells[broken].shown is Shown.UNAVAILABLE and cells[whole].text == "陈雨桐"


# --- scopes and features --------------------------------------------------------------------------------------------


def test_a_scope_is_made_for_a_caller_and_joins() -> None:
    me = views.sales()
    one = views.customer(me)
    views.customer(None)
    made = queries.scope(me, filters=[Filter(field="relation", value="own")])
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM vault_subject x WHERE x.id IN ({made.sql})", made.params)
        assert cursor.fetchone()[0] == 1
    with pytest.raises(TypeError):
        Scope(object(), caller=me, action=Action.READ, sql="SELECT 1", params=())
    with pytest.raises(TypeError):
        queries.scope(None)  # type: ignore[arg-type]  # that is the point
    regime.end_grant(views.importer(), subject=one, principal=me.id, relation="owner")
    again = queries.scope(me, filters=[Filter(field="relation", value="own")])
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM vault_subject x WHERE x.id IN ({again.sql})", again.params)
        assert cursor.fetchone()[0] == 0


def test_features_are_pseudonyms_in_groups_of_five() -> None:
    firm = {"kind": "organisation", "name": "周凯", "org_name": "杭州万象软装有限公司"}
    for city in ["杭州市"] * 5 + ["宁波市"] * 2:
        views.customer(None, **firm, city=city)
    analyst = views.sales("analytics", role="analyst")
    first, second = (queries.features(analyst, columns=["city"]) for _run in range(2))
    assert {row.values["city"] for row in first.rows} <= {"杭州市"}
    assert len(first.rows) == 5 and first.withheld == 2
    assert {row.pseudonym for row in first.rows}.isdisjoint(row.pseudonym for row in second.rows)
    with pytest.raises(Problem):
        queries.features(analyst, columns=["name"])


def test_the_planner_counts_without_opening(fetched: list[Any]) -> None:
    me = views.sales()
    for _number in range(3):
        views.customer(me)
    fetched.clear()
    plan = queries.index_plan()
    reports = {one.index: one for one in plan.indexes}
    assert reports["mobile:exact"].distinct == 3 and reports["mobile:exact"].labelled == 0
    assert reports["name:gram"].rows == 3
    assert fetched == []
