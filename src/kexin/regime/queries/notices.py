"""DOOR: notices as they were published: immutable bytes per version and language."""

from __future__ import annotations

import uuid

from kexin.regime.types import NoticeView


def current_notice(*, kind: str = "general", locale: str = "zh") -> NoticeView | None:
    """The newest published notice of a kind, in this language or else in Chinese; None before the first."""
    raise NotImplementedError


def notice(notice_id: uuid.UUID, *, locale: str = "zh") -> NoticeView | None:
    """One published version."""
    raise NotImplementedError
