"""The formal document as composed: it says everything that the YAML says, in the regime's words, and nothing twice counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
import yaml

from kexin.chapters.compliance.rules.document import controls, law, words
from kexin.chapters.compliance.rules.document.blocks import Article, Document, Table, lines
from kexin.chapters.compliance.rules.document.composition import CHAPTERS, compose
from kexin.chapters.compliance.rules.document.conditions import condition
from kexin.chapters.compliance.rules.document.edition import Duty, Edition
from kexin.chapters.compliance.rules.document.numerals import numeral, period
from kexin.chapters.compliance.rules.document.responsibilities import matrix
from kexin.chapters.compliance.rules.document.sentences import sentence
from kexin.chapters.compliance.tests.completeness import absent, claims
from kexin.chapters.compliance.tests.editions import NAMES, composed, edition, shipped
from kexin.regime.rulebook import format as form
from kexin.regime.rulebook import parse
from kexin.regime.semantic import registry
from kexin.regime.semantic.masks import MASKS
from kexin.regime.types import Action, Basis, Controls, ObligationKind, Relation, Rulebook

pytestmark = pytest.mark.no_db


def retail() -> Rulebook:
    return parse(shipped()["retail"]).rulebook


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_the_yaml_says_is_in_the_document(name: str) -> None:
    wanted = claims(shipped()[name])
    assert len(wanted) > 600
    assert not absent(lines(composed(name)), wanted)


def _without(book: Rulebook) -> Iterator[tuple[str, Rulebook]]:
    """Every single item taken out of the rulebook that is composed, never out of the YAML that is asked about."""
    for section in ("purposes", "attributes", "roles", "recipients", "pias", "training", "reviews", "sharing", "sentences", "categories"):
        entries = getattr(book, section)
        for key in entries:
            yield f"{section}.{key}", replace(book, **{section: {one: entry for one, entry in entries.items() if one != key}})
    for rule in book.rules:
        yield f"rules.{rule.id}", replace(book, rules=tuple(one for one in book.rules if one is not rule))
    accessory = {key for key, one in book.purposes.items() if one.accessory}
    for key, item in book.attributes.items():
        for purpose in item.retention.keys() - accessory if item.collect else ():
            kept = {one: term for one, term in item.retention.items() if one != purpose}
            fewer = replace(item, retention=kept)
            yield f"attributes.{key}.retention.{purpose}", replace(book, attributes={**book.attributes, key: fewer})


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_left_out_of_the_composition_is_named(name: str) -> None:
    """Sensitivity: without one purpose, item, rule, period … the checker names exactly that path (among others)."""
    whole = edition(shipped()[name])
    wanted = claims(shipped()[name])
    missed = []
    tried = 0
    for path, book in _without(whole.rulebook):
        tried += 1
        found = absent(lines(compose(replace(whole, rulebook=book))), wanted)
        if not any(one == path or one.startswith((f"{path}.", f"{path}=")) for one in found):
            missed.append(path)
    assert tried > 150 and not missed


def test_a_word_left_out_of_a_rule_is_named() -> None:
    whole = edition(shipped()["retail"])
    book = whole.rulebook
    rules = {rule.id: rule for rule in book.rules}
    wanted = claims(shipped()["retail"])

    def without(rule: str, **change: Any) -> list[str]:
        changed = replace(rules[rule], **change)
        changed_book = replace(book, rules=tuple(changed if one.id == rule else one for one in book.rules))
        return absent(lines(compose(replace(whole, rulebook=changed_book))), wanted)

    assert without("sales-own", roles=("sales",)) == ["rules.sales-own.roles=销售主管"]
    assert without("sales-own", purposes=("presale", "service")) == ["rules.sales-own.purposes=企业客户合同与联系人管理"]
    assert without("agent-real-name", obligations=rules["agent-real-name"].obligations[:-1]) == [
        "rules.agent-real-name.obligations=完整信息显示60秒后自动隐藏"
    ]
    assert without("minors", article="") == ["rules.minors.article"]


def _body(document: Document) -> Iterator[str]:
    """The twelve chapters, without cover, appendices, and the numbers by which the system knows things."""
    ids = re.compile(r"规则编号：[a-z0-9-]+")
    for part in document.parts[:12]:
        yield part.heading
        yield from (ids.sub("", line) for line in lines(replace(document, cover=(), history=Table(caption="", columns=(), rows=()), parts=(part,))))


@pytest.mark.parametrize("name", NAMES)
def test_no_internal_word_stands_in_the_chapters(name: str) -> None:
    """Latin letters come from the company's own texts, the names of standards and of methods; never from a code."""
    source = yaml.safe_load(shipped()[name])
    own = set(re.findall(r"[A-Za-z][A-Za-z0-9_.@-]*", "\n".join(_texts(source))))
    keys = {key for section in ("recipients", "pias", "training") for key in source.get(section, {})}
    examples = {part for one in registry().values() for part in re.findall(r"[A-Za-z][A-Za-z0-9_.@-]*", one.mask(one.example))}
    known = own | keys | examples | {"GB", "T", "AES-256", "SHA-256", "B", "IP", "QQ", "KHXX-V003-" + composed(name).cover[0][1][-8:]}
    found = {
        word for line in _body(composed(name)) for word in re.findall(r"[A-Za-z][A-Za-z0-9_.@-]*", line) if word not in known
    }
    assert not {word for word in found if not re.fullmatch(r"[A-Za-z*]", word)}


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (text for key, child in node.items() if key != "en" for text in _texts(child))
    elif isinstance(node, list):
        yield from (text for child in node for text in _texts(child))
    elif isinstance(node, str) and (re.search(r"[\u4e00-\u9fff@]", node) or re.search(r"[A-Z0-9]", node)):
        yield node


