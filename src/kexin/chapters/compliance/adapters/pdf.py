"""The formal document as PDF, set by Typst within this process: offline, with the fonts of the host, the same bytes each time."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import typst
from django.utils.translation import gettext_lazy as _

from kexin.chapters.compliance.rules.document.blocks import Article, Block, Clauses, Document, Paragraph, Table
from kexin.chapters.compliance.rules.document.numerals import clause, ordinal
from kexin.foundation.problems import Unavailable

#: Families with Chinese characters, the best first; a host has some of them.
SERIF = ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN", "Songti SC", "SimSun", "AR PL SungtiL GB")
SANS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "SimHei", "Microsoft YaHei",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
)  # fmt: skip
#: Rarer characters (extensions B and later) stand in these.
RARE = ("HanaMinB", "SimSun-ExtB", "Noto Serif CJK TC", "Noto Sans CJK TC", "Noto Serif CJK JP", "Noto Serif CJK HK")


class FontsMissing(Unavailable):
    """No font of this host has Chinese characters: a PDF would be boxes."""

    code = "fonts-missing"
    title = _("没有生成 PDF：这台主机没有中文字体")


def render(document: Document) -> bytes:
    """The PDF (PDF/A-2b). Raises FontsMissing."""
    fonts = _fonts()
    told = {**_data(document), "fonts": _chosen(frozenset(fonts.families()))}
    template = resources.files(__package__).joinpath("rulebook.typ").read_bytes()
    made = typst.Compiler(template, font_paths=fonts).compile(
        format="pdf", sys_inputs={"document": json.dumps(told, ensure_ascii=False)}, pdf_standards=["a-2b"]
    )
    assert isinstance(made, bytes)  # a list stands for pictures alone
    return made


@cache
def _fonts() -> typst.Fonts:
    """The host's fonts, looked through once in a process."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def _chosen(families: frozenset[str]) -> dict[str, list[str]]:
    """Fonts for text and for headings; where the host has one kind only, it serves for both."""
    serif = [name for name in SERIF if name in families]
    sans = [name for name in SANS if name in families]
    if not serif and not sans:
        raise FontsMissing(remedy=_("请管理员安装中文字体（如 fonts-noto-cjk）后重试，或下载 Word 版"), who=_("系统管理员"))
    rare = [name for name in RARE if name in families]
    return {"body": [*(serif or sans)[:1], *rare], "head": [*(sans or serif)[:1], *rare]}


def _data(document: Document) -> dict[str, Any]:
    return {
        "company": document.company,
        "title": document.title,
        "edition": document.edition,
        "code": document.cover[0][1],
        "watermark": document.watermark,
        "on": [int(part) for part in document.on.split("-")],
        "cover": [list(pair) for pair in document.cover],
        "history": _block(document.history),
        "parts": [
            {"heading": part.heading, "wide": part.wide, "blocks": [_block(block) for block in part.blocks]}
            for part in document.parts
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Article(title=title, text=text, number=number):
            return {"kind": "article", "label": f"{ordinal(number)}【{title}】", "text": text}
        case Clauses(items=items):
            return {"kind": "clauses", "items": [[clause(place), item] for place, item in enumerate(items, 1)]}
        case Table(caption=caption, columns=columns, rows=rows):
            return {
                "kind": "table",
                "caption": caption,
                "columns": [[column.title, column.share] for column in columns],
                "rows": [[list(cell) for cell in row.cells] for row in rows],
            }
        case Paragraph(text=text):
            return {"kind": "paragraph", "text": text}
