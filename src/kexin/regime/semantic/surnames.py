"""Surnames of one and of two characters, so that 欧阳 is not taken for 欧."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def compound() -> frozenset[str]:
    """The 复姓 of `data/surnames.txt`: the 14 that 公安部《二〇二〇年全国姓名报告》 counts ([S], as reported on 2021-02-08)
    and the others of the received text of 《百家姓》 ([V]), both read on 2026-11-23. Nothing else is in: a pair that is
    wrongly taken for a surname makes the mask of somebody called 梁 or 公 show one character more of the given name."""
    text = resources.files("kexin.regime.data").joinpath("surnames.txt").read_text(encoding="utf-8")
    return frozenset(word for row in text.splitlines() if not row.startswith("#") for word in row.split())


def surname_of(name: str) -> str:
    """The surname of a name in Chinese characters: two characters where they are a known 复姓 and something follows."""
    if len(name) >= 3 and name[:2] in compound():
        return name[:2]
    return name[:1]
