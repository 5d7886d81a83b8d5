"""Fields ready to be drawn: what stands in each, what may be chosen, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from kexin.chapters.compliance.fields.condition import OWN_CONSENT, WRITTEN
from kexin.chapters.compliance.fields.reading import ALL, AS_WRITTEN, UNITS, Raw
from kexin.chapters.compliance.fields.spec import Field, Section
from kexin.chapters.compliance.words import codes, entries
from kexin.foundation.ui.words import say
from kexin.regime.semantic import registry
from kexin.regime.types import Relation, Rulebook

__all__ = ["OWN_CONSENT", "Choice", "Need", "Shown", "Tick", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing that may be chosen."""

    code: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One purpose of an attribute: whether it needs it, and how long for."""

    purpose: str
    words: str
    need: str
    kept: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One part of a condition in its common shape, or one duty with its parameter."""

    name: str
    words: str
    is_so: bool
    choices: tuple[Choice, ...]
    text: str = ""
    on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One field of the form."""

    key: str
    kind: str
    label: str
    help: str
    article: str
    required: bool
    text: str = ""
    chinese: str = ""
    english: str = ""
    checked: bool = False
    everything: bool = False
    choices: tuple[Choice, ...] = ()
    units: tuple[Choice, ...] = ()
    needs: tuple[Need, ...] = ()
    ticks: tuple[Tick, ...] = ()
    join: str = ""
    problems: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a form is drawn from."""

    raw: Raw
    book: Rulebook
    retention: Mapping[str, Any]
    fresh: bool

    def first(self, name: str) -> str:
        return next(iter(self.raw.get(name, ())), "")


def shown(
    section: Section,
    raw: Raw,
    book: Rulebook,
    *,
    retention: Mapping[str, Any],
    problems: Mapping[str, Sequence[Any]],
    fresh: bool = False,
) -> tuple[Shown, ...]:
    """Every field of a section, in order. ``retention``: the classes of the file; ``problems``: field -> findings;
    ``fresh``: a new entry, for which a default that this rulebook does not know is not offered."""
    sheet = _Sheet(raw, book, retention, fresh)
    return tuple(_field(field, sheet, problems.get(field.key, ())) for field in section.fields)


def _field(field: Field, sheet: _Sheet, problems: Sequence[Any]) -> Shown:
    first, raw = sheet.first, sheet.raw
    more: dict[str, Any] = {}
    if field.kind == "needs":
        more["needs"] = tuple(_needs(field, sheet))
    elif field.kind == "when":
        more |= {"ticks": tuple(_parts(field.key, raw)), "join": first(f"{field.key}.join") or "none"}
    elif field.kind == "duties":
        more["ticks"] = tuple(_duties(field.key, raw))
    elif field.options:
        more["choices"] = tuple(_choices(field, raw.get(field.key, ()), sheet))
    if field.kind == "duration":
        more["units"] = tuple(_units(first(f"{field.key}.unit")))
    text = first(f"{field.key}.{WRITTEN}") if field.kind == "when" else first(field.key)
    return Shown(
        key=field.key,
        kind=field.kind,
        label=str(field.label) % {"value": "…"} if "%(value)s" in str(field.label) else str(field.label),
        help=str(field.help),
        article=str(field.article),
        required=field.required,
        text=first(f"{field.key}.count") if field.kind == "duration" else text,
        chinese=first(f"{field.key}.zh"),
        english=first(f"{field.key}.en"),
        checked=bool(raw.get(field.key)),
        everything=first(f"{field.key}.{ALL}") == "yes",
        problems=tuple(problems),
        **more,
    )


def _choices(field: Field, chosen: Sequence[str], sheet: _Sheet) -> Iterable[Choice]:
    """What may be chosen. What stands there and is not among it is offered too, so that nothing is lost by saving."""
    known = dict(_options(field.options, sheet))
    for one in () if sheet.fresh else chosen:
        known.setdefault(one, one)
    if field.kind in ("codes", "scope"):
        # what is chosen first, in its own order: the first purpose is the usual one, the first basis the preferred
        known = {**{one: known[one] for one in chosen if one in known}, **known}
    return (Choice(code=code, words=words, chosen=code in chosen or (code == "" and not chosen)) for code, words in known.items())


