"""One page of a list: governed rows, display envelopes opened in bulk, one evidence line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence.types import Event
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Invalid
from kexin.regime.types import Action, BulkPlan, Sql
from kexin.vault import cursor as marks
from kexin.vault.queries import rows as governed_rows
from kexin.vault.queries.asking import Asking, as_uuid, ask, relation_of
from kexin.vault.queries.compared import comparing, event_of, note_count
from kexin.vault.queries.filters import OPEN_TEXT, BadFilter, checked
from kexin.vault.queries.opening import open_displays, settled
from kexin.vault.queries.rows import Raw
from kexin.vault.queries.scope import governed
from kexin.vault.search import pinyin
from kexin.vault.search.indexes import NGRAM, ORG_TYPES, PERSON_TYPES
from kexin.vault.search.normal import searchable
from kexin.vault.types_views import OWN_SCOPE_ROWS, PAGE_ROWS, BadCursor, FacetCount, Filter, Page, Sort

#: A count stops here: "10,000+" is as useful, and costs a bounded time.
COUNTED_ROWS = 10_000
_FACET_VALUES = 60
_COLUMNS = 60

#: Open sort keys: SQL expression (never NULL), and the type that its text is read back as.
_ORDER = {
    "created_at": ("s.created_at", "timestamptz"),
    "contact_at": ("coalesce(s.contact_at, '-infinity'::timestamptz)", "timestamptz"),
    "number": ("s.number", "bigint"),
}


class BadPage(Invalid):
    """A size, a column or an order that no list has."""

    code = "bad-page"
    title = _("这个列表不能这样显示")


def page(
    caller: Caller,
    *,
    columns: Iterable[str],
    filters: Iterable[Filter] = (),
    sort: Sort | None = None,
    cursor: str | None = None,
    size: int = PAGE_ROWS,
) -> Page:
    """At most `size` (≤ 50) people with the named attributes, each cell as the rules let this caller see it.

    Sealed values come from the display envelope: grade 3–4 keys are not touched. One line `customer.listed` with the
    audit ids is committed before the first key is fetched. Somebody erased or changed between the query and the keys
    makes the list ask again (`opening.settled`).
    """
    asking = ask(caller)
    asked, order = checked_columns(asking, columns), sort or Sort()
    narrowed, rows = checked(filters), checked_size(size)
    question = marks.fingerprint(
        "page", asked, [(f.field, f.op, f.value) for f in narrowed], order.field, order.descending
    )
    after = marks.read(caller, question=question, cursor=cursor) if cursor else None
    listing = _by_pinyin if order.field == "pinyin" else _by_column
    with comparing(asking, narrowed) as search:
        found = settled(lambda: listing(asking, asked, narrowed, order, question, after, rows))
        search.found(len(found.rows))
    return found


def checked_columns(asking: Asking, columns: Iterable[str]) -> tuple[str, ...]:
    """Known attributes, each once, in the order asked for."""
    asked = tuple(dict.fromkeys(columns))
    if len(asked) > _COLUMNS:
        raise BadPage(_("一次最多显示 60 项"))
    for key in asked:
        asking.attribute(key)
    return asked


def checked_size(size: Any) -> int:
    """1 to 50 rows."""
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= PAGE_ROWS:
        raise BadPage(_("每页 1 到 50 行"))
    return size


def _order_of(asking: Asking, sort: Sort) -> tuple[str, str, tuple[str, ...], tuple[Any, ...]]:
    """SQL expression, its type, the attributes that need the `sort` gate, and the expression's parameters."""
    if not isinstance(sort.field, str):
        raise BadPage(_("不能按这项排序"))
    if sort.field in _ORDER:
        return (*_ORDER[sort.field], (), ())
    attribute = asking.attribute(sort.field)
    if attribute.storage != "facet":
        # The gate speaks first: who may not sort by it learns that, not how it is stored.
        asking.plan(Action.READ, (), sorts=(sort.field,))
        raise BadPage(_("这项信息已加密，不能排序"), remedy=_("自己的客户可以按姓名拼音排序"))
    return "coalesce(s.facets ->> %s, '') COLLATE \"C\"", "text", (sort.field,), (sort.field,)


