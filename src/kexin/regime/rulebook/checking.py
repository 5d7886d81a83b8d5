"""One check of one rulebook: its findings so far, each at the place that the parser remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kexin.regime.rulebook.findings import Finding
from kexin.regime.rulebook.parser import Parsed


class Checking:
    """One check of one rulebook; knows where each key stands."""

    def __init__(self, parsed: Parsed) -> None:
        self.rulebook = parsed.rulebook
        self.marks = parsed.marks
        self.findings: list[Finding] = []

    def add(
        self, level: str, code: str, key: str, problem: tuple[str, str], remedy: tuple[str, str] = ("", "")
    ) -> None:
        """Note a finding at the nearest place that the parser remembers."""
        place = key
        while place and place not in self.marks:
            place = place.rpartition(".")[0]
        line, column = self.marks.get(place, (0, 0))
        self.findings.append(
            Finding(level=level, code=code, line=line, column=column, key=key, problem=problem, remedy=remedy)
        )

    def known(
        self, key: str, values: Iterable[str], table: Mapping[str, object] | frozenset[str], what: tuple[str, str]
    ) -> None:
        """Every value is a key of the table."""
        for value in values:
            if value not in table:
                self.add(
                    "error",
                    "unknown_reference",
                    key,
                    (f"没有这个{what[0]}：{value}", f"no such {what[1]}: {value}"),
                    ("请改正写法，或先在目录里定义", "correct it, or define it first"),
                )


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that keep a rulebook from being published."""
    return tuple(finding for finding in findings if finding.level == "error")
