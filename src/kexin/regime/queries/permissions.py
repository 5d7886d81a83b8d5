"""DOOR: what a post may do that is not about one customer's values (`chapter:noun:verb` of the rulebook's roles)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kexin.foundation.caller import Caller
from kexin.foundation.problems import Refused
from kexin.people import queries as people
from kexin.regime.queries.askers import bundle_or_none


class NotPermitted(Refused):
    """No post of this caller has the permission."""

    code = "not-permitted"
    title = _("没有执行：这项工作属于另一个岗位")


def permitted(caller: Caller, permission: str) -> bool:
    """Whether one of the caller's posts has this permission now. No rulebook, no permission."""
    found = bundle_or_none()
    principal = people.principal(caller)
    if found is None or not principal.is_current:
        return False
    return any(permission in found.roles[role].permissions for role in principal.roles if role in found.roles)


def require(caller: Caller, *permissions: str) -> None:
    """Raise NotPermitted unless the caller has at least one of these."""
    if not any(permitted(caller, one) for one in permissions):
        raise NotPermitted(remedy=_("请联系个人信息保护负责人或系统管理员"), rule=permissions[0])
