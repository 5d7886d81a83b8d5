"""The rulebook as frozen data: what the parser makes, what everything else reads. No framework, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

#: A text of the rulebook in the languages of the product: {"zh": …, "en": …}. Chinese is always there.
Text: TypeAlias = Mapping[str, str]


class Action(StrEnum):
    """What can be done with an attribute. Closed: a tenth action is a new issue, not a new word in a rulebook."""

    READ = "read"
    SEARCH = "search"
    SORT = "sort"
    AGGREGATE = "aggregate"
    WRITE = "write"
    SHARE = "share"
    EXPORT = "export"
    ANALYSE = "analyse"
    CONTACT = "contact"


class Outcome(StrEnum):
    """The answer for one attribute. ALLOW may be revealed, MASK shows the masked rendering only, DENY is absent."""

    ALLOW = "allow"
    MASK = "mask"
    DENY = "deny"


class Effect(StrEnum):
    """A rule gives (permit) or takes away (forbid); what no rule gives is denied, and a forbid beats every permit."""

    PERMIT = "permit"
    FORBID = "forbid"


class Basis(StrEnum):
    """Legal bases of PIPL 13 and 23, 29, 31, 39. `contract_if_asked`: only where the individual asked himself or
    will sign. `parent`: an entrusted processing stands on the basis of the purpose that it serves (PIPL 21)."""

    CONTRACT = "contract"
    CONTRACT_IF_ASKED = "contract_if_asked"
    CONSENT = "consent"
    SEPARATE_CONSENT = "separate_consent"
    WRITTEN_CONSENT = "written_consent"
    GUARDIAN_CONSENT = "guardian_consent"
    LEGAL_DUTY = "legal_duty"
    EMERGENCY = "emergency"
    PUBLIC = "public"
    PARENT = "parent"
    NOT_PERSONAL = "not_personal"


class ObligationKind(StrEnum):
    """What must happen together with a yes. A layer that cannot execute one of them must answer no."""

    LOG = "log"
    MASK = "mask"
    REASON = "reason"
    TICKET = "ticket"
    WATERMARK = "watermark"
    NOTIFY = "notify"
    EXPIRE = "expire"
    APPROVE = "approve"
    FRESH_SIGNIN = "fresh_signin"


class Relation(StrEnum):
    """Relations of a principal to a subject (or to work on it) that upper floors write into `regime_grant`."""

    OWNER = "owner"
    TEAM = "team"
    POOL = "pool"
    RECORD_TEAM = "record_team"
    OPEN_CASE = "open_case"
    TASK = "task"
    APPROVAL = "approval"
    MINOR_APPROVAL = "minor_approval"
    RIGHTS_REQUEST = "rights_request"
    EXAM = "exam"
    PIA = "pia"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One obligation of a rule; ``value`` is its parameter: who is told (`notify: dpo`), how long (`expire: PT60S`)."""

    kind: ObligationKind
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionDef:
    """How long one attribute is kept for one purpose.

    ``start`` is the event that starts the clock (relation_end, customer_contact, completion, withdrawal, year_end,
    collection, …), ``keep`` an ISO 8601 duration (P3Y), ``then`` what happens: erase | anonymise | freeze.
    """

    start: str
    keep: str
    then: str
    article: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDef:
    """One kind of information: no definition, no collection, no storage, no release.

    ``grade`` 1–4 (一般1级 … 一般4级). ``sensitive``: 敏感个人信息 under the profile in force; ``careful``: listed by
    GB/T 35273-2020 alone (mask and necessity, no lock). ``storage`` sealed | facet (an open, filterable column).
    ``display`` mask | full: how lists and cards show it where the decision allows. ``mask`` names a mask rule of the
    semantic type. ``purposes`` purpose -> necessary | optional; the binding is exact, a parent lends nothing.
    ``retention`` purpose -> RetentionDef, one for every purpose. ``subject_kinds`` person, organisation.
    ``choices`` code -> text for type `choice`. ``collect`` False: defined so that it can be refused by name.
    ``section`` groups attributes on forms and cards; ``order`` is their order in the file.
    """

    key: str
    label: Text
    category: str
    type: str
    grade: int
    purposes: Mapping[str, str]
    retention: Mapping[str, RetentionDef]
    sensitive: bool = False
    careful: bool = False
    storage: str = "sealed"
    display: str = "mask"
    search: tuple[str, ...] = ()
    mask: str = "none"
    subject_kinds: tuple[str, ...] = ("person",)
    personal: bool = True
    required: bool = False
    collect: bool = True
    choices: Mapping[str, Text] = field(default_factory=dict)
    necessity: Text = field(default_factory=dict)
    impact: Text = field(default_factory=dict)
    hint: Text = field(default_factory=dict)
    pia: str = ""
    owner: str = "steward"
    source: tuple[str, ...] = ()
    section: str = "basic"
    article: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeDef:
    """One purpose (处理目的). ``bases`` in order of preference; ``necessary``: the service cannot be given without it;
    ``channel`` of a marketing purpose (call, sms, wechat, email, push); ``consent_kind`` general | explicit | separate |
    written | guardian | cross_border where a basis is consent; ``consent_valid`` ISO duration of a consent, "" = no end;
    ``prohibited`` here or in a parent: nothing may be done under it. ``ends``: when the purpose itself is over.
    ``accessory``: works on whatever other purposes hold (rights, audit, quality): the parser binds every collected
    attribute to it as optional, and it never prolongs anything."""

    key: str
    label: Text
    bases: tuple[Basis, ...]
    parent: str = ""
    description: Text = field(default_factory=dict)
    necessary: bool = False
    accessory: bool = False
    prohibited: bool = False
    channel: str = ""
    consent_kind: str = ""
    consent_valid: str = ""
    pia: str = ""
    ends: RetentionDef | None = None
    owner: str = "dpo"
    article: str = ""
    order: int = 0

    @property
    def needs_consent(self) -> bool:
        """Whether every basis of this purpose is some kind of consent."""
        return bool(self.bases) and all(basis.value.endswith("consent") for basis in self.bases)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDef:
    """One role (岗位). ``kind`` staff | service | external; ``purposes`` the lawful ones, the first is the default;
    ``permissions`` `chapter:noun:verb` for what is not about one customer; ``apart_from`` roles that the same person
    must not hold (职责分离); ``small_apart_from`` the same for a firm in small mode; ``sees`` one sentence for people."""

    key: str
    label: Text
    kind: str = "staff"
    purposes: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    apart_from: tuple[str, ...] = ()
    small_apart_from: tuple[str, ...] = ()
    sees: Text = field(default_factory=dict)
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDef:
    """One rule. For ``roles``, ``purposes``, ``actions``, ``attributes``, ``categories``: None = every one (only a
    forbid may say so; a permit that names no attributes must bound them by ``grade_max``), an empty tuple = none,
    so an empty allow-list denies. Role `everyone` matches every principal, services included.

    ``masked``: a permit that gives at most the masked rendering. ``when`` is the parsed plain data of the condition
    (dicts, tuples, str, int, bool), None = always; `kexin.regime.rules.conditions` turns it into a tree.
    """

    id: str
    effect: Effect
    label: Text
    roles: tuple[str, ...] | None
    purposes: tuple[str, ...] | None
    actions: tuple[Action, ...] | None
    attributes: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    subject_kinds: tuple[str, ...] | None = None
    grade_min: int = 1
    grade_max: int = 4
    masked: bool = False
    when: Any = None
    obligations: tuple[Obligation, ...] = ()
    article: str = ""
    chapter: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientDef:
    """Someone outside who may receive something. ``kind`` entrusted 委托处理 | provided 对外提供 | joint 共同处理;
    ``valid_until`` an ISO date: nothing leaves after it; ``country`` ISO 3166 code, anything but CN is 境外提供."""

    key: str
    name: str
    kind: str
    contact: str
    purposes: tuple[str, ...]
    attributes: tuple[str, ...]
    contract: str
    valid_until: str
    method: Text = field(default_factory=dict)
    country: str = "CN"
    article: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PiaDef:
    """A personal information impact assessment (PIPL 55–56) as drafted in the rulebook; approval is a row elsewhere."""

    key: str
    label: Text
    scenario: str
    purposes: tuple[str, ...]
    attributes: tuple[str, ...]
    necessity: Text
    impact: Text
    measures: Text
    risk: str
    status: str = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Security controls of the company: counts are plain, durations ISO 8601, each with the product's default."""

    reveal_daily_floor: int = 150
    reveal_p95_factor: int = 3
    reveal_shown: str = "PT60S"
    export_rows_free: int = 200
    export_rows_two_approvers: int = 1000
    search_misses_per_hour: int = 30
    own_scope_max: int = 2000
    password_min_length: int = 12
    signin_attempts: int = 5
    signin_lock: str = "PT15M"
    session_idle: str = "PT30M"
    session_max: str = "PT12H"
    fresh_signin: str = "PT10M"
    mfa_roles: tuple[str, ...] = ()
    token_max: str = "P90D"
    ask_again_after: str = "P30D"
    notice_within: str = "P7D"
    unproven_freeze_after: str = "P12M"
    bin_keep: str = "P30D"
    minor_approval_max: str = "P30D"
    log_keep: str = "P3Y"
    lone_publisher_wait: str = "PT24H"
    k_internal: int = 5
    k_public: int = 20
    quiet_from: str = "21:00"
    quiet_to: str = "09:00"
    answer_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingGate:
    """Who must have passed what before which grade opens (GB/T 35273 11.6): no valid exam, no such access."""

    key: str
    label: Text
    roles: tuple[str, ...]
    grade_min: int
    valid: str
    grace: str = "P0D"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The 个人信息处理者 of this installation; ``officer`` is the personal information protection officer (PIPL 52)."""

    name: str
    uscc: str
    address: str
    phone: str
    email: str
    officer_name: str
    officer_email: str
    officer_phone: str = ""
    representative: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Switches of law: ``sensitivity`` 45574-2025 | 35273-2020, ``crypto_suite`` intl | sm, ``size`` small | general,
    ``age_unknown_as`` adult | ask | minor: the signed sentence about people whose age nobody knows."""

    sensitivity: str = "45574-2025"
    crypto_suite: str = "intl"
    jurisdiction: str = "cn"
    extra: tuple[str, ...] = ()
    size: str = "general"
    age_unknown_as: str = "adult"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """One whole rulebook as parsed from its bytes. ``sha256`` (hex) is that of the exact bytes that people signed.

    Mappings keep the order of the file. ``sentences`` are signed statements in both languages (age unknown, children),
    ``sharing`` the general terms of giving data away, ``reviews`` review cycles as ISO durations.
    """

    format: int
    sha256: str
    title: Text
    company: Company
    profile: Profile
    grades: Mapping[int, Text]
    categories: Mapping[str, Text]
    sections: Mapping[str, Text]
    purposes: Mapping[str, PurposeDef]
    roles: Mapping[str, RoleDef]
    attributes: Mapping[str, AttributeDef]
    rules: tuple[RuleDef, ...]
    recipients: Mapping[str, RecipientDef]
    pias: Mapping[str, PiaDef]
    controls: Controls
    training: Mapping[str, TrainingGate]
    sharing: Mapping[str, Text]
    reviews: Mapping[str, str]
    sentences: Mapping[str, Text]

    def ancestry(self, purpose: str) -> tuple[str, ...]:
        """A purpose and its parents, nearest first. Stops at an unknown or repeated key; `check` names those."""
        chain: list[str] = []
        while purpose in self.purposes and purpose not in chain:
            chain.append(purpose)
            purpose = self.purposes[purpose].parent
        return tuple(chain)

    def prohibited(self, purpose: str) -> bool:
        """Whether this purpose, or any parent, is prohibited; an unknown purpose is."""
        chain = self.ancestry(purpose)
        return not chain or any(self.purposes[key].prohibited for key in chain)
