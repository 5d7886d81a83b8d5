"""Texts that a company wrote in two languages ({"zh": …, "en": …}), said in the reader's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import translation


def _english() -> bool:
    return (translation.get_language() or "").startswith("en")


def say(text: Mapping[str, str]) -> str:
    """The reader's language where the company wrote it, otherwise Chinese, which is always there."""
    return text.get("en" if _english() else "zh") or text.get("zh", "")


def listed(words: Iterable[object]) -> str:
    """Words one after the other with the comma of the reader's language: 电话、短信 or calls, SMS."""
    return (", " if _english() else "、").join(str(word) for word in words)
