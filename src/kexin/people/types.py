"""What people's doors answer, and the errors of this room."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kexin.foundation.problems import Conflict, Invalid, NotFound, Problem, Refused
from kexin.foundation.sentences import sentence as _


class Role(StrEnum):
    """The posts of law.md §4.2. The value is the key used in the rulebook."""

    HEAD = "head"
    DPO = "dpo"
    SECURITY_ADMIN = "security_admin"
    SYSTEM_ADMIN = "system_admin"
    AUDITOR = "auditor"
    STEWARD = "steward"
    SALES = "sales"
    SALES_LEAD = "sales_lead"
    AGENT = "agent"
    MARKETER = "marketer"
    ANALYST = "analyst"
    FINANCE = "finance"
    COUNSEL = "counsel"
    GUEST_AUDITOR = "guest_auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An asker with the rights of this instant.

    ``department_ids`` are the person's department and every department above it (a grant to a department reaches
    everybody below). ``team_ids`` are the departments this person leads, with everything below them.
    ``phone`` is the asker's own ("" for none), so that the ledger can tell who opened the own number.
    ``is_current`` is False when the person left, the rights changed since the Caller was made, or the token ended:
    then ``roles`` is empty, so that forgetting to look at it opens nothing.
    """

    id: uuid.UUID
    name: str
    staff_no: str
    roles: frozenset[str]
    department_ids: frozenset[uuid.UUID] = frozenset()
    team_ids: frozenset[uuid.UUID] = frozenset()
    phone: str = ""
    is_current: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A member of staff as lists show them."""

    id: uuid.UUID
    staff_no: str
    name: str
    department: str
    roles: tuple[str, ...]
    is_active: bool
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """An API token without its secret; ``ends`` are the last four characters, so that its owner can tell them apart."""

    id: uuid.UUID
    label: str
    ends: str
    purposes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMade:
    """A new token. ``secret`` is shown this once; only its SHA-256 is kept."""

    id: uuid.UUID
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One live sign-in of one's own."""

    id: uuid.UUID
    at: datetime
    place: str
    device: str
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMade:
    """A one-time link's secret, shown this once."""

    id: uuid.UUID
    secret: str
    expires_at: datetime


class NotEntitled(Refused):
    """The caller's post does not include this act of staff administration."""

    code = "not-entitled"
    title = _("没有执行：这项工作属于另一个岗位")


class RoleConflict(Conflict):
    """Two posts that one person may not hold together."""

    code = "role-conflict"
    title = _("没有授予：这两个岗位不能由同一人担任")


class SelfGrant(Refused):
    """Nobody gives rights to themselves (GB/T 35273-2020 7.1 c)."""

    code = "self-grant"
    title = _("没有授予：授予人和被授予人不能是同一人")


class StaffNoTaken(Conflict):
    """The 工号 belongs to somebody already."""

    code = "staff-no-taken"
    title = _("没有新增：这个工号已有人使用")


class PersonNotFound(NotFound):
    """No such member of staff."""

    code = "person-not-found"
    title = _("没有找到这位同事")


class WeakPassword(Invalid):
    """The new password does not meet the rules; the errors say which."""

    code = "weak-password"
    title = _("密码需要更换")


class TokenRefused(Problem):
    """The bearer token is unknown, ended or revoked, or the purpose asked for is not one of its own."""

    status = 401
    code = "token-refused"
    title = _("令牌无效或已到期")


class TooManyAttempts(Problem):
    """More tries than the limit allows; nothing was checked."""

    status = 429
    code = "too-many-attempts"
    title = _("尝试次数过多")


class LinkEnded(NotFound):
    """A one-time link that was used, replaced or has expired."""

    code = "link-ended"
    title = _("这个链接已使用或已过期")