def test_every_closed_code_has_its_word() -> None:
    assert set(words.ACTIONS) == set(Action) and set(words.BASES) == set(Basis)
    assert set(words.DUTIES) == set(ObligationKind) and set(words.RELATIONS) == set(Relation)
    assert set(controls.CONTROLS) == {one.name for one in fields(Controls)}
    for table, codes in (
        (words.STARTS, form.STARTS), (words.ENDINGS, form.ENDINGS), (words.SEARCHES, form.SEARCHES), (words.CHANNELS, form.CHANNELS),
        (words.CONSENTS, form.CONSENT_KINDS), (words.KINDS, form.SUBJECT_KINDS), (words.MASKS, MASKS),
    ):  # fmt: skip
        assert set(table) == set(codes)
    for name in NAMES:
        book = parse(shipped()[name]).rulebook
        assert {one for role in book.roles.values() for one in role.permissions} <= set(words.PERMISSIONS), name
        assert set(book.reviews) <= set(controls.REVIEWS), name


def test_the_chapters_are_the_regimes_ten_between_general_and_closing() -> None:
    titles = [part.title for part in composed("retail").parts]
    assert titles[1:11] == [title for title, _body in CHAPTERS.values()]
    assert titles[0] == "总则" and titles[11] == "附则" and len(titles) == 17
    counted = [block.number for part in composed("retail").parts for block in part.blocks if isinstance(block, Article)]
    assert counted == list(range(1, len(counted) + 1)) and len(counted) > 100
    for part in composed("retail").parts[1:11]:
        captions = [block.caption for block in part.blocks if isinstance(block, Table)]
        assert "办理流程" in captions and "责任权限表" in captions


def test_a_draft_says_that_it_is_one() -> None:
    whole = edition(shipped()["retail"])
    draft = compose(Edition(rulebook=whole.rulebook, state="draft", composed_on=date(2026, 11, 28)))
    assert draft.watermark == "草稿" and "本文本未经签署，不具有效力。" in set(lines(draft))
    assert dict(draft.cover)["状态"] == "草稿，未经签署" and dict(draft.cover)["生效日期"] == "待签署后确定"
    assert compose(replace(whole, state="waiting", effective_at=None)).watermark == "草稿"
    assert compose(whole).watermark == ""


def test_the_same_edition_gives_the_same_document() -> None:
    assert compose(edition(shipped()["retail"])) == composed("retail")


CONDITIONS = {
    "操作人是该客户的负责人或者属于负责该客户的团队": {"granted": ("owner", "team")},
    "操作人不具备下列任何一项：是该客户的负责人；属于负责该客户的团队": {"not": {"granted": ("owner", "team")}},
    "操作人未取得有效批准": {"not": {"granted": "approval"}},
    "操作人无权领用该客户所在的公共客户池": {"not": {"granted": ("pool",)}},
    "客户记录状态不为封存或者限制处理或者正在删除": {"not": {"state_is": ("frozen", "erasing")}},
    "客户信息来源和凭证清楚": {"eq": ("subject.unproven", False)},
    "客户信息来源或者凭证不明": {"ne": ("subject.unproven", False)},
    "客户类型不为自然人": {"not": {"eq": ("subject.kind", "person")}},
    "客户本人最后一次联系的时间不早于2026年1月1日 00:00": {"not": {"lt": ("subject.contact_at", "2026-01-01T00:00:00+08:00")}},
    "客户的“客户级别”为“贵宾”": {"in": ("facet.level", ("vip",))},
    "客户的“城市”已知": {"is_set": "facet.city"},
    "客户未就“短信营销”和短信渠道作出有效同意": {"not": {"has_consent": ("mkt_sms", "sms")}},
    "（客户类型为自然人，并且操作人是该客户的负责人），或者操作人已取得有效批准": {
        "any": ({"all": ({"eq": ("subject.kind", "person")}, {"granted": "owner"})}, {"granted": "approval"})
    },
    "客户类型不为自然人，或者操作人不是该客户的负责人": {
        "not": {"all": ({"eq": ("subject.kind", "person")}, {"granted": "owner"})}
    },
    "不存在的情形": {"any": ()},
    "": {"all": ()},
    "条件尚待更正": {"matches": ("subject.kind", ".*")},
}  # fmt: skip


