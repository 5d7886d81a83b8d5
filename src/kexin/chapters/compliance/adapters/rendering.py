"""A composed document as a file. The libraries are heavy, so each is loaded when its first file is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext_lazy as _

from kexin.chapters.compliance.rules.document.blocks import Document
from kexin.foundation.problems import Unavailable

#: Format -> the type that a browser is told.
CONTENT_TYPES: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


class ComponentMissing(Unavailable):
    """The packages of the group `documents` are not installed."""

    code = "documents-missing"
    title = _("没有生成文档：没有安装文档组件")


def render(document: Document, *, kind: str) -> bytes:
    """The file's bytes, the same for the same document. Raises ComponentMissing, and FontsMissing for a PDF."""
    try:
        renderer = _renderer(kind)
    except ImportError:
        raise ComponentMissing(remedy="pip install 'kexin[documents]'", who=_("系统管理员")) from None
    return renderer(document)


def _renderer(kind: str) -> Callable[[Document], bytes]:
    if kind == "docx":
        from kexin.chapters.compliance.adapters import word

        return word.render
    from kexin.chapters.compliance.adapters import pdf

    return pdf.render
