"""One rule in one sentence: who may or may not do what with what, on which condition, with which duties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from kexin.chapters.compliance.words import codes
from kexin.foundation.ui.words import listed, say
from kexin.regime.types import Effect, Obligation, Rulebook, RuleDef

_EVERYONE = "everyone"


def rule_sentence(rule: RuleDef, book: Rulebook) -> str:
    """The whole rule."""
    named = {
        "who": who(rule.roles, book),
        "purposes": under(rule.purposes, book),
        "actions": doing(rule),
        "what": what(rule, book),
    }
    if rule.effect is Effect.FORBID:
        sentence = _("%(who)s%(purposes)s不得%(actions)s%(what)s") % named
    else:
        sentence = _("%(who)s%(purposes)s可以%(actions)s%(what)s") % named
    return "".join(filter(None, (sentence, _kinds(rule), *tail(rule, book), _("。"))))


def tail(rule: RuleDef, book: Rulebook) -> Iterable[str]:
    """What follows: masked only, the condition, the duties."""
    if rule.masked:
        yield _("，只显示脱敏内容")
    if rule.when is not None:
        words = _("，前提是%(condition)s") if rule.effect is Effect.PERMIT else _("，如果%(condition)s")
        yield words % {"condition": condition(rule.when, book)}
    if rule.obligations:
        yield _("；须%(duties)s") % {"duties": listed(duty(one) for one in rule.obligations)}


def who(roles: Sequence[str] | None, book: Rulebook) -> str:
    """销售、销售主管; everybody where none is named."""
    if roles is None or _EVERYONE in roles:
        return _("任何人")
    return listed(role(key, book) for key in roles) or _("（没有岗位）")


def role(key: str, book: Rulebook) -> str:
    """A role by its label."""
    return say(book.roles[key].label) if key in book.roles else _("任何人") if key == _EVERYONE else key


def under(purposes: Sequence[str] | None, book: Rulebook) -> str:
    """在“客服与售后”用途下; of many only the first are named, the page lists them all."""
    if purposes is None:
        return _("在任何用途下")
    if not purposes:
        return _("在（没有用途）下")
    labels = [purpose(key, book) for key in purposes]
    if len(labels) > 6:
        named = {"first": listed(labels[:5]), "count": len(labels)}
        return _("在%(first)s等 %(count)s 个用途下") % named
    return _("在%(labels)s用途下") % {"labels": listed(labels)}


def purpose(key: str, book: Rulebook) -> str:
    """A purpose by its label."""
    return say(book.purposes[key].label) if key in book.purposes else key


def attribute(key: str, book: Rulebook) -> str:
    """An attribute by its label."""
    return say(book.attributes[key].label) if key in book.attributes else key


def doing(rule: RuleDef) -> str:
    """查看、搜索; everything where no action is named."""
    if rule.actions is None:
        return _("以任何方式使用")
    return listed(codes.word(codes.ACTIONS, action.value) for action in rule.actions) or _("（没有动作）")


def what(rule: RuleDef, book: Rulebook) -> str:
    """Which information: by name, by category, by grade."""
    grades = _grades(rule)
    parts = []
    if rule.attributes is not None:
        parts.append(listed(attribute(key, book) for key in rule.attributes) or _("（没有信息项）"))
    if rule.categories is not None:
        labels = listed(say(book.categories.get(key, {"zh": key})) for key in rule.categories)
        parts.append(_("%(labels)s类信息") % {"labels": labels})
    if not parts:
        return grades or _("全部信息")
    named = _("或").join(parts)
    return _("%(named)s（%(grades)s）") % {"named": named, "grades": grades} if grades else named


def _grades(rule: RuleDef) -> str:
    low, high = rule.grade_min, rule.grade_max
    if (low, high) == (1, 4):
        return ""
    if low == high:
        return _("第 %(grade)s 级信息") % {"grade": low}
    if low == 1:
        return _("不高于 %(grade)s 级的信息") % {"grade": high}
    if high == 4:
        return _("不低于 %(grade)s 级的信息") % {"grade": low}
    return _("第 %(low)s 至 %(high)s 级信息") % {"low": low, "high": high}


def _kinds(rule: RuleDef) -> str:
    if rule.subject_kinds is None:
        return ""
    return _("，只涉及%(kinds)s客户") % {"kinds": listed(codes.word(codes.SUBJECTS, kind) for kind in rule.subject_kinds)}


def duty(one: Obligation) -> str:
    """A duty with its parameter: 限时显示（60 秒）."""
    words = codes.word(codes.DUTIES, one.kind.value)
    if not one.value:
        return words
    value = codes.period(one.value) if one.value.startswith("P") else one.value
    return _("%(words)s（%(value)s）") % {"words": words, "value": value}


# --- conditions -----------------------------------------------------------------------------------------------------


def condition(when: Any, book: Rulebook) -> str:
    """A condition in words. What is no condition is quoted."""
    if not isinstance(when, Mapping) or len(when) != 1:
        return str(when)
    (op, operand), *_rest = when.items()
    if op in ("all", "any"):
        return _group(op, operand, book)
    if op == "not":
        return _negated(operand, book)
    return _leaf(op, operand, book)


def _group(op: str, operand: Any, book: Rulebook) -> str:
    parts = [condition(one, book) for one in operand] if isinstance(operand, (list, tuple)) else [str(operand)]
    if not parts:
        return _("总是") if op == "all" else _("从不")
    return (_("，并且") if op == "all" else _("，或者")).join(parts)


def _negated(operand: Any, book: Rulebook) -> str:
    """Without 并非 where the language has a word of its own."""
    if isinstance(operand, Mapping) and len(operand) == 1:
        (op, inner), *_rest = operand.items()
        if op == "has_consent":
            return _("客户没有就%(purpose)s同意，或尚未询问") % {"purpose": _consented(inner, book)}
        if op == "granted":
            return _("没有下列任一关系：%(relations)s") % {"relations": _relations(inner)}
        if op == "eq" and _pair(inner) and inner[0] == "subject.kind":
            return _("客户不是%(kind)s") % {"kind": codes.word(codes.SUBJECTS, inner[1])}
        if op == "state_is":
            return _("记录不处于%(states)s") % {"states": _values("subject.state", inner)}
    return _("并非（%(condition)s）") % {"condition": condition(operand, book)}


def _leaf(op: str, operand: Any, book: Rulebook) -> str:
    if op == "granted":
        return _or(_relation_words(operand))
    if op == "has_consent":
        return _("客户已就%(purpose)s同意") % {"purpose": _consented(operand, book)}
    if op == "state_is":
        return _("记录处于%(states)s") % {"states": _values("subject.state", operand)}
    if op == "is_set":
        return _("已知%(fact)s") % {"fact": fact(operand, book)}
    if not _pair(operand):
        return f"{op} {operand}"
    name, value = operand
    if name == "subject.unproven":
        is_true = (value is True) == (op == "eq")
        return _("来源或凭证不明") if is_true else _("来源和凭证清楚")
    named = {"fact": fact(name, book), "value": _values(name, value, book)}
    return {
        "eq": _("%(fact)s是%(value)s"),
        "in": _("%(fact)s是%(value)s"),
        "ne": _("%(fact)s不是%(value)s"),
        "lt": _("%(fact)s早于 %(value)s"),
        "le": _("%(fact)s不晚于 %(value)s"),
        "gt": _("%(fact)s晚于 %(value)s"),
        "ge": _("%(fact)s不早于 %(value)s"),
    }.get(op, f"{op} %(fact)s %(value)s") % named


def _pair(operand: Any) -> bool:
    return isinstance(operand, (list, tuple)) and len(operand) == 2


def _consented(operand: Any, book: Rulebook) -> str:
    first = operand if isinstance(operand, str) else operand[0] if operand else ""
    return _("这一用途") if str(first).startswith("$") else purpose(str(first), book)


def _relation_words(operand: Any) -> list[str]:
    names = [operand] if isinstance(operand, str) else list(operand)
    return [codes.word(codes.RELATIONS, name) for name in names]


def _relations(operand: Any) -> str:
    return listed(_relation_words(operand))


def _or(words: Sequence[str]) -> str:
    return _("或").join(words) or _("从不")


def _values(name: Any, value: Any, book: Rulebook | None = None) -> str:
    table = {"subject.kind": codes.SUBJECTS, "subject.state": codes.STATES, "subject.age_status": codes.AGES}.get(str(name), {})
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    key = str(name).partition(".")[2]
    choices = book.attributes[key].choices if book and str(name).startswith("facet.") and key in book.attributes else {}
    return _or([say(choices[one]) if one in choices else codes.word(table, one) for one in values])


def fact(name: Any, book: Rulebook) -> str:
    """A fact by its words; an open attribute by its label."""
    room, _dot, key = str(name).partition(".")
    return attribute(key, book) if room == "facet" else codes.word(codes.FACTS, name)


def missing(name: str, book: Rulebook) -> str:
    """A fact that nobody knows, as a preview names it: ``consent:mkt_sms/sms`` or a fact."""
    if name.startswith("consent:"):
        key = name.removeprefix("consent:").partition("/")[0]
        return _("“%(purpose)s”的同意") % {"purpose": purpose(key, book)}
    return fact(name, book)
