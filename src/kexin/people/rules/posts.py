"""Which posts may do what to staff records, which exclude each other, and under which purposes each works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Act(StrEnum):
    """Verbs on staff records."""

    ADMIT = "people:person:create"
    DEACTIVATE = "people:person:deactivate"
    INVITE = "people:invitation:create"
    GRANT = "people:role:grant"
    REVOKE = "people:role:revoke"
    ORGANISE = "people:department:write"
    REVOKE_TOKEN = "people:token:revoke"
    LIST = "people:person:list"
    FORGET = "people:sign_in:forget"


#: 等保三级 安全管理中心: accounts belong to the system administrator, rights to the security administrator, and the
#: auditor only looks. Nobody holds the whole chain.
ENTITLED: Mapping[Act, frozenset[str]] = {
    Act.ADMIT: frozenset({"system_admin"}),
    Act.DEACTIVATE: frozenset({"system_admin", "security_admin"}),
    Act.INVITE: frozenset({"system_admin"}),
    Act.GRANT: frozenset({"security_admin"}),
    Act.REVOKE: frozenset({"security_admin"}),
    Act.ORGANISE: frozenset({"system_admin"}),
    Act.REVOKE_TOKEN: frozenset({"security_admin"}),
    Act.LIST: frozenset({"system_admin", "security_admin", "auditor", "dpo", "head"}),
    # The timetable alone.
    Act.FORGET: frozenset(),
}

#: Service accounts of the host's own shell. Whoever runs them already owns the machine.
HOST_SERVICES = frozenset({"setup", "maintenance"})

_WORKING = frozenset({"steward", "sales", "sales_lead", "agent", "marketer", "analyst", "finance"})
_AUDIT = frozenset({"auditor", "guest_auditor"})
_EVERYTHING_ELSE = _WORKING | {"head", "dpo", "security_admin", "system_admin", "counsel"}

#: Posts that always need an end date.
NEEDS_END = frozenset({"guest_auditor"})

#: role -> purposes it works under, its usual one first. The rulebook narrows this; it never comes from a request.
PURPOSES: Mapping[str, tuple[str, ...]] = {
    "sales": ("presale", "service", "contract_b2b"),
    "sales_lead": ("presale", "service", "contract_b2b"),
    "agent": ("service", "real_name"),
    "marketer": ("mkt_sms", "mkt_wechat", "mkt_email", "mkt_call", "mkt_push", "analytics"),
    "analyst": ("analytics",),
    "finance": ("invoice", "pay"),
    "steward": ("quality", "presale", "service", "order", "member", "contract_b2b", "rights"),
    "counsel": ("legal", "governance"),
    "dpo": ("rights", "governance"),
    "auditor": ("audit",),
    "guest_auditor": ("audit",),
    "security_admin": ("governance",),
    "system_admin": ("governance",),
    "head": ("governance",),
}

#: Which post speaks first when one person holds several: the working ones, because that is where the day is spent.
ORDER = tuple(PURPOSES)


def entitled(roles: Iterable[str], *, act: Act, service: str = "") -> bool:
    """Whether a holder of these posts may do this to staff records."""
    return service in HOST_SERVICES or bool(ENTITLED[act] & frozenset(roles))


def conflicting(held: Iterable[str], wanted: str, *, small: bool) -> str:
    """The post already held that excludes the wanted one, or "".

    Security, system and audit administration are three people; auditors hold nothing else. Administrators do no
    customer work. In a small firm one person may hold system and security administration (never audit), and the
    owner (`head`) may also lead sales.
    """
    held = frozenset(held) - {wanted}
    return min(held & _excluded(wanted, small=small), default="")


def _excluded(wanted: str, *, small: bool) -> frozenset[str]:
    if wanted in _AUDIT:
        return _EVERYTHING_ELSE
    excluded = set(_AUDIT)
    admins = {"security_admin", "system_admin"}
    if wanted in admins:
        excluded |= (frozenset() if small else admins - {wanted}) | (_WORKING - ({"sales_lead"} if small else set()))
    if wanted in _WORKING:
        excluded |= {"head"} | admins
        if small and wanted == "sales_lead":
            excluded -= {"head"} | admins
    if wanted == "head":
        excluded |= _WORKING - ({"sales_lead"} if small else set())
    return frozenset(excluded)


def purposes_of(roles: Iterable[str]) -> tuple[str, ...]:
    """Every purpose of these posts, the most usual first, without repeats."""
    held = frozenset(roles)
    return tuple(dict.fromkeys(code for role in ORDER if role in held for code in PURPOSES[role]))
