"""The posts as the screen names them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kexin.people.rules.posts import ORDER

ROLES: dict[str, Promise] = {
    "head": _("主要负责人"),
    "dpo": _("个人信息保护负责人"),
    "security_admin": _("安全管理员"),
    "system_admin": _("系统管理员"),
    "auditor": _("审计员"),
    "steward": _("客户数据管理员"),
    "sales": _("销售"),
    "sales_lead": _("销售主管"),
    "agent": _("客服"),
    "marketer": _("市场"),
    "analyst": _("分析师"),
    "finance": _("财务"),
    "counsel": _("法务"),
    "guest_auditor": _("外部审计"),
}


def spoken(roles: Iterable[str]) -> list[str]:
    """Names of posts in the house's order."""
    held = frozenset(roles)
    return [str(ROLES[role]) for role in ORDER if role in held]
