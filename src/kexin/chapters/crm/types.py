"""What chapter 7 answers with, and its errors."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kexin.foundation.problems import Invalid
from kexin.foundation.sentences import sentence as _
from kexin.vault.types_views import Card, Cell, ContactUse, Row, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A customer that was brought in. ``repeated`` is true when the same keyed request was answered before."""

    id: uuid.UUID
    number: str
    duplicates: tuple[uuid.UUID, ...] = ()
    repeated: bool = False


class KeyReused(Invalid):
    """An Idempotency-Key came again with another body."""

    code = "idempotency-key-reused"
    title = _("没有新建：同一个 Idempotency-Key 已用于另一份内容")


class KeyMalformed(Invalid):
    """An Idempotency-Key must be 1 to 128 visible ASCII characters."""

    code = "idempotency-key-malformed"
    title = _("没有新建：Idempotency-Key 须为 1 至 128 个可见 ASCII 字符")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a facet on the left of the list, with how many people have it (``more``: at least that many)."""

    value: str
    label: str
    count: int
    more: bool
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetGroup:
    """One facet with its choices."""

    key: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a customer with its words: what it is called, how it stands on the screen, what it may be used for."""

    key: str
    label: str
    grade: int
    grade_label: str
    cell: Cell
    uses: tuple[ContactUse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One line of the list: the name, a second line of plain facts, the phone with its uses, open facts, and the state of
    each marketing channel as (glyph, words)."""

    row: Row
    name: Cell
    second: str
    phone: Item | None
    facts: tuple[Cell, ...]
    consents: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the list. ``columns`` are the headings of `ListRow.facts`, ``channels`` (short, full) those of its
    consents; ``counted`` says how many there are in all ("" on later pages)."""

    rows: tuple[ListRow, ...]
    columns: tuple[str, ...]
    facets: tuple[FacetGroup, ...]
    channels: tuple[tuple[str, str], ...]
    counted: str
    next_cursor: str | None
    hints: tuple[Any, ...]
    unavailable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Items of a card that belong together, as the rulebook groups them."""

    key: str
    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWords:
    """One act of collection in words."""

    what: str
    at: datetime
    purpose: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A card with its words. ``kept_away``: items that a rule does not show here, by name alone; whether there is a
    value stays unsaid."""

    card: Card
    name: Cell
    sections: tuple[Section, ...]
    kept_away: tuple[str, ...]
    sources: tuple[SourceWords, ...]
    edition: str

    @property
    def gone(self) -> bool:
        """Whether only 已删除记录 is left."""
        return self.card.gone

    @property
    def items_count(self) -> int:
        """How many items stand on the card."""
        return sum(len(section.items) for section in self.sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealQuestion:
    """What is asked before a value is opened."""

    customer: uuid.UUID
    attribute: str
    label: str
    grade_label: str
    used: int
    quota: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """The seven lines behind one value in words; tuples are (what, state …) in the order of the screen."""

    why: Why
    grade_label: str
    basis: str
    kept_because: str
    purposes: tuple[tuple[str, str, tuple[str, ...]], ...]
    consents: tuple[tuple[str, str, str], ...]
    disclosed: tuple[tuple[str, str, datetime], ...]
    steps: tuple[tuple[datetime, str, str, str], ...]
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLine:
    """One line of the timeline."""

    at: datetime
    icon: str
    tone: str
    what: str
    detail: str
