"""The law that a rulebook stands on, from the duties this house keeps as data: one row for each law, standard or notice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kexin.chapters.compliance.rules.document.blocks import Row, row
from kexin.chapters.compliance.rules.document.edition import Duty
from kexin.chapters.compliance.rules.document.numerals import listed, numeral

MARKS = {"V": "已核对公布文本", "S": "据二手资料，待核对", "M": "待法务核对"}
#: "24(1)", "25–26", "16"; never part of a date.
_ARTICLE = re.compile(r"(?<![\d.-])(\d{1,4})(?:\(\d\))?(?:–(\d{1,4}))?(?![\d.-])")
_ASIDE = re.compile(r"\((?!\d\))[^)]*\)|\+.*")


def articles_of(duty: Duty) -> tuple[int, ...]:
    """The articles of a law that a duty names: "24(1)" and "25–26" are 24, 25 and 26."""
    found: list[int] = []
    for first, last in _ARTICLE.findall(_ASIDE.sub("", duty.article)):
        found.extend(range(int(first), int(last or first) + 1))
    return tuple(found)


def section_of(duty: Duty) -> tuple[int, ...]:
    """The section of a standard, which keeps its own numbers: "5.4 e" is (5, 4)."""
    return tuple(int(part) for part in duty.article.partition(",")[0].partition(" ")[0].split("."))


def under(duties: Iterable[Duty], *, switches: Iterable[str]) -> tuple[Duty, ...]:
    """Duties that bind whoever has these switches of the profile: those that depend on another one fall away."""
    held = frozenset(switches)
    return tuple(one for one in duties if not one.profile or one.profile in held)


def rows(duties: Iterable[Duty]) -> tuple[Row, ...]:
    """Law, articles, chapters of this document, and how far the text was checked (the weakest mark)."""
    laws: dict[str, list[Duty]] = {}
    for one in duties:
        laws.setdefault(one.source, []).append(one)
    return tuple(_row(law, group) for law, group in laws.items())


def _row(law: str, group: list[Duty]) -> Row:
    if law.startswith("GB/T"):
        name, cited = law, listed(f"{'.'.join(map(str, one))}" for one in sorted({section_of(duty) for duty in group}))
    else:
        title, aside, _rest = law.partition("（")
        name = f"《{title}》{aside}{_rest}".replace(" ", "")
        cited = spans({number for duty in group for number in articles_of(duty)}, "条") or "全文"
    chapters = spans({number + 1 for duty in group for number in duty.chapters}, "章")
    return row(name, cited, chapters, MARKS[max((duty.mark for duty in group), key="VSM".index)])


def spans(numbers: Iterable[int], unit: str) -> str:
    """{5, 6, 7, 13} of 条: 第五条至第七条、第十三条; two neighbours stay two."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = []
    for run in runs:
        ends = (run[0], run[-1]) if len(run) > 2 else ()
        told.append("至".join(f"第{numeral(one)}{unit}" for one in ends) or listed(f"第{numeral(one)}{unit}" for one in run))
    return listed(told)
