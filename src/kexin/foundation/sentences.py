"""Sentences of the screen before their reader is known: the one place where `types` of every room meet the framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def sentence(text: str) -> _StrPromise:
    """That sentence in the language of whoever reads it, decided when it is shown."""
    return gettext_lazy(text)
