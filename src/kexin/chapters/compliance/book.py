"""A rulebook as a book: 总则 and ten chapters, each entry in plain sentences with its article of law."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from kexin.chapters.compliance.placing import KINDS, TITLES, places
from kexin.chapters.compliance.types import Chapter, Entry, Part
from kexin.chapters.compliance.words import codes, entries, rules
from kexin.foundation.ui.words import say
from kexin.regime.types import Effect, Rulebook

Mark = tuple[str, str]


def chapters(book: Rulebook, retention: Mapping[str, Any]) -> tuple[Chapter, ...]:
    """The whole book. ``retention``: the classes of the file by name (the parsed rulebook carries them in its attributes
    alone)."""
    standing: dict[int, dict[str, list[Entry]]] = {number: {} for number in range(len(TITLES))}
    for (section, key), number in (places(book) | {("retention", key): 2 for key in retention}).items():
        standing[number].setdefault(section, []).append(entry(book, section, key, retention))
    return tuple(
        Chapter(
            number=number,
            title=str(TITLES[number]),
            parts=tuple(
                Part(title=str(KINDS[kind]), entries=tuple(found[kind])) for kind in KINDS if found.get(kind)
            ),
        )
        for number, found in standing.items()
    )


def entry(book: Rulebook, section: str, key: str, retention: Mapping[str, Any] | None = None) -> Entry:
    """One entry in words. Raises KeyError for what the rulebook does not have."""
    title, sentences, article, marks = _KINDS[section](book, key, retention or {})
    return Entry(
        section=section, key=key, title=title, sentences=tuple(one for one in sentences if one), article=article,
        marks=tuple(marks),
    )  # fmt: skip


_Told = tuple[str, Iterable[str], str, Iterable[Mark]]


def _company(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    return book.company.name, entries.company(book.company), _("个人信息保护法第十七条、第五十二条"), ()


def _profile(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    return _("适用的法律与规模"), entries.profile(book.profile), "", ()


def _grade(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    count = sum(one.grade == int(key) and one.collect for one in book.attributes.values())
    return say(book.grades[int(key)]), (_("共 %(count)s 项信息。") % {"count": count},), "", ()


def _category(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    found = [say(one.label) for one in book.attributes.values() if one.category == key]
    return say(book.categories[key]), (_("共 %(count)s 项信息。") % {"count": len(found)},), "", ()


def _section(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    found = [say(one.label) for one in book.attributes.values() if one.section == key]
    return say(book.sections[key]), (_("共 %(count)s 项信息。") % {"count": len(found)},), "", ()


def _sentence(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    titles = {"age_unknown": _("年龄不明的客户"), "unproven": _("来源或凭证不明的客户"), "refusal": _("拒绝与撤回")}
    return titles.get(key, key), (_("%(text)s。") % {"text": say(book.sentences[key])},), "", ()


def _purpose(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    one = book.purposes[key]
    marks = [(codes.word(codes.EFFECTS, "forbid"), "bad")] if book.prohibited(key) else []
    return say(one.label), entries.purpose(one, book), one.article, marks


def _attribute(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    one = book.attributes[key]
    marks: list[Mark] = [(say(book.grades[one.grade]), "")]
    if one.sensitive:
        marks.append((_("敏感"), "warn"))
    if not one.collect:
        marks.append((_("不收集"), "bad"))
    return say(one.label), entries.attribute(one, book), one.article, marks


def _retention(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    one = classes[key]
    title = codes.kept(start=one["from"], keep=one["keep"], then=one["then"])
    users = [say(each.label) for each in book.attributes.values() if _uses(each.retention.values(), one)]
    sentence = _("适用于 %(count)s 项信息。") % {"count": len(users)} if users else _("没有信息使用这一期限。")
    return title, (sentence,), one.get("article", ""), ()


def _uses(found: Iterable[Any], one: Mapping[str, Any]) -> bool:
    return any((each.start, each.keep, each.then) == (one["from"], one["keep"], one["then"]) for each in found)


def _rule(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    one = next(rule for rule in book.rules if rule.id == key)
    marks = [(codes.word(codes.EFFECTS, one.effect.value), "bad" if one.effect is Effect.FORBID else "ok")]
    return say(one.label), (rules.rule_sentence(one, book),), one.article, marks


def _recipient(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    one = book.recipients[key]
    return one.name, entries.recipient(one, book), one.article, [(codes.word(codes.RECIPIENT_KINDS, one.kind), "")]


def _sharing(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    titles = {"least": _("最少"), "notify": _("告知"), "return": _("归还与删除")}
    return titles.get(key, key), (_("%(text)s。") % {"text": say(book.sharing[key])},), "", ()


def _role(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    one = book.roles[key]
    marks = [] if one.kind == "staff" else [(codes.word(codes.ROLE_KINDS, one.kind), "")]
    return say(one.label), entries.role(one, book), "", marks


def _training(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    return say(book.training[key].label), entries.training(book.training[key], book), "GB/T 35273-2020 11.6", ()


def _pia(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    one = book.pias[key]
    return say(one.label), entries.assessment(one, book), _("个人信息保护法第五十五条、第五十六条"), ()


def _control(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    sentence = entries.control(key, asdict(book.controls)[key], book)
    return sentence, (), "", ()


def _review(book: Rulebook, key: str, classes: Mapping[str, Any]) -> _Told:
    return entries.review(key, book.reviews[key]), (), "", ()


_KINDS: dict[str, Callable[[Rulebook, str, Mapping[str, Any]], _Told]] = {
    "company": _company,
    "profile": _profile,
    "grades": _grade,
    "categories": _category,
    "sections": _section,
    "sentences": _sentence,
    "purposes": _purpose,
    "attributes": _attribute,
    "retention": _retention,
    "rules": _rule,
    "recipients": _recipient,
    "sharing": _sharing,
    "roles": _role,
    "training": _training,
    "pias": _pia,
    "controls": _control,
    "reviews": _review,
}
