"""DOOR: notices as they were published: immutable bytes per version and language."""

from __future__ import annotations

import uuid

from django.db.models import Q

from kexin.regime.models import Notice, NoticeText
from kexin.regime.types import NoticeView


def current_notice(*, kind: str = "general", locale: str = "zh") -> NoticeView | None:
    """The newest published notice of a kind, in this language or else in Chinese; None before the first."""
    newest = Notice.objects.filter(kind=kind).order_by("-version").first()
    return _view(newest, locale) if newest else None


def notice(notice_id: uuid.UUID, *, locale: str = "zh") -> NoticeView | None:
    """One published version."""
    found = Notice.objects.filter(id=notice_id).first()
    return _view(found, locale) if found else None


def major_version(kind: str) -> int | None:
    """The version of the newest major notice of a kind: what consents are bound to. None before the first."""
    return Notice.objects.filter(kind=kind, major=True).order_by("-version").values_list("version", flat=True).first()


def _view(row: Notice, locale: str) -> NoticeView | None:
    wanted = NoticeText.objects.filter(Q(locale=locale) | Q(locale="zh"), notice=row)
    texts = {text.locale: text for text in wanted}
    text = texts.get(locale) or texts.get("zh")
    if text is None:
        return None
    return NoticeView(
        id=row.id,
        kind=row.kind,
        version=row.version,
        locale=text.locale,
        major=row.major,
        text=bytes(text.text),
        sha256=text.sha256,
        published_at=row.published_at,
    )
