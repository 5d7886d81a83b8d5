"""What the page 操作存证 shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kexin.evidence.types import Head, Line, LineProof, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader asked for, as it stands in the address (codes only)."""

    when: str = "today"
    event: str = ""
    decision: str = ""
    department: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line with what only this page knows: department and post of the actor, where known."""

    line: Line
    who: str
    what: str
    whom: str
    why: str
    tone: str
    result: str
    kept: bool

    @property
    def number(self) -> int:
        """The line's number as people count."""
        return self.line.seq + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The whole page."""

    head: Head
    verdict: Verdict | None
    rows: tuple[Row, ...]
    next_before: int | None
    count: int
    denied: int
    departments: tuple[str, ...]
    may_verify: bool
    may_export: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One line opened."""

    row: Row
    proof: LineProof
    rules: tuple[str, ...]
    flags: tuple[str, ...]
    relation: str
    at: datetime
    #: The line that this one speaks about (an opening that it flags), by its seq; None when there is none.
    about: int | None = None
