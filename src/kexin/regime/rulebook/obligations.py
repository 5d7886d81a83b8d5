"""Duties of law as data: article, dates in force, how well each was verified, and the tests that prove it is met.

Beside them the checklist of the compliance audit (annex of 个人信息保护合规审计管理办法), whose items lead to the duties.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from kexin.regime.rulebook import reading as r
from kexin.regime.rulebook.findings import RulebookInvalid
from kexin.regime.rulebook.reading import Reading
from kexin.regime.rulebook.source import Node, read

MARKS = ("V", "S", "M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One text of law. ``effective_from`` None: a draft, which obliges nobody yet. ``mark`` says how well the date was
    verified, ``verified`` by what (the text's own article, or a report and its day)."""

    key: str
    name: str
    effective_from: datetime.date | None
    effective_to: datetime.date | None
    mark: str
    verified: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a row claims of the product. ``tests``: pytest nodes that go red when the enforcement is taken away;
    ``planned``: "9: what is still missing", where the number is the chapter of the regime that brings it; "" = nothing."""

    tests: tuple[str, ...]
    planned: str

    @property
    def status(self) -> str:
        """met (tests, nothing missing) | partly | planned (no test: the product does nothing about it yet)."""
        if not self.tests:
            return "planned"
        return "partly" if self.planned else "met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation(Proven):
    """One duty. ``article`` "" where the number was not verified; ``mark`` V official text read, S secondary source,
    M from memory; ``note`` says which part is weaker than the mark; ``mode`` enforce | prove | workflow; ``chapter`` 1–10
    of the regime; ``limit`` a number or deadline in words; ``probe`` what the software is to do or check."""

    id: str
    source: Source
    article: str
    mark: str
    note: str
    mode: tuple[str, ...]
    chapter: tuple[int, ...]
    duty: str
    limit: str
    probe: str

    def in_force(self, day: datetime.date) -> bool:
        """Whether the duty binds on that day, so that an old audit replays against the law of its day."""
        begun, ended = self.source.effective_from, self.source.effective_to
        return begun is not None and begun <= day and (ended is None or day <= ended)

    @property
    def certain(self) -> bool:
        """Whether it may be shown without a warning: text and date were both read in an official or reported source."""
        return "M" not in (self.mark, self.source.mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditItem(Proven):
    """One item of the audit checklist. ``answer`` auto (computed from the state of the system) | evid (a fresh, signed
    document exists) | ask (the auditor samples); ``duties`` ids of obligations; ``mark`` as above, of the wording."""

    id: str
    item: str
    answer: str
    mark: str
    probe: str
    duties: tuple[str, ...]


def _words(reading: Reading, node: Node, path: str) -> str:
    """A text that may be empty."""
    return node.value if isinstance(node.value, str) else r.string(reading, node, path)


def _day(reading: Reading, node: Node, path: str) -> datetime.date | None:
    """A calendar day, or "" for none."""
    return datetime.date.fromisoformat(r.day(reading, node, path)) if node.value != "" else None


PROVEN: dict[str, r.Reader] = {"tests": r.many(r.string), "planned": _words}
SOURCE: dict[str, r.Reader] = {
    "name": r.string,
    "effective_from": _day,
    "effective_to": _day,
    "mark": r.one_of(*MARKS),
    "verified": r.string,
}
OBLIGATION: dict[str, r.Reader] = {
    "id": r.string,
    "source": r.code,
    "article": _words,
    "mark": r.one_of(*MARKS),
    "note": _words,
    "mode": r.many(r.one_of("enforce", "prove", "workflow")),
    "chapter": r.many(r.whole(1, 10)),
    "duty": r.string,
    "limit": _words,
    "probe": r.string,
    **PROVEN,
}
AUDIT_ITEM: dict[str, r.Reader] = {
    "id": r.string,
    "item": r.string,
    "answer": r.one_of("auto", "evid", "ask"),
    "mark": r.one_of(*MARKS),
    "probe": _words,
    "duties": r.many(r.string),
    **PROVEN,
}


def _rows(fields: dict[str, r.Reader]) -> r.Reader:
    return r.many(lambda reading, node, path: reading.mapping(node, path, fields, required=tuple(fields)))


def _sources(reading: Reading, node: Node, path: str) -> dict[str, dict[str, Any]]:
    return reading.keyed(
        node,
        path,
        lambda inner, child, here, key, order: inner.mapping(child, here, SOURCE, required=tuple(SOURCE)),
    )


def _load(file: str, sections: dict[str, r.Reader]) -> dict[str, Any]:
    reading = Reading()
    data = resources.files("kexin.regime.data").joinpath(file).read_bytes()
    found = reading.mapping(read(data), "", sections, required=tuple(sections))
    if reading.findings:
        raise RulebookInvalid(reading.findings)
    return found


@cache
def obligations() -> tuple[Obligation, ...]:
    """All duties of `data/obligations.yaml`. Raises RulebookInvalid where the file is wrong."""
    found = _load("obligations.yaml", {"sources": _sources, "obligations": _rows(OBLIGATION)})
    sources = {key: Source(key=key, **raw) for key, raw in found["sources"].items()}
    return tuple(Obligation(**{**row, "source": sources[row["source"]]}) for row in found["obligations"])


@cache
def audit_items() -> tuple[AuditItem, ...]:
    """The audit checklist of `data/audit_items.yaml`. Raises RulebookInvalid where the file is wrong."""
    return tuple(AuditItem(**row) for row in _load("audit_items.yaml", {"items": _rows(AUDIT_ITEM)})["items"])
