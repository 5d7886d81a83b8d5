"""A figure, its budget, the raw figure beside it; and the table that they make."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured line. ``value`` and ``raw`` in ``unit``; ``budget`` the promise; ``better`` "low" or "high"."""

    name: str
    value: float
    unit: str
    better: str = "low"
    budget: float | None = None
    raw: float | None = None
    raw_name: str = ""
    source: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        return self.value <= self.budget if self.better == "low" else self.value >= self.budget

    @property
    def ratio(self) -> float | None:
        """How many times the raw figure this one costs (low) or which part of it it reaches (high)."""
        return self.value / self.raw if self.raw else None


@dataclass(frozen=True, slots=True)
class Timed:
    """Percentiles of many calls, in milliseconds, and the rate per second."""

    p50: float
    p99: float
    rate: float


def timed(call: Callable[[int], object], *, times: int, warm: int = 5) -> Timed:
    """Call ``times`` times with 0, 1, 2, … after ``warm`` calls that do not count."""
    for index in range(warm):
        call(index)
    spent = []
    began = time.perf_counter()
    for index in range(times):
        start = time.perf_counter()
        call(index)
        spent.append((time.perf_counter() - start) * 1000)
    whole = time.perf_counter() - began
    return percentiles(spent, whole)


def percentiles(spent_ms: list[float], whole_s: float) -> Timed:
    """p50 and p99 of the calls, and how many were done in a second."""
    ordered = sorted(spent_ms)
    return Timed(
        p50=statistics.median(ordered),
        p99=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        rate=len(ordered) / whole_s if whole_s else 0.0,
    )


def _text(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.2f}" if abs(number) >= 0.1 else f"{number:.4f}"


def table(figures: Iterable[Figure], *, judged: bool) -> str:
    """The figures as a Markdown table, missed budgets named as missed."""
    head = "| what | measured | budget | beside it | ratio | verdict |\n|---|---|---|---|---|---|"
    rows = []
    for one in figures:
        sign = "≤" if one.better == "low" else "≥"
        budget = f"{sign} {_text(one.budget)} {one.unit}" if one.budget is not None else "–"
        beside = f"{one.raw_name} {_text(one.raw)} {one.unit}" if one.raw is not None else "–"
        ratio = f"{_text(one.ratio)}×" if one.ratio is not None else "–"
        verdict = "–" if one.met is None else ("not judged" if not judged else ("kept" if one.met else "**missed**"))
        note = f" ({one.note})" if one.note else ""
        rows.append(f"| {one.name}{note} | {_text(one.value)} {one.unit} | {budget} | {beside} | {ratio} | {verdict} |")
    return "\n".join([head, *rows])
