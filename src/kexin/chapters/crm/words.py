"""Codes that the lower floors answer with, in the words of the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

_BASES: Mapping[str, Any] = {
    "contract": _("为订立、履行合同所必需"),
    "contract_if_asked": _("应本人请求，为订立合同所必需"),
    "consent": _("本人同意"),
    "separate_consent": _("本人单独同意"),
    "written_consent": _("本人书面同意"),
    "guardian_consent": _("监护人同意"),
    "legal_duty": _("为履行法定义务所必需"),
    "emergency": _("紧急情况下为保护生命健康和财产安全所必需"),
    "public": _("合理范围内处理已公开的信息"),
    "parent": _("随所服务的用途"),
    "not_personal": _("不属于个人信息"),
    "unproven": _("来源或凭证不明"),
}
_STATUSES: Mapping[str, Any] = {
    "in_use": _("使用中"),
    "allowed": _("可以使用"),
    "prohibited": _("禁止"),
    "never_asked": _("从未询问"),
    "shown": _("已展示，未答复"),
    "given": _("同意"),
    "refused": _("拒绝，不使用"),
    "withdrawn": _("已撤回，不使用"),
    "expired": _("已失效，须再次征求"),
    "stale": _("已失效，须再次征求"),
}
#: What a value serves now, then what it could serve, then what people said no to.
RANK = ("in_use", "given", "allowed", "never_asked", "shown", "refused", "withdrawn", "expired", "stale", "prohibited")
#: Marketing channels of a list, in the order that never changes: 电 短 微 邮.
CHANNELS = (("mkt_call", _("电")), ("mkt_sms", _("短")), ("mkt_wechat", _("微")), ("mkt_email", _("邮")))
GLYPHS = {"given": "given", "refused": "refused", "withdrawn": "withdrawn", "stale": "stale", "expired": "stale"}
_HAPPENED: Mapping[str, tuple[Any, str, str]] = {
    "collected": (_("收集"), "file-import", ""),
    "reveal": (_("查看完整信息"), "eye", "accent"),
    "revealed": (_("查看完整信息"), "eye", "accent"),
    "contact": (_("使用（没有显示）"), "phone", ""),
    "contacted": (_("使用（没有显示）"), "phone", ""),
    "disclosed.export": (_("导出"), "file-export", "warn"),
    "disclosed.entrust": (_("委托处理"), "truck-delivery", "warn"),
    "disclosed.provide": (_("对外提供"), "share", "warn"),
    "consent.shown": (_("展示告知"), "file-text", ""),
    "consent.given": (_("同意"), "circle-check", "ok"),
    "consent.refused": (_("拒绝"), "ban", ""),
    "consent.withdrawn": (_("撤回同意"), "hand-stop", "warn"),
    "consent.expired": (_("同意到期"), "clock", ""),
    "consent.stale": (_("同意失效，须再次征求"), "refresh", ""),
}


def basis(code: str) -> str:
    """A legal basis; what nobody can show is 来源或凭证不明."""
    return str(_BASES.get(code, _BASES["unproven"]))


def status(code: str) -> str:
    """Whether a purpose may use a value now."""
    return str(_STATUSES.get(code, code))


def happened(code: str) -> str:
    """A happening."""
    return str(_HAPPENED[code][0]) if code in _HAPPENED else code


def icon(code: str) -> str:
    """The icon beside a happening."""
    return _HAPPENED[code][1] if code in _HAPPENED else "point"


def tone(code: str) -> str:
    """The colour of that icon's disc; most have none."""
    return _HAPPENED[code][2] if code in _HAPPENED else ""
