"""The rulebook as read: the book, its history, differences, exact bytes, and how much of the catalogue is used."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from kexin.chapters.compliance import book as telling
from kexin.chapters.compliance.fields import SECTIONS
from kexin.chapters.compliance.types import (
    Book,
    Comparison,
    DraftRow,
    Edition,
    EntryChange,
    FieldChange,
    History,
    Rights,
    UsePage,
    UseRow,
)
from kexin.foundation.caller import Caller
from kexin.foundation.ui.words import say
from kexin.people import queries as people
from kexin.regime import queries as regime
from kexin.regime.types import AttributeDef, AttributeUse, DataUse, Rulebook

READ, PUBLISH, SIGN = "regime:rulebook:read", "regime:rulebook:publish", "regime:rulebook:sign"
#: Versions that a page lists.
LISTED = 50
#: Nobody has a value among at least so many people: only then it is advised to drop the item.
ENOUGH = 100


def rights(caller: Caller) -> Rights:
    """What the reader may do with rulebooks, beside reading the one in force."""
    held = regime.permissions_of(caller)
    return Rights(reads=not held.isdisjoint((READ, PUBLISH, SIGN)), drafts=PUBLISH in held, signs=SIGN in held)


def book(caller: Caller, *, number: int | None = None) -> Book:
    """A version as a book: without a number the one in force, for everybody who works here (a company's rules are made
    known to those whom they bind, 劳动合同法 4); any other for who reads rulebooks. Raises NoRulebook, NotPermitted,
    VersionUnknown."""
    may = rights(caller)
    if number is None:
        number = regime.bundle().version
    else:
        regime.require(caller, READ, PUBLISH, SIGN)
    rows = regime.versions(limit=LISTED) if may.reads else []
    row = next((one for one in rows if one.number == number), None) or regime.version(number)
    names = _names([row, *rows])
    found = regime.load(row.sha256)
    retention = regime.plain_of(row.sha256).get("retention") or {}
    return Book(
        edition=edition(row, names, found),
        chapters=telling.chapters(found, retention),
        rights=may,
        waiting=tuple(edition(one, names) for one in rows if one.state == "waiting"),
        scheduled=tuple(edition(one, names) for one in rows if one.state == "scheduled"),
    )


def edition(row: regime.VersionRow, names: Mapping[uuid.UUID, str], found: Rulebook | None = None) -> Edition:
    """A version in words."""
    words = {
        "in_force": (_("现行"), "ok"),
        "waiting": (_("待签署"), "warn"),
        "scheduled": (_("待生效"), "warn"),
        "overtaken": (_("未签署，已被其他版本取代"), ""),
        "past": (_("已被取代"), ""),
    }[row.state]
    return Edition(
        number=row.number,
        sha256=row.sha256,
        state=row.state,
        state_words=words[0],
        tone=words[1],
        loosens=row.loosens,
        drafted_by=names.get(row.drafted_by, _("系统")),
        drafted_at=row.drafted_at,
        signers=tuple(names.get(one, _("系统")) for one in row.signers),
        effective_at=row.effective_at,
        company=found.company.name if found else "",
        title=say(found.title) if found else "",
    )


def _names(rows: Iterable[regime.VersionRow]) -> Mapping[uuid.UUID, str]:
    return people.names_of(frozenset(one for row in rows for one in (row.drafted_by, *row.signers)))


def history(caller: Caller) -> History:
    """Every version, the newest first, and every open draft. Raises NotPermitted."""
    open_drafts = regime.open_drafts(caller)
    rows = regime.versions(limit=LISTED)
    known = frozenset(one for row in rows for one in (row.drafted_by, *row.signers)) | {one.author for one in open_drafts}
    names = people.names_of(known)
    return History(
        editions=tuple(edition(row, names) for row in rows),
        drafts=tuple(DraftRow(view=one, author=names.get(one.author, "")) for one in open_drafts),
        rights=rights(caller),
    )


def source(caller: Caller, *, number: int) -> bytes:
    """The exact bytes of a version, as they were signed. Raises NotPermitted, VersionUnknown."""
    regime.require(caller, READ, PUBLISH, SIGN)
    return regime.source_of(number)


def draft_source(caller: Caller, *, draft: uuid.UUID) -> bytes:
    """The text of a draft as it stands. Raises NotPermitted, DraftUnknown."""
    return regime.draft(caller, draft=draft).source


# --- differences ----------------------------------------------------------------------------------------------------


def comparison(caller: Caller, *, old: int, new: int) -> Comparison:
    """What differs between two versions: entries with their fields, and cells. Raises NotPermitted, VersionUnknown."""
    found = regime.compared(caller, old=old, new=new)
    rows = {row.number: row for row in regime.versions(limit=LISTED)}
    first, second = (rows.get(number) or regime.version(number) for number in (old, new))
    names = _names([first, second, *rows.values()])
    trees = regime.plain_of(first.sha256), regime.plain_of(second.sha256)
    return Comparison(
        old=edition(first, names, found.old),
        new=edition(second, names, found.new),
        changes=tuple(entry_changes(trees[0], trees[1], found.old, found.new)),
        gained=found.gained,
        lost=found.lost,
        loosens=found.difference.loosens,
        editions=tuple(edition(row, names) for row in rows.values()),
    )


def entry_changes(
    before: Mapping[str | int, Any], after: Mapping[str | int, Any], old: Rulebook, new: Rulebook
) -> Iterable[EntryChange]:
    """Every entry that was added, removed or changed, in the order of the forms."""
    for name, section in SECTIONS.items():
        first, second = by_key(before.get(name), single=section.single), by_key(after.get(name), single=section.single)
        for key in dict.fromkeys((*second, *first)):
            one, two = first.get(key), second.get(key)
            if regime.seen_of(one) == regime.seen_of(two):
                continue
            what = "added" if one is None else "removed" if two is None else "changed"
            yield EntryChange(
                section=name,
                section_title=str(section.title),
                key=key,
                title=title_of(name, key, new if two is not None else old),
                what=what,
                what_words={"added": _("新增"), "removed": _("删去"), "changed": _("改动")}[what],
                fields=tuple(_field_changes(name, one, two)) if what == "changed" else (),
            )


def by_key(value: Any, *, single: bool) -> dict[str, Any]:
    """Entries of a section by their codes; a section that is one entry stands under ""."""
    if value is None:
        return {}
    if single:
        return {"": value}
    if isinstance(value, tuple):
        return {str(one["id"]): one for one in value if isinstance(one, Mapping) and "id" in one}
    return {str(key): one for key, one in value.items()} if isinstance(value, Mapping) else {}


def _field_changes(section: str, one: Any, two: Any) -> Iterable[FieldChange]:
    labels = {field.key.partition(".")[0]: str(field.label) for field in SECTIONS[section].fields}
    if not isinstance(one, Mapping) or not isinstance(two, Mapping):
        yield FieldChange(label=str(SECTIONS[section].title), before=regime.notation(one), after=regime.notation(two))
        return
    for key in dict.fromkeys((*two, *one)):
        if regime.seen_of(one.get(key)) != regime.seen_of(two.get(key)):
            written = [regime.notation(side[key]) if key in side else _("（没有）") for side in (one, two)]
            label = labels.get(str(key), _("保存期限") if key == "retention" else str(key))
            yield FieldChange(label=label % {"value": "…"} if "%(value)s" in label else label, before=written[0], after=written[1])


def title_of(section: str, key: str, found: Rulebook) -> str:
    """What an entry is called; a control by its sentence without its number, anything unknown by its code."""
    if not key:
        return str(SECTIONS[section].title)
    if section == "rules":
        return next((say(rule.label) for rule in found.rules if rule.id == key), key)
    if section in ("grades", "categories", "sections"):
        table: Any = getattr(found, section)
        return say(table.get(int(key) if section == "grades" else key, {"zh": key}))
    entry = getattr(found, section, {})
    one = entry.get(key) if isinstance(entry, Mapping) else None
    label = getattr(one, "label", None)
    if label is not None:
        return say(label)
    return str(getattr(one, "name", "") or key)


# --- 数据利用 --------------------------------------------------------------------------------------------------------


def data_use(caller: Caller) -> UsePage:
    """How much each attribute is really used and filled, with a suggestion to drop what nobody needs (PIPL 6, 19).
    Raises NotPermitted, NoRulebook."""
    use = regime.data_use(caller)
    catalogue = regime.bundle().attributes
    rows = [_use_row(one, use) for one in catalogue.values() if one.collect]
    advised = [row for row in rows if row.advice]
    return UsePage(
        use=use,
        rows=tuple(sorted(rows, key=lambda row: (not row.advice, -row.grade, row.use.uses))),
        unread=sum(row.advice == "drop_unread" for row in advised),
        empty=sum(row.advice == "drop_empty" for row in advised),
        rights=rights(caller),
    )


def _use_row(one: AttributeDef, use: DataUse) -> UseRow:
    found = use.attributes.get(one.key, AttributeUse())
    openly = one.storage == "facet" or one.display == "full"
    advice = ""
    if use.measured_on is not None and found.looked:
        if not found.filled and found.looked >= ENOUGH:
            advice = "drop_empty"
        elif found.filled and not found.uses and not openly and not use.young:
            advice = "drop_unread"
    words = {
        "": "",
        "drop_empty": _("没有一位客户填写，建议删去"),
        "drop_unread": _("%(days)s 天内无人使用，建议删去或不再收集") % {"days": use.days},
    }[advice]
    return UseRow(
        key=one.key,
        title=say(one.label),
        grade=one.grade,
        use=found,
        percent=round(100 * found.filled / found.looked) if found.looked else None,
        openly=openly,
        advice=advice,
        advice_words=words,
    )
