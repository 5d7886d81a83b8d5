"""The language of the shell: Chinese where the terminal's is, else English. Needs neither Django nor an installation."""

from __future__ import annotations

import gettext as _catalogue
import os
from functools import cache
from pathlib import Path

_VARIABLES = ("KEXIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def language() -> str:
    """Django's code of the language that the terminal's variables ask for; the first that is set decides."""
    asked = next(filter(None, (os.environ.get(name, "").strip() for name in _VARIABLES)), "")
    return "zh-hans" if asked.lower().startswith("zh") else "en"


@cache
def _english() -> _catalogue.NullTranslations:
    folder = Path(__file__).resolve().parent / "locale"
    return _catalogue.translation("django", localedir=folder, languages=["en"], fallback=True)


def gettext(text: str) -> str:
    """A Chinese sentence of this room in the language of the shell."""
    return text if language() == "zh-hans" else _english().gettext(text)


def noop(text: str) -> str:
    """Mark a sentence that is translated where it is said."""
    return text
