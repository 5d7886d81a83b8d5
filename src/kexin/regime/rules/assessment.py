"""How an impact assessment comes to its risk: the matrix of GB/T 39335 (read in its approval draft of 2019-10)."""

from __future__ import annotations

from collections.abc import Iterable

#: 低 中 高 严重, least first; likelihood 低 中 高 很高.
IMPACTS = ("low", "medium", "high", "severe")
LIKELIHOODS = ("low", "medium", "high", "very_high")
#: 自主决定权, 差别性待遇, 名誉与精神, 财产; 人身安全 where it is touched.
DIMENSIONS = ("autonomy", "discrimination", "reputation", "property")
FURTHER = ("safety",)
#: Triggers of PIPL 55 in its order; the form of small firms has one row for each.
SCENARIOS = ("sensitive", "automated", "entrust_provide_publish", "export", "major_impact")

#: Impact -> risk at each likelihood. It may be tailored but not changed at will: a change is a release with its reason.
MATRIX = {
    "severe": ("medium", "high", "severe", "severe"),
    "high": ("medium", "medium", "high", "severe"),
    "medium": ("low", "low", "medium", "high"),
    "low": ("low", "low", "low", "medium"),
}


def worst(levels: Iterable[str]) -> str:
    """The highest impact among these; low where there are none."""
    return max(levels, key=IMPACTS.index, default="low")


def risk(impact: str, likelihood: str) -> str:
    """low | medium | high | severe."""
    return MATRIX[impact][LIKELIHOODS.index(likelihood)]
