"""Duties of law as data: id, article, dates in force, how well it was verified, and the test that proves it is met."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kexin.regime.rulebook import reading as r
from kexin.regime.rulebook.findings import RulebookInvalid
from kexin.regime.rulebook.reading import Reading
from kexin.regime.rulebook.source import Node, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One duty. ``mark`` V official text read, S secondary source, M from memory; ``mode`` enforce | prove | workflow;
    ``chapter`` 1–10 of the regime; ``limit`` a number or deadline in words; ``probe`` what the software does or checks;
    ``test`` the pytest node that fails when the duty is broken, "" while it is not met."""

    id: str
    source: str
    article: str
    effective_from: datetime.date
    effective_to: datetime.date | None
    mark: str
    mode: tuple[str, ...]
    chapter: tuple[int, ...]
    duty: str
    limit: str
    probe: str
    test: str

    def in_force(self, day: datetime.date) -> bool:
        """Whether the duty binds on that day, so that an old audit replays against the law of its day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


def _words(reading: Reading, node: Node, path: str) -> str:
    """A text that may be empty."""
    return node.value if isinstance(node.value, str) else r.string(reading, node, path)


FIELDS: dict[str, r.Reader] = {
    "id": r.string,
    "source": r.string,
    "article": _words,
    "effective_from": r.day,
    "effective_to": _words,
    "mark": r.one_of("V", "S", "M"),
    "mode": r.many(r.one_of("enforce", "prove", "workflow")),
    "chapter": r.many(r.whole(1, 10)),
    "duty": r.string,
    "limit": _words,
    "probe": r.string,
    "test": _words,
}


@cache
def obligations() -> tuple[Obligation, ...]:
    """All duties of `data/obligations.yaml`. Raises RulebookInvalid where the file is wrong."""
    data = resources.files("kexin.regime.data").joinpath("obligations.yaml").read_bytes()
    reading = Reading()
    found = reading.mapping(read(data), "", {"obligations": r.many(_row)}, required=("obligations",))
    if reading.findings:
        raise RulebookInvalid(reading.findings)
    return tuple(Obligation(**row) for row in found["obligations"])


def _row(reading: Reading, node: Node, path: str) -> dict[str, object]:
    row = reading.mapping(node, path, FIELDS, required=tuple(FIELDS))
    for key in ("effective_from", "effective_to"):
        text = row.get(key, "")
        row[key] = datetime.date.fromisoformat(text) if text else None
    return row
