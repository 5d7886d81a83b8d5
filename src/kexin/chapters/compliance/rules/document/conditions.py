"""A rule's condition as a Chinese clause. Reads the plain data of the rulebook; what it cannot read it says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kexin.chapters.compliance.rules.document.numerals import either, moment
from kexin.chapters.compliance.rules.document.words import (
    CHANNELS,
    FACTS,
    RELATIONS,
    VALUES,
    attribute,
    purpose,
    said,
    zh,
)
from kexin.regime.types import Relation, Rulebook

#: Names that stand for the purpose of the question and its channel.
_THIS_PURPOSE, _THIS_CHANNEL = "$purpose", "$channel"
_FACET = "facet."
_COMPARED = {"eq": "为", "ne": "不为", "lt": "早于", "le": "不晚于", "gt": "晚于", "ge": "不早于"}
_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def condition(book: Rulebook, data: Any) -> str:
    """The clause of a condition: 操作人是该客户的负责人. "" for one that always holds."""
    if data is None or data == {"all": ()}:
        return ""
    return _node(book, data, yes=True)


def _node(book: Rulebook, data: Any, *, yes: bool) -> str:
    """One node, or its opposite. De Morgan's laws take the place of a 不 before a bracket."""
    if not isinstance(data, Mapping) or len(data) != 1:
        return "条件尚待更正"
    operator, operand = next(iter(data.items()))
    if operator == "not":
        return _node(book, operand, yes=not yes)
    if operator in ("all", "any"):
        return _group(book, operator, operand, yes=yes)
    if operator in _COMPARED and isinstance(operand, Sequence) and len(operand) == 2:
        return _compared(book, operator if yes else _OPPOSITE[operator], operand)
    reader = _LEAVES.get(str(operator))
    return reader(book, operand, yes) if reader else "条件尚待更正"


def _group(book: Rulebook, operator: str, parts: Any, *, yes: bool) -> str:
    """All and any; an empty one is always, or never, so."""
    together = (operator == "all") == yes
    if not parts:
        return "任何情形" if together else "不存在的情形"
    clauses = [_node(book, part, yes=yes) for part in parts]
    if len(clauses) == 1:
        return clauses[0]
    if together:
        return "，并且".join(f"（{one}）" if "，或者" in one else one for one in clauses)
    return "，或者".join(f"（{one}）" if "，并且" in one else one for one in clauses)


def _compared(book: Rulebook, operator: str, operand: Any) -> str:
    fact, value = operand
    if isinstance(value, bool):
        holds = value == (operator == "eq")
        return _truth(str(fact), holds)
    instant = _instant(value)
    told = moment(instant) if instant and operator in _COMPARED else _value(book, str(fact), str(value))
    return f"{_fact(book, str(fact))}{_COMPARED[operator]}{told}"


def _truth(fact: str, holds: bool) -> str:
    """subject.unproven is the one fact that is true or false."""
    if fact == "subject.unproven":
        return FACTS[fact] if holds else "客户信息来源和凭证清楚"
    return f"{said(FACTS, fact)}{'成立' if holds else '不成立'}"


def _instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 15 else None
    except ValueError:
        return None


def _fact(book: Rulebook, name: str) -> str:
    if name.startswith(_FACET):
        return f"客户的“{attribute(book, name.removeprefix(_FACET))}”"
    return said(FACTS, name)


def _value(book: Rulebook, fact: str, code: str) -> str:
    if fact.startswith(_FACET):
        known = book.attributes.get(fact.removeprefix(_FACET))
        text = known.choices.get(code) if known else None
        return f"“{zh(text) if text else code}”"
    return said(VALUES.get(fact, {}), code)


def _among(book: Rulebook, operand: Any, yes: bool) -> str:
    fact, codes = operand
    told = either(_value(book, str(fact), str(code)) for code in codes) or "不存在的取值"
    return f"{_fact(book, str(fact))}{'为' if yes else '不为'}{told}"


def _state(book: Rulebook, operand: Any, yes: bool) -> str:
    return _among(book, ("subject.state", (operand,) if isinstance(operand, str) else operand), yes)


def _known(book: Rulebook, operand: Any, yes: bool) -> str:
    return f"{_fact(book, str(operand))}{'已知' if yes else '不明'}"


def _granted(book: Rulebook, operand: Any, yes: bool) -> str:
    names = [operand] if isinstance(operand, str) else list(operand)
    words = [RELATIONS[Relation(name)] if name in list(Relation) else f"具有“{name}”关系" for name in names]
    if not words:
        return "不存在的情形" if yes else "任何情形"
    if yes:
        return f"操作人{either(words)}"
    return f"操作人不具备下列任何一项：{'；'.join(words)}" if len(words) > 1 else f"操作人{_denied(words[0])}"


def _denied(words: str) -> str:
    """是该客户的负责人 -> 不是该客户的负责人; 已取得有效批准 -> 未取得有效批准."""
    for begins, denied in (("已", "未"), ("是", "不是"), ("有权", "无权")):
        if words.startswith(begins):
            return denied + words.removeprefix(begins)
    return f"不{words}"


def _consent(book: Rulebook, operand: Any, yes: bool) -> str:
    given = [operand] if isinstance(operand, str) else list(operand)
    which = str(given[0])
    purpose_said = "该处理目的" if which == _THIS_PURPOSE else f"“{purpose(book, which)}”"
    channel = str(given[1]) if len(given) > 1 else ""
    through = ""
    if channel and channel != _THIS_CHANNEL:
        through = f"和{said(CHANNELS, channel)}渠道"
    elif channel == _THIS_CHANNEL:
        through = "（有专门渠道的，并就该渠道）"
    return f"客户{'已' if yes else '未'}就{purpose_said}{through}作出有效同意"


_LEAVES: Mapping[str, Callable[[Rulebook, Any, bool], str]] = {
    "in": _among,
    "state_is": _state,
    "is_set": _known,
    "granted": _granted,
    "has_consent": _consent,
}
