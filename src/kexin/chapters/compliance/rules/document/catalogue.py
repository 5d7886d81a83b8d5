"""The catalogue, the purposes and the periods of a rulebook as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kexin.chapters.compliance.rules.document.blocks import Row, row
from kexin.chapters.compliance.rules.document.numerals import either, listed, period
from kexin.chapters.compliance.rules.document.words import (
    BASES,
    CHANNELS,
    CONSENTS,
    ENDINGS,
    KINDS,
    MASKS,
    NEEDS,
    SEARCHES,
    SOURCES,
    STARTS,
    STORAGES,
    assessment,
    attribute,
    category,
    purpose,
    role,
    said,
    zh,
)
from kexin.regime.semantic import registry
from kexin.regime.types import AttributeDef, PurposeDef, RetentionDef, Rulebook


def collected(book: Rulebook) -> Iterator[AttributeDef]:
    """The items that may be collected, in the catalogue's order."""
    return (one for one in book.attributes.values() if one.collect)


def refused(book: Rulebook) -> Iterator[AttributeDef]:
    """The items that stand in the catalogue so that they can be refused by name."""
    return (one for one in book.attributes.values() if not one.collect)


def accessories(book: Rulebook) -> Iterator[PurposeDef]:
    """Purposes that work on whatever others hold."""
    return (one for one in book.purposes.values() if one.accessory)


def kept(term: RetentionDef) -> str:
    """自订单或者合同履行完毕之日起保存3年，期满删除; 核验完成之日即行删除."""
    start, end = said(STARTS, term.start), said(ENDINGS, term.then)
    if (length := period(term.keep)) == "即时":
        return f"{start}即行{end}"
    return f"自{start}起保存{length}，期满{end}"


def sensitivity(one: AttributeDef) -> str:
    """What kind of information it is before the law."""
    if not one.personal:
        return "非个人信息"
    if one.sensitive:
        return "敏感个人信息"
    return "参照敏感个人信息保护" if one.careful else "一般个人信息"


def mask(one: AttributeDef) -> str:
    """What stays visible, with an example of the type."""
    words = MASKS.get(one.mask, MASKS["hidden"])
    known = registry().get(one.type)
    shown = known.mask(known.example, one.mask) if known and one.mask not in ("none", "hidden") else ""
    return words + (f"，如 {shown}" if shown else "")


def kind(one: AttributeDef) -> str:
    """The semantic type's name."""
    known = registry().get(one.type)
    return known.label["zh"] if known else f"“{one.type}”"


def own_terms(book: Rulebook, one: AttributeDef, general: Mapping[str, RetentionDef]) -> Iterator[tuple[str, str]]:
    """(purpose, need) that an item is bound to by its own entry; the accessory ones, which every item has, are said once
    for all (``general``), unless the item keeps a period of its own for them."""
    for key, need in one.purposes.items():
        defined = book.purposes.get(key)
        if defined is None or not defined.accessory or one.retention.get(key) != general.get(key):
            yield key, need


def general_terms(book: Rulebook) -> dict[str, RetentionDef]:
    """Accessory purpose -> the period that most items have for it, which is the purpose's own."""
    found: dict[str, list[RetentionDef]] = {}
    for one in collected(book):
        for defined in accessories(book):
            if defined.key in one.retention:
                found.setdefault(defined.key, []).append(one.retention[defined.key])
    return {key: max(terms, key=terms.count) for key, terms in found.items()}


def entry(book: Rulebook, one: AttributeDef, place: int, general: Mapping[str, RetentionDef]) -> Row:
    """One item of appendix 1, whole."""
    return row(
        str(place),
        (zh(one.label), one.key),
        _classes(book, one),
        _keeping(one),
        tuple(_terms(book, one, general)) or ("未绑定处理目的，不得使用" if one.collect else "不得收集",),
        tuple(_remarks(book, one)),
    )


def _classes(book: Rulebook, one: AttributeDef) -> tuple[str, ...]:
    lines = [category(book, one.category), zh(book.grades[one.grade]), sensitivity(one)]
    lines.append(f"适用于{either(KINDS[kind] for kind in one.subject_kinds)}客户")
    return (*lines, "必填") if one.required else tuple(lines)


def _keeping(one: AttributeDef) -> tuple[str, ...]:
    if not one.collect:
        return (f"类型：{kind(one)}", f"脱敏：{mask(one)}")
    lines = [f"类型：{kind(one)}", f"存储：{said(STORAGES, one.storage)}"]
    lines.append(f"脱敏：{mask(one)}")
    lines.append(f"列表显示：{'完整' if one.display == 'full' else '脱敏'}")
    if one.search:
        lines.append(f"检索：{listed(said(SEARCHES, how) for how in one.search)}")
    return tuple(lines)


