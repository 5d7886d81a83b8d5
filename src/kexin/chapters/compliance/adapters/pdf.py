"""The formal document as PDF, set by Typst in a process of its own: offline, the host's fonts, the same bytes each time."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from importlib import resources
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.chapters.compliance.adapters import typesetting
from kexin.chapters.compliance.adapters.rendering import ComponentMissing
from kexin.chapters.compliance.rules.document.blocks import Article, Block, Clauses, Document, Paragraph, Table
from kexin.chapters.compliance.rules.document.numerals import clause, ordinal
from kexin.foundation.problems import Unavailable

_log = logging.getLogger(__name__)
#: Seconds after which a child that has not answered is ended.
WALL_S = 90


class FontsMissing(Unavailable):
    """No font of this host has Chinese characters: a PDF would be boxes."""

    code = "fonts-missing"
    title = _("没有生成 PDF：这台主机没有中文字体")


class NotSet(Unavailable):
    """The child that sets the pages was stopped by one of its limits, or died."""

    code = "document-not-set"
    title = _("没有生成 PDF：排版没有完成")


def render(document: Document) -> bytes:
    """The PDF (PDF/A-2b). Raises FontsMissing, ComponentMissing, NotSet."""
    template = resources.files(__package__).joinpath("rulebook.typ").read_text(encoding="utf-8")
    asked = json.dumps({"template": template, "document": _data(document)}, ensure_ascii=False).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-I", typesetting.__file__],
            input=asked, capture_output=True, check=False, timeout=WALL_S,
            env={"PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotSet(remedy=_("请稍后重试，或下载 Word 版")) from None
    if done.returncode == typesetting.NO_FONTS:
        raise FontsMissing(remedy=_("请管理员安装中文字体（如 fonts-noto-cjk）后重试，或下载 Word 版"), who=_("系统管理员"))
    if done.returncode == typesetting.NO_TYPST:
        raise ComponentMissing(remedy="pip install 'kexin[documents]'", who=_("系统管理员"))
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        # Typst's complaint names places of our template, never of the rulebook's text.
        _log.error("typesetting ended with %s: %s", done.returncode, done.stderr.decode(errors="replace")[-400:])
        raise NotSet(remedy=_("请稍后重试，或下载 Word 版"))
    return done.stdout


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
