"""Surnames of one and of two characters, so that 欧阳 is not taken for 欧."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def compound() -> frozenset[str]:
    """The 复姓 of `data/surnames.txt`."""
    text = resources.files("kexin.regime.data").joinpath("surnames.txt").read_text(encoding="utf-8")
    return frozenset(word for row in text.splitlines() if not row.startswith("#") for word in row.split())


def surname_of(name: str) -> str:
    """The surname of a name in Chinese characters: two characters where they are a known 复姓 and something follows."""
    if len(name) >= 3 and name[:2] in compound():
        return name[:2]
    return name[:1]