def _terms(book: Rulebook, one: AttributeDef, general: Mapping[str, RetentionDef]) -> Iterator[str]:
    for key, need in own_terms(book, one, general):
        term = one.retention.get(key)
        until = kept(term) + (f"（{term.article}）" if term.article else "") if term else "保存期限待定"
        yield f"{purpose(book, key)}（{NEEDS[need]}）：{until}"


def _remarks(book: Rulebook, one: AttributeDef) -> Iterator[str]:
    told = (
        ("收集的必要性", zh(one.necessity)),
        ("对个人权益的影响", zh(one.impact)),
        ("影响评估", assessment(book, one.pia) if one.pia else ""),
        ("填写提示", zh(one.hint)),
        ("取值", listed(zh(text) for text in one.choices.values())),
        ("来源", listed(said(SOURCES, code) for code in one.source)),
        ("依据", one.article),
        ("责任岗位", role(book, one.owner)),
    )
    yield from (f"{label}：{text}" for label, text in told if text)


def grounds(book: Rulebook, one: PurposeDef) -> str:
    """The legal bases of a purpose, in their order."""
    if book.prohibited(one.key):
        return "禁止"
    return _bases(one) or "随下级目的"


def _bases(one: PurposeDef) -> str:
    return "；或者".join(BASES[basis] for basis in one.bases)


def asked(one: PurposeDef) -> str:
    """How consent is taken where a basis is consent: kind, channel, how long it holds."""
    if not one.consent_kind:
        return ""
    parts = [said(CONSENTS, one.consent_kind)]
    if one.channel:
        parts.append(f"逐渠道征求（{said(CHANNELS, one.channel)}）")
    if one.consent_valid:
        parts.append(f"有效期{period(one.consent_valid)}，期满重新征求")
    return "，".join(parts)


def aim(book: Rulebook, one: PurposeDef) -> Row:
    """One purpose of the table in 数据收集: name, basis, need, article, who answers for it."""
    need = "禁止" if book.prohibited(one.key) else "附随" if one.accessory else "是" if one.necessary else "否"
    return row(zh(one.label), grounds(book, one), need, one.article, role(book, one.owner))


def aim_entry(book: Rulebook, one: PurposeDef) -> Row:
    """One purpose of appendix 2, whole, with the items that serve it."""
    facts = [grounds(book, one), f"依据：{one.article}" if one.article else "", asked(one)]
    facts.append(f"解除禁止须修订本制度，其合法性基础为：{_bases(one)}" if book.prohibited(one.key) and one.bases else "")
    facts.append(f"渠道：{said(CHANNELS, one.channel)}" if one.channel and not one.consent_kind else "")
    facts.append(f"影响评估：{assessment(book, one.pia)}" if one.pia else "")
    facts.append(f"目的的终止：自{said(STARTS, one.ends.start)}起满{period(one.ends.keep)}" if one.ends else "")
    facts.append("附随目的：使用其他目的已保存的信息，不延长保存期限" if one.accessory else "")
    bound = {need: [zh(item.label) for item in collected(book) if item.purposes.get(one.key) == need] for need in NEEDS}
    items = ["全部已收集的信息项"] if one.accessory else [
        f"{NEEDS[need]}：{listed(names)}" for need, names in bound.items() if names
    ]  # fmt: skip
    return row(
        (zh(one.label), one.key),
        (purpose(book, one.parent) if one.parent else "—"),
        tuple(filter(None, facts)),
        (zh(one.description) or "—", f"责任岗位：{role(book, one.owner)}"),
        tuple(items),
    )


def periods(book: Rulebook) -> tuple[Row, ...]:
    """The table of periods: each period with its article, and the purposes and items that it holds for."""
    users: dict[RetentionDef, dict[str, list[str]]] = {}
    general = general_terms(book)
    for one in collected(book):
        for key, _need in own_terms(book, one, general):
            if term := one.retention.get(key):
                users.setdefault(term, {}).setdefault(key, []).append(one.key)
    for key, term in general.items():
        users.setdefault(term, {}).setdefault(key, [])
    return tuple(
        row(kept(term), term.article, tuple(
            f"{purpose(book, key)}：{listed(attribute(book, item) for item in items) or '全部信息项'}" for key, items in used.items()
        ))
        for term, used in users.items()
    )  # fmt: skip


def masks(book: Rulebook) -> tuple[Row, ...]:
    """Mask rule -> what stays visible, an example, the items."""
    users: dict[str, list[AttributeDef]] = {}
    for one in collected(book):
        users.setdefault(one.mask, []).append(one)
    rows = []
    for items in users.values():
        words, _comma, example = mask(items[0]).partition("，如 ")
        rows.append(row(words, example, listed(zh(one.label) for one in items)))
    return tuple(rows)
