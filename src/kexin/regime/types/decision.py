"""What a decision is made of and what it answers: facts of a subject, outcomes, plans for many rows. No I/O."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from kexin.regime.types.rulebook import Action, AttributeDef, Obligation, Outcome, PurposeDef, RoleDef, Rulebook

#: Principal id that stands for the whole company: a grant to it reaches everybody (an approved PIA, for example).
EVERYONE = uuid.UUID(int=0)
#: Namespace of role principals: a grant to `role_principal("agent")` reaches everybody who holds that role.
ROLE_NAMESPACE = uuid.UUID("6f0c6a56-2f0b-5d0e-9a51-6b6578696e01")


@lru_cache(maxsize=256)
def role_principal(role: str) -> uuid.UUID:
    """The principal id that stands for everybody holding a role."""
    return uuid.uuid5(ROLE_NAMESPACE, role)


class Reason(StrEnum):
    """Why an attribute is denied, as a code. `queries.sentence` says it in the reader's language."""

    ALLOWED = ""
    CALLER_STALE = "caller_stale"
    SUBJECT_ERASED = "subject_erased"
    SUBJECT_STATE = "subject_state"
    PURPOSE_UNKNOWN = "purpose_unknown"
    PURPOSE_PROHIBITED = "purpose_prohibited"
    ATTRIBUTE_UNKNOWN = "attribute_unknown"
    NOT_BOUND = "not_bound"
    NO_RULE = "no_rule"
    FORBIDDEN = "forbidden"
    MISSING_FACT = "missing_fact"
    OBLIGATION = "obligation"
    NO_RULEBOOK = "no_rulebook"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFacts:
    """The facts of one subject as a rule may ask for them.

    ``grants``: relations that THIS actor holds to this subject now. ``consents``: (purpose, channel) -> status, where
    an expired consent already reads "expired". ``facets``: open values; only text counts as a fact.
    ``discarded``: in the 回收站. A value of None is an unknown fact.
    """

    id: uuid.UUID | None = None
    kind: str | None = None
    state: str | None = None
    age_status: str | None = None
    unproven: bool | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)
    grants: frozenset[str] = frozenset()
    consents: Mapping[tuple[str, str], str] = field(default_factory=dict)
    discarded: bool = False
    contact_at: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the regime's own tables say of one subject for one caller; the vault merges it with its own columns.
    ``consents`` None: not asked for, because no rule of the question looks at any."""

    grants: frozenset[str] = frozenset()
    consents: Mapping[tuple[str, str], str] | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The asker as a decision sees them: roles and principal ids of this instant.

    ``principal_ids``: the person, departments, led teams, roles and `EVERYONE`. ``standing``: relations held without a
    subject (a passed exam, an approved PIA), for the caller's purpose.
    """

    id: uuid.UUID
    roles: frozenset[str]
    purpose: str
    is_current: bool = True
    principal_ids: tuple[uuid.UUID, ...] = ()
    standing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a decision is taken. ``can_execute``: obligations that this layer carries out; a permit with another one
    does not count. ``at``: the instant of the question, None = now (filled in by `queries`)."""

    can_execute: frozenset[str] = frozenset({"log", "mask"})
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDecision:
    """The answer for one attribute. ``rule_ids`` are the permits that gave it, or the forbids that took it away;
    ``missing`` the facts that were not known; ``article`` the law behind it; ``who`` the role that can change it."""

    outcome: Outcome
    rule_ids: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    missing: tuple[str, ...] = ()
    reason: Reason = Reason.ALLOWED
    article: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision over some attributes of one subject. ``rulebook`` is the sha256 (hex) of the version that spoke."""

    action: Action
    purpose: str
    outcomes: Mapping[str, AttributeDecision]
    rulebook: str

    def __getitem__(self, attribute: str) -> AttributeDecision:
        return self.outcomes[attribute]

    def allowed(self, attribute: str) -> bool:
        """Whether the attribute may be used in full."""
        return self._is(attribute, Outcome.ALLOW)

    def masked(self, attribute: str) -> bool:
        """Whether only the masked rendering may be shown."""
        return self._is(attribute, Outcome.MASK)

    def denied(self, attribute: str) -> bool:
        """Whether nothing may be shown or done; an attribute that was not asked for is denied."""
        return not (self.allowed(attribute) or self.masked(attribute))

    def _is(self, attribute: str, outcome: Outcome) -> bool:
        found = self.outcomes.get(attribute)
        return found is not None and found.outcome is outcome

    @property
    def nothing(self) -> bool:
        """Whether every attribute is denied."""
        return all(self.denied(key) for key in self.outcomes)

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Every rule that spoke, once, in order of mention: for the evidence line."""
        return tuple(dict.fromkeys(rule for one in self._distinct() for rule in one.rule_ids))

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """Every obligation that comes with what is not denied, once."""
        return tuple(dict.fromkeys(o for one in self._distinct() for o in one.obligations))

    def _distinct(self) -> Iterable[AttributeDecision]:
        """Each answer once, in order of mention: attributes about which the same rules speak share one object."""
        return {id(one): one for one in self.outcomes.values()}.values()


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL over alias ``s`` (vault_subject). ``text`` holds only ``%s`` for values; ``params`` are those."""

    text: str
    params: tuple[Any, ...] = ()

    def __hash__(self) -> int:
        """Parameters may be lists (PostgreSQL arrays), which do not hash; equality compares them."""
        return hash(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """An attribute used to filter (`search`), order (`sort`) or group and count (`aggregate`). ``outcome`` DENY: the
    query must not run. ``sql``: rows for which the use is allowed; already part of `BulkPlan.row`."""

    attribute: str
    action: Action
    outcome: Outcome
    sql: Sql | None = None
    denial: AttributeDecision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPlan:
    """A question about many rows, decided before it runs.

    ``row``: boolean SQL, never NULL; rows for which it is false do not exist for this caller. ``columns``: attribute
    -> a constant outcome, or SQL that yields the text 'allow', 'mask' or 'deny' for each row of ``row`` (equal SQL
    objects are equal questions). ``beside``: the same outcomes for rows that bring what the asker holds to them
    (`rules.sql.held`). ``known``: questions that are TRUE on every row of ``row``; another plan about the same rows need
    not ask them again. ``living``: one of them, rows not closed by their state. ``consents``: some rule looks at
    consents. ``at``: the instant by which the plan judges what has ended. ``gates``: refused ones are in `refused`.
    ``obligations``: all that this layer must execute. ``denials``: why an attribute is a constant DENY. ``empty``: no
    row can pass, the query need not run.
    """

    action: Action
    purpose: str
    rulebook: str
    row: Sql
    columns: Mapping[str, Outcome | Sql]
    living: Sql = Sql("FALSE")
    beside: Mapping[str, Outcome | Sql] = field(default_factory=dict)
    known: frozenset[Sql] = frozenset()
    consents: bool = False
    at: datetime | None = None
    gates: tuple[Gate, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    rule_ids: tuple[str, ...] = ()
    denials: Mapping[str, AttributeDecision] = field(default_factory=dict)
    empty: bool = False

    @property
    def refused(self) -> tuple[Gate, ...]:
        """Gates that are closed for every row: the caller must raise, not run the query."""
        return tuple(gate for gate in self.gates if gate.outcome is Outcome.DENY)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule with its condition as a tree (`rules.conditions`), ready for one purpose. ``consents``: it looks at some."""

    id: str
    order: int
    permit: bool
    masked: bool
    condition: Any
    obligations: tuple[Obligation, ...]
    article: str
    consents: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The rules that speak about one attribute for some roles, one purpose and one action. Attributes about which the
    same rules speak share one Cell, so that each question is answered once."""

    permits: tuple[CompiledRule, ...]
    forbids: tuple[CompiledRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bundle:
    """A rulebook compiled for deciding. ``version`` counts publications; ``unbound`` says of each attribute what a
    purpose that it is not bound to is told; ``cells`` is an index of rules (never of decisions), filled as (roles,
    purpose, action) are asked for. Made by `rules.bundle.compile_bundle`."""

    version: int
    rulebook: Rulebook
    permits: Mapping[tuple[str, str, Action], tuple[Any, ...]]
    forbids: Mapping[tuple[str, Action], tuple[Any, ...]]
    prohibited: frozenset[str]
    legal: frozenset[str]
    unbound: Mapping[str, AttributeDecision]
    cells: dict[tuple[frozenset[str], str, Action], Mapping[str, Cell]] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the rulebook's exact bytes."""
        return self.rulebook.sha256

    @property
    def attributes(self) -> Mapping[str, AttributeDef]:
        """The catalogue."""
        return self.rulebook.attributes

    @property
    def purposes(self) -> Mapping[str, PurposeDef]:
        """The purposes."""
        return self.rulebook.purposes

    @property
    def roles(self) -> Mapping[str, RoleDef]:
        """The roles."""
        return self.rulebook.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLine:
    """One line of the consent strip: the state of one purpose and channel, with the receipt that the person holds."""

    purpose: str
    channel: str
    kind: str
    status: str
    at: datetime
    valid_until: datetime | None
    notice: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """A signed receipt. ``document`` are the exact signed bytes: what `kexin-verify` reads beside ``signature``."""

    code: str
    subject_id: uuid.UUID
    purpose: str
    channel: str
    status: str
    at: datetime
    document: bytes
    key_id: str
    signature: bytes
    algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """One published version of a notice in one language: its bytes never change."""

    id: uuid.UUID
    kind: str
    version: int
    locale: str
    major: bool
    text: bytes
    sha256: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """One grant in force."""

    id: uuid.UUID
    subject_id: uuid.UUID | None
    principal_id: uuid.UUID
    relation: str
    purpose: str
    ref: str
    until: datetime | None
    granted_at: datetime
