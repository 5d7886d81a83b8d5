"""Conditions of a list as SQL over alias ``s``. A sealed value is compared by its token, never by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.foundation import canonical, clock
from kexin.foundation.problems import Invalid
from kexin.regime.semantic import Invalid as BadValue
from kexin.regime.semantic import normalise_for
from kexin.regime.types import AttributeDef, Sql
from kexin.vault.queries.asking import Asking, as_uuid
from kexin.vault.search.indexes import EXACT, indexes_of
from kexin.vault.search.keyed import tokeniser
from kexin.vault.types_views import Filter, UnknownAttribute

#: Values in one condition and conditions in one list; more is not a question of a person.
_VALUES, _CONDITIONS = 200, 40
_COMPARE = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_NUMBERS, _DAYS = frozenset({"integer", "money"}), frozenset({"date", "birthday"})

#: Open columns that a list may be narrowed by, with the values they may take (None: checked by their kind).
OPEN_TEXT: dict[str, tuple[str, ...]] = {
    "kind": ("person", "organisation"),
    "state": ("active", "frozen"),
    "age_status": ("adult", "minor", "under14", "unknown"),
}
OPEN_INSTANT = frozenset({"contact_at", "created_at"})
RELATIONS = ("own", "team")

_HELD = (
    "EXISTS (SELECT 1 FROM regime_grant g WHERE g.subject_id = s.id AND g.principal_id = ANY(%s::uuid[])"
    " AND g.relation = ANY(%s) AND (g.until IS NULL OR g.until > %s))"
)


class BadFilter(Invalid):
    """A condition that cannot be asked."""

    code = "bad-filter"
    title = _("这个筛选条件不能使用")


def attributes_used(filters: Iterable[Filter]) -> tuple[str, ...]:
    """The attributes of the catalogue that a list is narrowed by: each needs the `search` gate."""
    return tuple(one.field for one in filters if one.field not in _OPEN)


def checked(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    """The filters as a tuple, refused when they are too many or no filters at all."""
    found = tuple(filters)
    if len(found) > _CONDITIONS or not all(isinstance(one, Filter) and isinstance(one.field, str) for one in found):
        raise BadFilter(_("筛选条件太多，请先缩小范围"))
    return found


def compile_filters(asking: Asking, filters: Sequence[Filter]) -> Sql:
    """All conditions, joined by AND."""
    parts = [_one(asking, one) for one in filters]
    text = " AND ".join(f"({part.text})" for part in parts) or "TRUE"
    return Sql(text, tuple(value for part in parts for value in part.params))


def _one(asking: Asking, one: Filter) -> Sql:
    if one.field in _OPEN:
        return _OPEN[one.field](asking, one)
    attribute = asking.attribute(one.field)
    return _facet(attribute, one) if attribute.storage == "facet" else _sealed(asking, attribute, one)


def _values(one: Filter) -> list[str]:
    """The values of an eq or in condition as texts."""
    raw = one.value if one.op == "in" else [one.value]
    if one.op not in ("eq", "in") or not isinstance(raw, (list, tuple, set, frozenset)) or len(raw) > _VALUES:
        raise BadFilter(_("这个条件只能选择给出的值"))
    texts = [str(value) for value in raw if isinstance(value, (str, int, bool))]
    if len(texts) != len(raw) or any(_unfit(text) for text in texts):
        raise BadFilter(_("条件里有无法识别的值"))
    return texts


def _unfit(text: str) -> bool:
    """Whether PostgreSQL could not take this text (NUL, lone surrogates) or nobody would type it (length)."""
    return len(text) > 200 or "\x00" in text or any(0xD800 <= ord(char) <= 0xDFFF for char in text)


def _text(asking: Asking, one: Filter) -> Sql:
    values = _values(one)
    if not set(values) <= set(OPEN_TEXT[one.field]):
        raise BadFilter(_("条件里有无法识别的值"))
    return Sql(f"s.{one.field} = ANY(%s)", (values,))


def _unproven(asking: Asking, one: Filter) -> Sql:
    if not isinstance(one.value, bool) or one.op != "eq":
        raise BadFilter(_("这个条件只能选择是或否"))
    return Sql("s.unproven = %s", (one.value,))


def _instant(asking: Asking, one: Filter) -> Sql:
    if one.op == "set" and isinstance(one.value, bool):
        return Sql(f"(s.{one.field} IS NOT NULL) = %s", (one.value,))
    if one.op not in _COMPARE:
        raise BadFilter(_("时间条件只能是早于或晚于"))
    return Sql(f"s.{one.field} {_COMPARE[one.op]} %s", (moment(one.value),))


def moment(value: Any) -> datetime:
    """An instant from a datetime or ISO 8601 text; without a zone it is Chinese time. Raises BadFilter."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        aware = found if found.tzinfo else found.replace(tzinfo=clock.SHANGHAI)
        return aware.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadFilter(_("时间写成 2026-11-23 或 2026-11-23T10:00")) from error


