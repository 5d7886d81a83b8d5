"""A rulebook to the formal document: cover, revisions, twelve chapters, five appendices. The way into this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from kexin.chapters.compliance.rules.document import appendices, general, handling, serving
from kexin.chapters.compliance.rules.document.blocks import (
    Article,
    Block,
    Clauses,
    Document,
    Paragraph,
    Part,
    Table,
    columns,
    row,
)
from kexin.chapters.compliance.rules.document.controls import controls_of, reviews_of
from kexin.chapters.compliance.rules.document.edition import STATES, Edition
from kexin.chapters.compliance.rules.document.flows import flow
from kexin.chapters.compliance.rules.document.numerals import day, listed, numeral
from kexin.chapters.compliance.rules.document.responsibilities import LEGEND, matrix
from kexin.chapters.compliance.rules.document.sentences import chapter_of, sourced
from kexin.chapters.compliance.rules.document.words import zh
from kexin.foundation.clock import cn
from kexin.regime.types import Effect, Rulebook

#: The ten chapters of the regime in their own words and order.
CHAPTERS: Mapping[int, tuple[str, Callable[[Rulebook], tuple[Block, ...]]]] = {
    1: ("数据收集", handling.collection),
    2: ("数据存储", handling.storage),
    3: ("数据安全", handling.security),
    4: ("数据分析", handling.analysis),
    5: ("数据共享", handling.sharing),
    6: ("客户隐私保护", serving.privacy),
    7: ("客户关系管理", serving.relations),
    8: ("员工培训和管理", serving.training),
    9: ("法律合规", serving.compliance),
    10: ("客户反馈和改进", serving.feedback),
}
WATERMARK = "草稿"


def compose(edition: Edition) -> Document:
    """The whole document. Pure: the same edition gives the same document."""
    book = edition.rulebook
    chapters = (
        ("总则", general.general(edition)),
        *((title, (*body(book), *_shared(book, number))) for number, (title, body) in CHAPTERS.items()),
        ("附则", general.closing(edition)),
    )
    parts = [
        Part(number=f"第{numeral(place)}章", title=title, blocks=blocks) for place, (title, blocks) in enumerate(chapters, 1)
    ]
    return Document(
        company=book.company.name,
        title=zh(book.title) or "客户信息管理制度",
        edition=_edition(edition),
        watermark="" if edition.is_signed else WATERMARK,
        cover=tuple(_cover(edition)),
        history=_history(edition),
        parts=(*_numbered(parts), *_appendices(edition)),
        on=_on(edition),
    )


def code(edition: Edition) -> str:
    """The document's number: the house's letters, the version, the first eight digits of the text's digest."""
    place = f"V{edition.number:03d}" if edition.number else "CG"
    return f"KHXX-{place}-{edition.rulebook.sha256[:8].upper()}"


def _edition(edition: Edition) -> str:
    return f"第{edition.number}版" if edition.number else "草稿"


def _on(edition: Edition) -> str:
    """The day that the file's properties carry."""
    instant = edition.effective_at or edition.drafted_at
    if instant is not None:
        return cn(instant).date().isoformat()
    return edition.composed_on.isoformat() if edition.composed_on else "2000-01-01"


def _cover(edition: Edition) -> Iterator[tuple[str, str]]:
    yield "文件编号", code(edition)
    yield "版本", _edition(edition)
    yield "状态", STATES[edition.state]
    yield "密级", "内部"
    yield "生效日期", day(edition.effective_at) if edition.effective_at else "待签署后确定"
    for signing in edition.signings:
        yield signing.capacity, f"{signing.name}　{day(signing.at)}"
    if not edition.signings:
        yield "起草和签署", "未经签署"


def _history(edition: Edition) -> Table:
    headed = columns(("版本", 9), ("状态", 19), ("起草", 18), ("签署", 16), ("生效日期", 17), ("修订性质", 21))
    rows = tuple(
        row(
            f"第{one.number}版",
            STATES[one.state],
            (one.drafter, day(one.drafted_at)),
            listed(one.signers),
            day(one.effective_at) if one.effective_at else "—",
            ("首次制定" if one.number == 1 else "含放宽或者新增的处理" if one.loosens else "收紧或者文字修订", f"原文摘要 {one.sha256[:12]}"),
        )
        for one in edition.history
    )
    return Table(caption="修订记录", columns=headed, rows=rows or (row("草稿", STATES[edition.state], "", "", "", ""),))


def _shared(book: Rulebook, chapter: int) -> Iterator[Block]:
    """What every one of the ten chapters ends with: rules in force, controls, reviews, flow, responsibilities."""
    rules = [rule for rule in book.rules if chapter_of(rule) == chapter]
    for effect, title, lead in (
        (Effect.PERMIT, "许可规则", "本章事项中，下列操作可以进行："),
        (Effect.FORBID, "禁止规则", "本章事项中，下列操作不得进行："),
    ):
        if chosen := [sourced(book, rule) for rule in rules if rule.effect is effect]:
            yield Article(title=title, text=lead)
            yield Clauses(items=tuple(chosen))
    if demanded := controls_of(book, chapter):
        yield Article(title="控制要求", text="执行本章应当符合下列要求：")
        yield Table(caption="控制要求", columns=columns(("事项", 30), ("要求", 70)), rows=demanded)
    if reviews := reviews_of(book, chapter):
        yield Article(title="定期评审", text="本章事项按下列周期评审，评审结果和整改情况留存记录：")
        yield Table(caption="评审周期", columns=columns(("事项", 60), ("周期", 40)), rows=reviews)
    yield Article(title="流程", text="本章事项按下列步骤办理，上一步未完成的，不得进入下一步：")
    headed = columns(("步骤", 8), ("名称", 16), ("工作内容", 42), ("责任岗位", 16), ("留存证据", 18))
    yield Table(caption="办理流程", columns=headed, rows=flow(book, chapter))
    yield Article(title="责任和权限", text="本章各岗位的责任和权限如下：")
    table = matrix(book, chapter)
    yield table
    if len(table.columns) > 2:
        yield Paragraph(text=LEGEND)


def _appendices(edition: Edition) -> tuple[Part, ...]:
    book = edition.rulebook
    told = (
        ("信息目录", appendices.items(book), True),
        ("处理目的、同意和收集清单", appendices.aims(book), True),
        ("规则清单", appendices.rules(book), True),
        ("术语和标识", appendices.glossary(book), False),
        ("签署和原文核对", appendices.proof(edition), False),
    )
    return tuple(
        Part(number=f"附录{numeral(place)}", title=title, blocks=blocks, wide=wide)
        for place, (title, blocks, wide) in enumerate(told, 1)
    )


def _numbered(parts: list[Part]) -> Iterator[Part]:
    """Count the articles through all chapters, as a law does."""
    count = 0
    for part in parts:
        blocks: list[Block] = []
        for block in part.blocks:
            if isinstance(block, Article):
                count += 1
                block = replace(block, number=count)
            blocks.append(block)
        yield replace(part, blocks=tuple(blocks))
