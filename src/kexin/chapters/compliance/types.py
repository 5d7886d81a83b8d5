"""DOOR: what the pages of the rulebook show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kexin.regime.types import AttributeUse, DataUse, DraftView, ImpactView


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the rulebook as a book has it. ``section`` and ``key`` name it in the file; ``sentences`` say it;
    ``article`` is the law behind it; ``marks`` are short words with a tone (("敏感", "warn"))."""

    section: str
    key: str
    title: str
    sentences: tuple[str, ...]
    article: str = ""
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"{self.section}-{self.key}" if self.key else self.section


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Entries of one kind in one chapter under one small heading."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One chapter of the book; number 0 is 总则."""

    number: int
    title: str
    parts: tuple[Part, ...]

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"chapter-{self.number}"

    @property
    def size(self) -> int:
        """How many entries stand in it."""
        return sum(len(part.entries) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A version as lists show it. ``state`` as `regime`'s versions have it; names of people in the order of signing."""

    number: int
    sha256: str
    state: str
    state_words: str
    tone: str
    loosens: bool
    drafted_by: str
    drafted_at: datetime
    signers: tuple[str, ...]
    effective_at: datetime | None
    company: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the reader may do with rulebooks, beside reading the one in force."""

    reads: bool
    drafts: bool
    signs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A version as a book."""

    edition: Edition
    chapters: tuple[Chapter, ...]
    rights: Rights
    waiting: tuple[Edition, ...] = ()
    scheduled: tuple[Edition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """An open draft as lists show it."""

    view: DraftView
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All versions and open drafts."""

    editions: tuple[Edition, ...]
    drafts: tuple[DraftRow, ...]
    rights: Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of an entry before and after, as the file has it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """One entry that was added, removed or changed."""

    section: str
    section_title: str
    key: str
    title: str
    what: str
    what_words: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between two versions."""

    old: Edition
    new: Edition
    changes: tuple[EntryChange, ...]
    gained: int
    lost: int
    loosens: bool
    editions: tuple[Edition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """One attribute on the page 数据利用. ``advice`` "" | drop_unread | drop_empty."""

    key: str
    title: str
    grade: int
    use: AttributeUse
    percent: int | None
    openly: bool
    advice: str
    advice_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsePage:
    """How much of the catalogue is really used."""

    use: DataUse
    rows: tuple[UseRow, ...]
    unread: int
    empty: int
    rights: Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A finding in the reader's language. ``level`` error | warning | note; ``field`` the form field it belongs to."""

    level: str
    words: str
    remedy: str
    line: int
    key: str
    section: str
    entry: str
    title: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRow:
    """One kind of entry in a draft: how many there are, how many differ from the version in force, how many errors."""

    section: str
    title: str
    help: str
    single: bool
    can_add: bool
    rows: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry in a draft's list. ``change`` "" | added | changed | removed, against the version in force."""

    section: str
    key: str
    title: str
    note: str
    change: str
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPage:
    """A draft at work."""

    view: DraftView
    author: str
    sections: tuple[SectionRow, ...]
    section: SectionRow
    problems: Mapping[str, tuple[Problem, ...]]
    changes: tuple[EntryRow, ...]
    impact: ImpactView | None
    rights: Rights

    @property
    def errors(self) -> int:
        """What keeps it from being signed."""
        return len(self.problems.get("error", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One line of 谁须签署. ``state`` signed | waiting."""

    name: str
    role: str
    state: str
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """One cell of the matrix: what is gained (＋查看) and lost (－导出) for one attribute."""

    attribute: str
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    conditional: bool = False
    people: int = 0
    chosen: bool = False

    @property
    def more(self) -> int:
        """How many changes do not fit into the cell."""
        return max(0, len(self.gained) - 3) + max(0, len(self.lost) - 3)

    @property
    def same(self) -> bool:
        """Whether nothing changes here."""
        return not (self.gained or self.lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """One role under one purpose."""

    role: str
    purpose: str
    role_words: str
    purpose_words: str
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What the rules of one side say about a cell, in sentences; nothing = no rule allows it."""

    rules: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStory:
    """The chosen cell told: for each action before and after."""

    role: str
    purpose: str
    attribute: str
    grade: str
    #: Actions with the same story together: their words, whether they gain and lose, people, before, after.
    actions: tuple[tuple[str, bool, bool, int, Side, Side], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """One line of 生效后会发生."""

    icon: str
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactPage:
    """The impact preview: one counting, drawn."""

    view: ImpactView
    draft: DraftRow | None
    version: Edition | None
    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[GridRow, ...] = ()
    changed: int = 0
    story: CellStory | None = None
    stopped: tuple[Mapping[str, Any], ...] = ()
    signers: tuple[Signer, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    loosening: tuple[str, ...] = ()
    roles: int = 0
    rights: Rights = field(default_factory=lambda: Rights(reads=False, drafts=False, signs=False))
    #: Why the reader cannot sign here and now, in words; "" when they can.
    barred: str = ""
    #: What the reader's signature would do.
    signing: str = ""
    needs_proof: bool = False
    lone: bool = False
