"""Questions that compare a sealed value: whoever asks "is there somebody with this number" searches, by whatever door.

A filter on a sealed attribute passes what `match` passes: the decision on `search` (the plan's gate), a place among the
misses of the hour, and a committed line `customer.searched` with whom it found.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.regime.types import Action, BulkPlan
from kexin.vault import quota
from kexin.vault.queries.asking import Asking
from kexin.vault.queries.filters import attributes_used
from kexin.vault.types_views import Filter, UnknownAttribute

#: People that one line of a count names at most.
_NAMED = 1_000


def sealed_in(asking: Asking, filters: Sequence[Filter]) -> tuple[str, ...]:
    """The sealed attributes that these filters compare."""
    return tuple(key for key in attributes_used(filters) if asking.attribute(key).storage != "facet")


@contextmanager
def comparing(asking: Asking, filters: Sequence[Filter]) -> Iterator[quota.Search]:
    """Around a question: takes a place among the misses where it compares a sealed value, and nothing otherwise."""
    if not sealed_in(asking, filters):
        yield quota.Search()
        return
    with quota.searching(asking) as search:
        yield search


def refuse_sealed(asking: Asking, filters: Sequence[Filter], *, action: Action = Action.READ) -> None:
    """For doors whose answer is counted by nobody here (a scope that another room joins, rows for analysis, a file):
    they do not compare what is sealed. The gate speaks first: who may not search by it learns that."""
    if keys := sealed_in(asking, filters):
        asking.plan(action, (), filters=keys)
        raise UnknownAttribute(_("这项信息已加密，不能这样筛选"), remedy=_("请用搜索框查询"))


def event_of(asking: Asking, filters: Sequence[Filter]) -> Event:
    """What a list under these filters is: a list, or a search."""
    return Event.CUSTOMER_SEARCHED if sealed_in(asking, filters) else Event.CUSTOMER_LISTED


def note_count(
    asking: Asking, filters: Sequence[Filter], plan: BulkPlan, condition: str, params: Sequence[Any], *, people: int
) -> None:
    """The line of a number that was narrowed by an attribute, committed before it is told: one facet alone singles out
    nobody, several together, or a sealed value, may. Whom it counted is named where a sealed value was compared. A
    number narrowed by nothing of the catalogue needs no line."""
    if not attributes_used(filters):
        return
    evidence.note_now(
        asking.caller,
        Entry(
            event=Event.CUSTOMER_SEARCHED,
            decision="allow",
            action=Action.SEARCH.value,
            rule_ids=plan.rule_ids,
            rulebook=asking.bundle.sha256,
            audit_item="A06",
            audit_ids=_who(condition, params) if people and sealed_in(asking, filters) else (),
            count=people,
        ),
    )


def _who(condition: str, params: Sequence[Any]) -> tuple[uuid.UUID, ...]:
    """Audit ids of the people counted; an exact value finds few."""
    sql = f"SELECT s.audit_id FROM vault_subject s WHERE {condition} AND s.audit_id IS NOT NULL LIMIT %s"
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, (*params, _NAMED))
        return tuple(row[0] for row in cursor.fetchall())
