"""Texts that a company wrote in two languages ({"zh": …, "en": …}), said in the reader's."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import translation


def say(text: Mapping[str, str]) -> str:
    """The reader's language where the company wrote it, otherwise Chinese, which is always there."""
    language = "en" if (translation.get_language() or "").startswith("en") else "zh"
    return text.get(language) or text.get("zh", "")
