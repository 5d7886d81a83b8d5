"""DOOR: what a post may do that is not about one customer's values (`chapter:noun:verb` of the rulebook's roles)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.problems import Refused
from kexin.people import queries as people
from kexin.regime.queries.askers import bundle_or_none
from kexin.regime.rules.consent import after


class NotPermitted(Refused):
    """No post of this caller has the permission."""

    code = "not-permitted"
    title = _("没有执行：这项工作属于另一个岗位")


def permissions_of(caller: Caller) -> frozenset[str]:
    """Every permission that the caller's posts have now. No rulebook, no permission."""
    found = bundle_or_none()
    principal = people.principal(caller)
    if found is None or not principal.is_current:
        return frozenset()
    return frozenset(one for role in principal.roles if role in found.roles for one in found.roles[role].permissions)


def permitted(caller: Caller, permission: str) -> bool:
    """Whether one of the caller's posts has this permission now. No rulebook, no permission."""
    return permission in permissions_of(caller)


def proof_holds(signed_in_at: datetime | None) -> bool:
    """Whether a proof of identity at that instant is recent enough for the gravest acts (`controls.fresh_signin`).
    Before the first rulebook there is no window."""
    found = bundle_or_none()
    if found is None:
        return True
    until = after(signed_in_at, found.rulebook.controls.fresh_signin) if signed_in_at else None
    return until is not None and until >= now()


def require(caller: Caller, *wanted: str) -> None:
    """Raise NotPermitted unless the caller has at least one of these."""
    if permissions_of(caller).isdisjoint(wanted):
        raise NotPermitted(remedy=_("请联系个人信息保护负责人或系统管理员"), rule=wanted[0])