def _by_column(
    asking: Asking,
    columns: tuple[str, ...],
    filters: tuple[Filter, ...],
    sort: Sort,
    question: str,
    after: list[Any] | None,
    size: int,
) -> Page:
    expression, kind, gated, values = _order_of(asking, sort)
    plan, condition, params = governed(asking, action=Action.READ, filters=filters, sorts=gated)
    found = governed_rows.columns_of(asking, plan, columns)
    compare, direction = ("<", "DESC") if sort.descending else (">", "ASC")
    keyset, place = "", ()
    if after is not None:
        if len(after) != 2 or not isinstance(after[0], str) or as_uuid(after[1]) is None:
            raise BadCursor(remedy=_("请从第一页重新查询"))
        keyset = f" AND ({expression}, s.id) {compare} (%s::{kind}, %s::uuid)"
        place = (*values, after[0], after[1])
    raws = governed_rows.select(
        found,
        mark=Sql(f"({expression})::text", values),
        condition=Sql(f"{condition}{keyset}", (*params, *place)),
        order=Sql(f"{expression} {direction}, s.id {direction}", values),
        limit=size + 1,
    )
    shown = raws[:size]
    mark = (
        marks.make(asking.caller, question=question, after=[shown[-1].mark, str(shown[-1].id)]) if raws[size:] else None
    )
    return answer(asking, shown, plan=plan, columns=columns, event=event_of(asking, filters), next_cursor=mark)


def answer(
    asking: Asking,
    raws: Sequence[Raw],
    *,
    plan: BulkPlan,
    columns: Sequence[str],
    event: Event,
    next_cursor: str | None,
    hints: tuple[Any, ...] = (),
) -> Page:
    """Commit the line, look again, open, fill the cells."""
    held = governed_rows.standings(asking, raws)
    relations = [relation_of(standing.grants) for standing in held.values()]
    governed_rows.note_opened(asking, event, raws, relations=relations, plan=plan)
    displayed = open_displays(asking, raws, held)
    rows = governed_rows.finished(asking, raws, plan=plan, columns=columns, displayed=displayed, held=held)
    return Page(rows=rows, next_cursor=next_cursor, hints=hints, unavailable=bool(displayed.closed))


# --- by pinyin ------------------------------------------------------------------------------------------------------


def _by_pinyin(
    asking: Asking,
    columns: tuple[str, ...],
    filters: tuple[Filter, ...],
    sort: Sort,
    question: str,
    after: list[Any] | None,
    size: int,
) -> Page:
    """The names of a small scope are opened, sorted and forgotten within the request; the mark holds a place, no name."""
    names = name_attributes(asking)
    plan, condition, params = governed(asking, action=Action.READ, filters=filters, sorts=names)
    everything = tuple(dict.fromkeys((*columns, *names)))
    found = governed_rows.columns_of(asking, plan, everything)
    raws = governed_rows.select(
        found,
        condition=Sql(condition, params),
        order=Sql("s.id"),
        limit=OWN_SCOPE_ROWS + 1,
    )
    if len(raws) > OWN_SCOPE_ROWS:
        raise BadPage(_("超过 2,000 位，不能按拼音排序"), remedy=_("请先筛选，例如只看我负责的"))
    whole = answer(asking, raws, plan=plan, columns=everything, event=event_of(asking, filters), next_cursor=None)
    ordered = sorted(whole.rows, key=lambda row: (_spoken(row, names), row.id.int), reverse=sort.descending)
    place = after[0] if after and isinstance(after[0], int) and after[0] > 0 else 0
    shown = ordered[place : place + size]
    mark = marks.make(asking.caller, question=question, after=[place + size]) if ordered[place + size :] else None
    return Page(rows=tuple(shown), next_cursor=mark, unavailable=whole.unavailable)


