"""What the vault's questions and loud doors answer: frozen, already decided, already masked where a rule says so."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kexin.foundation.problems import Invalid, Refused
from kexin.foundation.sentences import sentence as _

PAGE_ROWS = 50
#: A person's own list up to this size may be opened and sorted by pinyin, or searched by one character, in a request.
OWN_SCOPE_ROWS = 2_000
#: A revealed value leaves the screen after this many seconds (issue 2, journey 3).
REVEAL_S = 60


class Shown(StrEnum):
    """How one value stands on a list or a card."""

    FULL = "full"  # the rulebook displays it in full (a facet, or `display: full` under an ALLOW)
    MASKED = "masked"  # 138****5678
    EMPTY = "empty"  # the person has no such value, and the caller may know that
    DENIED = "denied"  # a rule keeps it away; the text is empty and says nothing about whether a value exists
    UNAVAILABLE = "unavailable"  # the keys cannot be reached: 暂时无法打开


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One attribute of one person as this caller may see it. ``reveal`` and ``contact`` say which uses a rule allows;
    ``rule``, ``article``, ``reason`` and ``missing`` explain a denial."""

    attribute: str
    shown: Shown
    text: str = ""
    reveal: bool = False
    contact: bool = False
    rule: str = ""
    article: str = ""
    reason: Any = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person on a list. ``relation`` is the caller's own: own, team or foreign. ``number`` is "K-204817"."""

    id: uuid.UUID
    number: str
    kind: str
    state: str
    age_status: str
    unproven: bool
    relation: str
    cells: Mapping[str, Cell]
    contact_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One condition of a list. ``field`` is an attribute key of the catalogue, or one of the subject's open facts:
    ``kind, state, age_status, unproven, relation, contact_at, created_at``. ``op`` is eq, in, ge, gt, le, lt or set."""

    field: str
    op: str = "eq"
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """The order of a list: an open fact (``created_at``, ``contact_at``, ``number``), a facet, or ``pinyin`` within a
    scope of at most `OWN_SCOPE_ROWS`."""

    field: str = "created_at"
    descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """At most `PAGE_ROWS` rows. ``next_cursor`` is None on the last page. ``hints`` are sentences beside the result
    (a bare tail of a phone number, a single character); ``unavailable`` is true when the keys could not be reached."""

    rows: tuple[Row, ...]
    next_cursor: str | None = None
    hints: tuple[Any, ...] = ()
    unavailable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetCount:
    """How many people of a scope have one value. Counting stops at a bound: ``at_least`` says that it did."""

    value: str
    count: int
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Where values came from, in short: the label of the act, the day, and whether proof is missing (来源或凭证不明)."""

    source: str
    purpose: str
    basis: str
    at: datetime
    unproven: bool
    notice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One person as this caller may see them. ``gone`` is true for 已删除记录: then nothing but the id, the number and
    the time of erasure stands here."""

    id: uuid.UUID
    number: str
    gone: bool
    kind: str = ""
    state: str = ""
    age_status: str = ""
    unproven: bool = False
    relation: str = "foreign"
    ver: int = 0
    cells: Mapping[str, Cell] = field(default_factory=dict)
    sources: tuple[SourceLine, ...] = ()
    reveals_30d: int = 0
    disclosures: int = 0
    contact_at: datetime | None = None
    created_at: datetime | None = None
    erased_at: datetime | None = None
    unavailable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A purpose that a value serves, and whether it may be used for it now (one status per channel where asked)."""

    purpose: str
    label: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented:
    """A consent behind a value, with the receipt that the person holds."""

    purpose: str
    channel: str
    status: str
    at: datetime | None
    receipt: str
    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """One time that values went to somebody else: 委托处理, 对外提供 or 导出."""

    recipient: str
    kind: str
    purpose: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of 全部经过."""

    at: datetime
    what: str
    purpose: str
    department: str
    people: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One line of a person's timeline. ``what``: collected, reveal, contact, disclosed.export|entrust|provide,
    consent.given|refused|withdrawn|expired|stale."""

    at: datetime
    what: str
    purpose: str
    attribute: str = ""
    department: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The seven lines behind one value (screens.md): where from, what for, on which basis, under which notice and
    consent, who saw it, who was given it, when it dies; then everything that happened. A line that nobody can fill
    says 来源或凭证不明 and is never left out."""

    subject_id: uuid.UUID
    attribute: str
    label: str
    grade: int
    sources: tuple[SourceLine, ...]
    purposes: tuple[Used, ...]
    basis: str
    article: str
    notice: str
    consents: tuple[Consented, ...]
    seen_people: int
    seen_times: int
    seen_departments: Mapping[str, int]
    seen_last_at: datetime | None
    disclosed: tuple[Disclosed, ...]
    kept_until: datetime | None
    kept_because: str
    steps: tuple[Step, ...]
    rulebook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """One value in the clear, for one screen. The face forgets it at ``until``. ``used`` of ``quota`` today."""

    id: uuid.UUID
    attribute: str
    value: str
    until: datetime
    used: int
    quota: int


class ContactUse(StrEnum):
    """Uses that come before seeing. Each hands the value to a device or a form once."""

    CALL = "call"  # 拨打: tel:
    SMS = "sms"  # 短信: sms:
    WAYBILL = "waybill"  # 复制到快递单
    MAIL = "mail"  # 邮件: mailto:
    NAVIGATE = "navigate"  # 导航


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    """A value handed to a use, with the address that starts it (``tel:13812345678``; "" for a copy)."""

    value: str
    href: str
    use: ContactUse
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRow:
    """One person for analysis: a pseudonym of this run, coarse values, no way back."""

    pseudonym: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Rows for analysis, of which every combination of values stands for at least ``k`` people; ``withheld`` people
    were left out for it (or because their purposes did not allow it)."""

    k: int
    rows: tuple[FeatureRow, ...]
    withheld: int


class AttributeRefused(Refused):
    """An attribute that this caller may not search, sort, filter, group or see under the current purpose."""

    code = "attribute-refused"
    title = _("没有执行：当前用途不需要这项信息")


class UnknownAttribute(Invalid):
    """The catalogue has no such attribute, or lists cannot use it that way."""

    code = "unknown-attribute"
    title = _("没有这项信息")


class BadCursor(Invalid):
    """The page mark is broken, or was made for somebody else or another question."""

    status = 400
    code = "bad-cursor"
    title = _("翻页标记已失效，请重新查询")


class BadTerm(Invalid):
    """A search term that cannot be searched."""

    code = "bad-term"
    title = _("请换一个查询词")


class ReasonNeeded(Invalid):
    """A value is opened for a reason, picked or written."""

    code = "reason-needed"
    title = _("请说明查看原因")


class SlowDown(Refused):
    """Above the daily quota, or too many searches that found nobody: wait a little, or ask the supervisor."""

    status = 429
    code = "slow-down"
    title = _("请稍候再试")