def _relation(asking: Asking, one: Filter) -> Sql:
    values = _values(one)
    if not set(values) <= set(RELATIONS):
        raise BadFilter(_("条件里有无法识别的值"))
    relations: list[str] = []
    principals = [asking.caller.id]
    if "own" in values:
        relations.append("owner")
    if "team" in values:
        relations += ["team", "pool", "record_team", "open_case", "task"]
        principals += list(asking.actor.principal_ids)
    return Sql(_HELD, (principals, relations, clock.now()))


def _owner(asking: Asking, one: Filter) -> Sql:
    people = [as_uuid(value) for value in _values(one)]
    if None in people:
        raise BadFilter(_("条件里有无法识别的值"))
    return Sql(_HELD, (people, ["owner"], clock.now()))


def _number(asking: Asking, one: Filter) -> Sql:
    numbers = [value.upper().removeprefix("K").removeprefix("-") for value in _values(one)]
    if not all(value.isascii() and value.isdigit() and len(value) <= 18 for value in numbers):
        raise BadFilter(_("客户编号写成 K-204817"))
    return Sql("s.number = ANY(%s)", ([int(value) for value in numbers],))


_OPEN: dict[str, Callable[[Asking, Filter], Sql]] = {
    **{field: _text for field in OPEN_TEXT},
    **{field: _instant for field in OPEN_INSTANT},
    "unproven": _unproven,
    "relation": _relation,
    "owner": _owner,
    "number": _number,
}


def _facet(attribute: AttributeDef, one: Filter) -> Sql:
    """A condition on an open value of the catalogue. Equality uses the GIN index of the facets."""
    key = attribute.key
    if one.op == "set" and isinstance(one.value, bool):
        return Sql("(s.facets ->> %s IS NOT NULL) = %s", (key, one.value))
    if one.op in _COMPARE:
        return _facet_range(attribute, one)
    documents = [canonical.dumps({key: value}).decode() for value in _values(one)]
    if not documents:
        return Sql("FALSE")
    return Sql(" OR ".join(["s.facets @> %s::jsonb"] * len(documents)), tuple(documents))


def _facet_range(attribute: AttributeDef, one: Filter) -> Sql:
    try:
        bound = normalise_for(attribute, str(one.value))
    except BadValue as error:
        raise BadFilter(error.text()) from error
    if attribute.type in _DAYS:
        return Sql(f'(s.facets ->> %s) COLLATE "C" {_COMPARE[one.op]} %s', (attribute.key, bound))
    if attribute.type in _NUMBERS:
        number = r"CASE WHEN (s.facets ->> %s) ~ '^-?[0-9]{1,18}([.][0-9]{1,6})?$' THEN (s.facets ->> %s)::numeric END"
        return Sql(f"{number} {_COMPARE[one.op]} %s::numeric", (attribute.key, attribute.key, bound))
    raise BadFilter(_("这项信息没有大小可比"))


def _sealed(asking: Asking, attribute: AttributeDef, one: Filter) -> Sql:
    """Equality with a sealed value: its exact token. There is no other comparison with what is sealed."""
    index = next((index for index in indexes_of(attribute) if index.plan == EXACT), None)
    if index is None or one.op not in ("eq", "in"):
        raise UnknownAttribute(_("这项信息已加密，不能这样筛选"), remedy=_("请用搜索框查询"))
    values = _values(one)
    if len(values) > 1:
        # One search asks for one value: two hundred at once would be two hundred guesses for one place.
        raise BadFilter(_("已加密的信息一次只能查一个值"), remedy=_("请用搜索框逐个查询"))
    tokens: list[tuple[str, int, bytes]] = []
    for value in values:
        try:
            tokens += tokeniser(asking.bundle).exact(index, normalise_for(attribute, value))
        except BadValue as error:
            raise BadFilter(error.text()) from error
    if not tokens:
        return Sql("FALSE")
    return Sql(
        "EXISTS (SELECT 1 FROM vault_tokenexact t WHERE t.subject_id = s.id AND t.index = %s AND t.gen = ANY(%s)"
        " AND t.token = ANY(%s))",
        (index.name, sorted({gen for _name, gen, _token in tokens}), [token for _name, _gen, token in tokens]),
    )