def name_attributes(asking: Asking) -> tuple[str, ...]:
    """The attributes that name a customer, as the catalogue orders them: names that are searched by part and shown in
    full under an ALLOW (an employer is a name too, but not the customer's)."""
    kinds = PERSON_TYPES | ORG_TYPES
    return tuple(
        key
        for key, one in asking.attributes.items()
        if one.type in kinds and one.storage == "sealed" and one.display == "full" and NGRAM in one.search
    )


def _spoken(row: Any, names: Sequence[str]) -> tuple[bool, tuple[str, ...]]:
    """Sort key of a name: its syllables; nameless rows last."""
    text = next((searchable(row.cells[key].text) for key in names if row.cells[key].text), "")
    return (not text, tuple(options[0] if options else char for char, options in _read(text)))


def _read(text: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    return zip(text, pinyin.syllables(text, person=True), strict=True)


# --- counting -------------------------------------------------------------------------------------------------------


def count(caller: Caller, *, filters: Iterable[Filter] = ()) -> FacetCount:
    """How many people a filtered list has, up to `COUNTED_ROWS`. Narrowed by an attribute, it leaves a line."""
    asking, narrowed = ask(caller), checked(filters)
    with comparing(asking, narrowed) as search:
        plan, condition, params = governed(asking, action=Action.READ, filters=narrowed)
        sql = f"SELECT count(*) FROM (SELECT 1 FROM vault_subject s WHERE {condition} LIMIT %s) AS counted"
        with connections["default"].cursor() as cursor:
            cursor.execute(sql, (*params, COUNTED_ROWS + 1))
            found = int(cursor.fetchone()[0])
        note_count(asking, narrowed, plan, condition, params, people=found)
        search.found(found)
    return FacetCount(value="", count=min(found, COUNTED_ROWS), at_least=found > COUNTED_ROWS)


def facet_counts(
    caller: Caller, *, fields: Iterable[str], filters: Iterable[Filter] = ()
) -> Mapping[str, tuple[FacetCount, ...]]:
    """How many people of the filtered list have each value of each field (a facet, or kind, state, age_status), most
    first. One query; counting stops at `COUNTED_ROWS` people. Each facet needs the `aggregate` gate; narrowed by an
    attribute, the numbers leave a line."""
    asking, narrowed = ask(caller), checked(filters)
    asked = tuple(dict.fromkeys(fields))
    if not asked or len(asked) > 20:
        raise BadFilter(_("请选择 1 到 20 项来计数"))
    facets = tuple(key for key in asked if key not in OPEN_TEXT)
    if any(asking.attribute(key).storage != "facet" for key in facets):
        asking.plan(Action.READ, (), groups=facets)
        raise BadFilter(_("这项信息已加密，不能计数"))
    with comparing(asking, narrowed) as search:
        plan, condition, params = governed(asking, action=Action.READ, filters=narrowed, groups=facets)
        rows = _grouped(asked, condition, params)
        people = sum(number for key, _value, number in rows if key == asked[0])
        note_count(asking, narrowed, plan, condition, params, people=people)
        search.found(people)
    return {
        key: tuple(
            FacetCount(value=value, count=number, at_least=people > COUNTED_ROWS)
            for one, value, number in rows
            if one == key and value
        )
        for key in asked
    }


def _grouped(asked: Sequence[str], condition: str, params: Sequence[Any]) -> list[tuple[str, str, int]]:
    """(field, value, people), most first within a field."""
    parts, values = [], []
    for key in asked:
        column = key if key in OPEN_TEXT else "facets ->> %s"
        values += [key] if key in OPEN_TEXT else [key, key]
        parts.append(
            f"(SELECT %s::text, ({column})::text, count(*) FROM counted GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT {_FACET_VALUES})"
        )
    base = f"SELECT s.kind, s.state, s.age_status, s.facets FROM vault_subject s WHERE {condition} LIMIT %s"
    sql = f"WITH counted AS MATERIALIZED ({base}) " + " UNION ALL ".join(parts)
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, (*params, COUNTED_ROWS + 1, *values))
        rows: list[tuple[str, str, int]] = cursor.fetchall()
        return rows
