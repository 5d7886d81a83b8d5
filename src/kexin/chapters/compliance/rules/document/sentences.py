"""A rule as one sentence of the regime: who may, or may not, do what with which information, for what, when, and how."""

from __future__ import annotations

from kexin.chapters.compliance.rules.document.conditions import condition
from kexin.chapters.compliance.rules.document.numerals import either, listed, period, quoted
from kexin.chapters.compliance.rules.document.words import (
    ACTIONS,
    DUTIES,
    KINDS,
    attribute,
    category,
    purpose,
    role,
    said,
    zh,
)
from kexin.regime.types import Action, Effect, Obligation, ObligationKind, Rulebook, RuleDef

#: The chapter (1 to 10) in which a rule stands that names none, or none of the ten.
HOME = 9


def chapter_of(rule: RuleDef) -> int:
    """The chapter of the regime that a rule belongs to, by its own number ("7.1")."""
    number = rule.chapter.partition(".")[0]
    return int(number) if number.isascii() and number.isdecimal() and 1 <= int(number) <= 10 else HOME


def sentence(book: Rulebook, rule: RuleDef) -> str:
    """The whole rule, without its number and its article of law."""
    who, deed, what = _who(book, rule), _deed(rule), _what(book, rule)
    aims, when = _aims(book, rule), condition(book, rule.when)
    if rule.effect is Effect.PERMIT:
        given = f"，在{when}的条件下" if when else ""
        mask = "，仅限脱敏形式" if rule.masked else ""
        duties = "".join(f"；{_duty(book, one)}" for one in rule.obligations)
        return f"{who}为{aims}{given}，可以{deed}{what}{mask}{duties}"
    given = f"，{when}的" if when else ""
    return f"{aims}{given}，{who}不得{deed}{what}"


def _who(book: Rulebook, rule: RuleDef) -> str:
    if rule.roles is None:
        return "任何岗位和系统服务"
    return listed(role(book, key) for key in rule.roles) or "（未列明岗位，即任何岗位均不适用）"


def _aims(book: Rulebook, rule: RuleDef) -> str:
    """A permit speaks about its purposes alone, a forbid about their children too (regime.md)."""
    if rule.purposes is None:
        return "无论何种处理目的"
    named = quoted(purpose(book, key) for key in rule.purposes) or "（未列明处理目的，即均不适用）"
    if rule.effect is Effect.PERMIT:
        return f"{named}之目的"
    children = any(one.parent in rule.purposes for one in book.purposes.values())
    return f"处理目的为{named}{'及其下级目的' if children else ''}"


def _deed(rule: RuleDef) -> str:
    if rule.actions is None or set(rule.actions) == set(Action):
        return "以任何方式处理"
    return listed(ACTIONS[one] for one in rule.actions) or "（未列明操作，即均不适用）"


def _what(book: Rulebook, rule: RuleDef) -> str:
    """The items: named, by category, by grade, by kind of customer."""
    kinds = f"{either(KINDS[kind] for kind in rule.subject_kinds)}客户的" if rule.subject_kinds else ""
    grades = _grades(rule)
    if rule.attributes is None and rule.categories is None:
        return f"{kinds}{grades}客户信息"
    named = listed(attribute(book, key) for key in rule.attributes or ())
    groups = listed(f"{category(book, key)}类" for key in rule.categories or ())
    chosen = "以及".join(filter(None, (named, groups and f"{groups}信息"))) or "（未列明信息项，即均不适用）"
    return f"{kinds}{chosen}" + (f"中{grades}信息" if grades else "")


def _grades(rule: RuleDef) -> str:
    low, high = rule.grade_min, rule.grade_max
    if (low, high) == (1, 4):
        return ""
    if low == high:
        return f"{low}级"
    if low == 1:
        return f"{high}级以下（含{high}级）"
    if high == 4:
        return f"{low}级以上（含{low}级）"
    return f"{low}级至{high}级"


def _duty(book: Rulebook, duty: Obligation) -> str:
    words = DUTIES[duty.kind]
    if duty.kind is ObligationKind.EXPIRE:
        return words.format(value=period(duty.value))
    if duty.kind in (ObligationKind.NOTIFY, ObligationKind.APPROVE):
        return words.format(value=role(book, duty.value) if duty.value else "")
    return words + (f"（{said({}, duty.value)}）" if duty.value else "")


def sourced(book: Rulebook, rule: RuleDef) -> str:
    """The rule in a chapter's list: its name, the sentence, the article, the number by which the system knows it."""
    ground = f"依据：{rule.article}；" if rule.article else ""
    return f"{zh(rule.label)}。{sentence(book, rule)}。（{ground}规则编号：{rule.id}）"