def _options(options: Mapping[str, Any] | str, sheet: _Sheet) -> Iterable[tuple[str, str]]:
    if not isinstance(options, str):
        return ((code, str(words)) for code, words in options.items())
    name = options.rstrip("?+")
    found: list[tuple[str, str]] = [("", _("没有"))] if options.endswith("?") or options == "pias+" else []
    if options == "pias+":
        found.append(("required", _("须有，尚未写")))
    if options == "roles+":
        found.append(("everyone", _("任何人（只用于禁止）")))
    return [*found, *_named(name, sheet)]


def _named(name: str, sheet: _Sheet) -> Iterable[tuple[str, str]]:
    book = sheet.book
    if name == "types":
        return ((key, say(one.label)) for key, one in registry().items())
    if name == "masks":
        return _masks()
    if name == "retention":
        return ((code, _period(one)) for code, one in sheet.retention.items())
    if name == "permissions":
        own = dict.fromkeys(code for role in book.roles.values() for code in role.permissions)
        return ((code, entries.permission(code)) for code in {**entries.PERMISSIONS, **own})
    if name == "grades":
        return ((str(grade), f"{grade} · {say(text)}") for grade, text in book.grades.items())
    table = getattr(book, name)
    return ((key, say(one if isinstance(one, Mapping) else one.label)) for key, one in table.items())


def _period(one: Mapping[str, Any]) -> str:
    return codes.kept(start=str(one.get("from")), keep=str(one.get("keep")), then=str(one.get("then")))


def _masks() -> Iterable[tuple[str, str]]:
    """Each mask with what it makes of the example of a type that has it."""
    found: dict[str, str] = {"none": _("不脱敏"), "hidden": _("完全隐藏：****")}
    for one in registry().values():
        for mask in one.masks:
            found.setdefault(mask, f"{say(one.label)}：{one.mask(one.example, mask)}")
    return found.items()


def _needs(field: Field, sheet: _Sheet) -> Iterable[Need]:
    """One line for each purpose that binds by itself; the retention that the purpose has anyway is named."""
    for key, purpose in sheet.book.purposes.items():
        need = sheet.first(f"{field.key}.{key}")
        if purpose.accessory and not need:
            continue
        kept = sheet.first(f"retention.{key}")
        yield Need(purpose=key, words=say(purpose.label), need=need, kept=tuple(_classes(kept, sheet)))


def _classes(chosen: str, sheet: _Sheet) -> Iterable[Choice]:
    yield Choice(code="", words=_("按用途的缺省"), chosen=not chosen)
    if chosen == AS_WRITTEN:
        yield Choice(code=AS_WRITTEN, words=_("保持文件里的写法"), chosen=True)
    for code, one in sheet.retention.items():
        yield Choice(code=code, words=_period(one), chosen=code == chosen)


def _units(chosen: str) -> Iterable[Choice]:
    words = {"D": _("天"), "W": _("周"), "M": _("个月"), "Y": _("年"), "TH": _("小时"), "TM": _("分钟"), "TS": _("秒")}
    if chosen == AS_WRITTEN:
        yield Choice(code=AS_WRITTEN, words=_("ISO 8601 写法"), chosen=True)
    yield from (Choice(code=code, words=words[code], chosen=code == (chosen or "D")) for code in UNITS)


def _parts(key: str, raw: Raw) -> Iterable[Tick]:
    tables: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        ("relation", _("与客户的关系"), {one.value: codes.RELATIONS[one.value] for one in Relation}),
        ("consent", _("同意"), {"own": _("客户已就这一用途同意")}),
        ("kind", _("客户类型"), codes.SUBJECTS),
        ("age", _("年龄状态"), codes.AGES),
        ("state", _("记录状态"), codes.STATES),
        ("unproven", _("来源"), {"yes": _("来源或凭证不明")}),
    )
    for name, words, table in tables:
        values = raw.get(f"{key}.{name}", ())
        choices = tuple(Choice(code=code, words=str(said), chosen=code in values) for code, said in table.items())
        is_so = next(iter(raw.get(f"{key}.{name}.is", ())), "yes") != "no"
        yield Tick(name=f"{key}.{name}", words=words, is_so=is_so, choices=choices, on=bool(values))


#: Duties that say whom or how long.
_WITH_VALUE = frozenset({"notify", "expire", "approve"})


def _duties(key: str, raw: Raw) -> Iterable[Tick]:
    for kind, words in codes.DUTIES.items():
        name = f"{key}.{kind}"
        text = next(iter(raw.get(f"{name}.value", ())), "")
        choices = (Choice(code="value", words="", chosen=True),) if kind in _WITH_VALUE or text else ()
        yield Tick(name=name, words=str(words), is_so=True, choices=choices, text=text, on=bool(raw.get(name)))
