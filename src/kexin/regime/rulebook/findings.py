"""What is wrong with a rulebook, where, and what to do, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.foundation.problems import Invalid

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. ``level`` error | warning | note; ``line`` and ``column`` count from 1, 0 = the whole file; ``key`` is
    the dotted path (``attributes.mobile.grade``); texts are (Chinese, English)."""

    level: str
    code: str
    line: int
    column: int
    key: str
    problem: tuple[str, str]
    remedy: tuple[str, str] = ("", "")

    def text(self, language: str = "zh") -> str:
        """One line: place, key, what is wrong, what to do."""
        at = 1 if language.startswith("en") else 0
        where = (
            (f"line {self.line}, column {self.column}" if at else f"第 {self.line} 行第 {self.column} 列")
            if self.line
            else ""
        )
        joint = ": " if at else "："
        return joint.join(part for part in (where, self.key, f"{self.problem[at]} {self.remedy[at]}".strip()) if part)

    def document(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "level": self.level,
            "code": self.code,
            "line": self.line,
            "column": self.column,
            "key": self.key,
            "problem": {"zh": self.problem[0], "en": self.problem[1]},
            "remedy": {"zh": self.remedy[0], "en": self.remedy[1]},
        }


class RulebookInvalid(Invalid):
    """The rulebook cannot be read, or not be put in force. ``findings`` says all of it, ``errors`` the same as JSON."""

    code = "rulebook-invalid"
    title = _("制度文件需要更正")

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        first = self.findings[0].text() if self.findings else ""
        super().__init__(first, errors=tuple(finding.document() for finding in self.findings))