@pytest.mark.parametrize("clause", CONDITIONS, ids=range(len(CONDITIONS)))
def test_conditions_in_words(clause: str) -> None:
    assert condition(retail(), CONDITIONS[clause]) == clause


def test_a_rule_is_one_sentence() -> None:
    rules = {rule.id: rule for rule in retail().rules}
    assert sentence(retail(), rules["sales-export-own"]) == (
        "销售、销售主管为“询价与商机跟进”“客服与售后”“企业客户合同与联系人管理”之目的，在操作人是该客户的负责人或者属于负责该客户的团队的条件下，"
        "可以导出3级以下（含3级）客户信息，仅限脱敏形式；逐次留存操作记录；加注可追溯到操作人的水印"
    )
    assert sentence(retail(), rules["sensitive-not-analysed"]) == (
        "无论何种处理目的，任何岗位和系统服务不得分析、排序4级客户信息"
    )
    narrowed = replace(rules["sensitive-not-analysed"], purposes=("operation",), subject_kinds=("person",), grade_min=2, grade_max=3)
    assert sentence(retail(), narrowed) == (
        "处理目的为“交易与服务”及其下级目的，任何岗位和系统服务不得分析、排序自然人客户的2级至3级客户信息"
    )


def test_the_table_of_responsibilities_is_the_rules() -> None:
    table = matrix(retail(), 7)
    headed = [column.title for column in table.columns]
    rows = {row.cells[0][0]: dict(zip(headed, (cell[0] for cell in row.cells), strict=True)) for row in table.rows}
    assert rows["销售"]["查看"] == "完整※" and rows["市场"]["查看"] == "" and rows["市场"]["联系"] == "完整※"
    assert rows["财务"]["录入变更"] == "完整" and "导出" not in headed
    assert "转交客户" in rows["销售主管"]["职责和管理权限"]


def test_numbers_and_periods() -> None:
    said = {1: "一", 10: "十", 11: "十一", 20: "二十", 105: "一百零五", 110: "一百一十", 1034: "一千零三十四", 1304: "一千三百零四", 2000: "二千"}
    assert {number: numeral(number) for number in said} == said
    assert [period(one) for one in ("P3Y", "P1Y6M", "P0D", "PT90M", "P2W", "P0Y0M1D")] == ["3年", "1年6个月", "即时", "90分钟", "2周", "1日"]


def test_laws_are_cited_by_their_articles() -> None:
    def duty(source: str, article: str, mark: str = "V") -> Duty:
        return Duty(source=source, article=article, mark=mark, chapters=(1, 2, 3))

    rows = law.rows(
        (
            duty("个人信息保护法", "24(1)"), duty("个人信息保护法", "25–26"), duty("个人信息保护法", "13"), duty("网络安全法（2025 年修正）", "23", "M"),
            duty("消费者权益保护法实施条例", "23 (2024-07-01)", "S"), duty("GB/T 35273-2020", "5.4 e"), duty("GB/T 35273-2020", "5.3, C.4"),
            duty("个人信息出境标准合同办法", "5"), duty("人脸识别技术应用安全管理办法", ""),
        )
    )  # fmt: skip
    assert [(one.cells[0][0], one.cells[1][0], one.cells[3][0]) for one in rows] == [
        ("《个人信息保护法》", "第十三条、第二十四条至第二十六条", "已核对公布文本"),
        ("《网络安全法》（2025年修正）", "第二十三条", "待法务核对"),
        ("《消费者权益保护法实施条例》", "第二十三条", "据二手资料，待核对"),
        ("GB/T 35273-2020", "5.3、5.4", "已核对公布文本"),
        ("《个人信息出境标准合同办法》", "第五条", "已核对公布文本"),
        ("《人脸识别技术应用安全管理办法》", "全文", "已核对公布文本"),
    ]
    assert rows[0].cells[2] == ("第二章至第四章",)
    everybody = duty("反洗钱法（2024 年修订）", "34")
    banks = replace(everybody, profile="financial")
    assert law.under((everybody, banks), switches=()) == (everybody,)
    assert law.under((banks,), switches=("financial",)) == (banks,)
