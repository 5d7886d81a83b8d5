"""The closed codes of a rulebook in the words of the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

ACTIONS: Mapping[str, Promise] = {
    "read": _lazy("查看"),
    "search": _lazy("搜索"),
    "sort": _lazy("排序"),
    "aggregate": _lazy("统计"),
    "write": _lazy("登记和更正"),
    "share": _lazy("对外提供"),
    "export": _lazy("导出"),
    "analyse": _lazy("分析"),
    "contact": _lazy("联系"),
}
BASES: Mapping[str, Promise] = {
    "contract": _lazy("为订立、履行合同所必需"),
    "contract_if_asked": _lazy("应本人请求，为订立合同所必需"),
    "consent": _lazy("本人同意"),
    "separate_consent": _lazy("本人单独同意"),
    "written_consent": _lazy("本人书面同意"),
    "guardian_consent": _lazy("监护人同意"),
    "legal_duty": _lazy("为履行法定义务所必需"),
    "emergency": _lazy("紧急情况下为保护生命健康和财产安全所必需"),
    "public": _lazy("合理范围内处理已公开的信息"),
    "parent": _lazy("随所服务的用途"),
    "not_personal": _lazy("不属于个人信息"),
}
CONSENTS: Mapping[str, Promise] = {
    "general": _lazy("一般同意"),
    "explicit": _lazy("明示同意"),
    "separate": _lazy("单独同意"),
    "written": _lazy("书面同意"),
    "guardian": _lazy("监护人同意"),
    "cross_border": _lazy("出境单独同意"),
}
CHANNELS: Mapping[str, Promise] = {
    "call": _lazy("电话"),
    "sms": _lazy("短信"),
    "wechat": _lazy("微信"),
    "email": _lazy("邮件"),
    "push": _lazy("应用推送"),
    "partner": _lazy("合作方"),
    "export": _lazy("导出"),
    "web": _lazy("网站"),
}
STARTS: Mapping[str, Promise] = {
    "collection": _lazy("收集之日"),
    "customer_contact": _lazy("客户最后一次主动联系"),
    "relation_end": _lazy("客户关系结束"),
    "completion": _lazy("交易完成"),
    "warranty_end": _lazy("质保期满"),
    "withdrawal": _lazy("撤回同意"),
    "closure": _lazy("事项办结"),
    "year_end": _lazy("所在年度终了"),
    "issue": _lazy("开具之日"),
    "settlement": _lazy("结清"),
    "verification": _lazy("核验完成"),
    "purpose_end": _lazy("所随用途结束"),
    "event": _lazy("事件发生"),
}
ENDINGS: Mapping[str, Promise] = {"erase": _lazy("删除"), "anonymise": _lazy("匿名化"), "freeze": _lazy("封存")}
SEARCHES: Mapping[str, Promise] = {
    "exact": _lazy("完整内容"),
    "ngram": _lazy("其中几个字"),
    "surname_suffix4": _lazy("姓加尾号四位"),
    "monthday": _lazy("月和日"),
}
STORAGES: Mapping[str, Promise] = {"sealed": _lazy("加密保存"), "facet": _lazy("开放保存，可筛选")}
DISPLAYS: Mapping[str, Promise] = {"mask": _lazy("脱敏显示"), "full": _lazy("完整显示")}
SUBJECTS: Mapping[str, Promise] = {"person": _lazy("个人"), "organisation": _lazy("企业")}
NEEDS: Mapping[str, Promise] = {"necessary": _lazy("必需"), "optional": _lazy("可选")}
EFFECTS: Mapping[str, Promise] = {"permit": _lazy("允许"), "forbid": _lazy("禁止")}
SHOWN: Mapping[str, Promise] = {"full": _lazy("可看完整信息"), "masked": _lazy("只看脱敏内容")}
ROLE_KINDS: Mapping[str, Promise] = {"staff": _lazy("员工岗位"), "service": _lazy("后台服务"), "external": _lazy("外部人员")}
RECIPIENT_KINDS: Mapping[str, Promise] = {
    "entrusted": _lazy("委托处理"),
    "provided": _lazy("对外提供"),
    "joint": _lazy("共同处理"),
}
SCENARIOS: Mapping[str, Promise] = {
    "sensitive": _lazy("处理敏感个人信息"),
    "automated": _lazy("自动化决策"),
    "entrust_provide_publish": _lazy("委托、提供或公开"),
    "export": _lazy("境外提供"),
    "major_impact": _lazy("其他重大影响"),
}
RISKS: Mapping[str, Promise] = {"low": _lazy("低"), "medium": _lazy("中"), "high": _lazy("高"), "severe": _lazy("严重")}
STATUSES: Mapping[str, Promise] = {"draft": _lazy("草稿"), "approved": _lazy("已批准")}
RELATIONS: Mapping[str, Promise] = {
    "owner": _lazy("本人负责"),
    "team": _lazy("本团队负责"),
    "pool": _lazy("在可领取的公海"),
    "record_team": _lazy("同组共有"),
    "open_case": _lazy("有未关闭的受理单"),
    "task": _lazy("有当天的任务"),
    "approval": _lazy("已获批准"),
    "minor_approval": _lazy("已获未成年人信息的批准"),
    "rights_request": _lazy("正在办理本人的权利请求"),
    "exam": _lazy("考试在有效期内"),
    "pia": _lazy("影响评估已批准"),
}
DUTIES: Mapping[str, Promise] = {
    "log": _lazy("逐次记录"),
    "mask": _lazy("只显示脱敏内容"),
    "reason": _lazy("说明原因"),
    "ticket": _lazy("有受理单"),
    "watermark": _lazy("加水印"),
    "notify": _lazy("通知负责人"),
    "expire": _lazy("限时显示"),
    "approve": _lazy("先经批准"),
    "fresh_signin": _lazy("重新确认身份"),
}
STATES: Mapping[str, Promise] = {
    "active": _lazy("正常"),
    "frozen": _lazy("封存或限制处理"),
    "erasing": _lazy("正在删除"),
    "erased": _lazy("已删除"),
}
AGES: Mapping[str, Promise] = {
    "adult": _lazy("成年人"),
    "minor": _lazy("未成年人"),
    "under14": _lazy("不满十四周岁未成年人"),
    "unknown": _lazy("年龄不明"),
}
FACTS: Mapping[str, Promise] = {
    "subject.kind": _lazy("客户类型"),
    "subject.state": _lazy("记录状态"),
    "subject.age_status": _lazy("年龄状态"),
    "subject.unproven": _lazy("来源或凭证不明"),
    "subject.contact_at": _lazy("最近联系时间"),
    "subject.created_at": _lazy("登记时间"),
}
SENSITIVITIES: Mapping[str, Promise] = {
    "45574-2025": _lazy("GB/T 45574-2025（现行）"),
    "35273-2020": _lazy("GB/T 35273-2020（更宽的名单）"),
}
SUITES: Mapping[str, Promise] = {"intl": _lazy("国际通用算法"), "sm": _lazy("国密算法（SM2/3/4）")}
SIZES: Mapping[str, Promise] = {"general": _lazy("一般处理者"), "small": _lazy("小型处理者（不满 10 万人）")}
UNKNOWN_AGES: Mapping[str, Promise] = {
    "adult": _lazy("按成年人处理"),
    "ask": _lazy("下次联系时询问"),
    "minor": _lazy("按未成年人处理"),
}
EXTRAS: Mapping[str, Promise] = {"eu": _lazy("欧盟客户"), "financial": _lazy("金融机构"), "credit": _lazy("征信业务")}
JURISDICTIONS: Mapping[str, Promise] = {"cn": _lazy("中国")}

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def word(table: Mapping[str, Promise], code: object) -> str:
    """A code in words; one that nobody knows stays as it is."""
    return str(table.get(str(code), code))


def period(duration: str) -> str:
    """P12M -> 12 个月; PT24H -> 24 小时; P0D -> 立即. What is no duration stays as it is."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        return duration
    parts = [
        words % {"count": int(count)}
        for count, words in zip(
            match.groups(),
            (_("%(count)s 年"), _("%(count)s 个月"), _("%(count)s 周"), _("%(count)s 天"), _("%(count)s 小时"), _("%(count)s 分钟"), _("%(count)s 秒")),
            strict=True,
        )
        if count and int(count)
    ]  # fmt: skip
    return " ".join(parts) or _("立即")


def kept(*, start: str, keep: str, then: str) -> str:
    """When a value dies: 自客户最后一次主动联系起保存 12 个月，到期删除。"""
    named = {"start": word(STARTS, start), "keep": period(keep), "then": word(ENDINGS, then)}
    if period(keep) == _("立即"):
        return _("%(start)s后立即%(then)s") % named
    return _("自%(start)s起保存 %(keep)s，到期%(then)s") % named
