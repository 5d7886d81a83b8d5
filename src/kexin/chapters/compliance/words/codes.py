"""The closed codes of a rulebook in the words of the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

ACTIONS: Mapping[str, Promise] = {
    "read": pgettext_lazy("rulebook", "查看"),
    "search": pgettext_lazy("rulebook", "搜索"),
    "sort": pgettext_lazy("rulebook", "排序"),
    "aggregate": pgettext_lazy("rulebook", "统计"),
    "write": pgettext_lazy("rulebook", "登记和更正"),
    "share": pgettext_lazy("rulebook", "对外提供"),
    "export": pgettext_lazy("rulebook", "导出"),
    "analyse": pgettext_lazy("rulebook", "分析"),
    "contact": pgettext_lazy("rulebook", "联系"),
}
BASES: Mapping[str, Promise] = {
    "contract": pgettext_lazy("rulebook", "为订立、履行合同所必需"),
    "contract_if_asked": pgettext_lazy("rulebook", "应本人请求，为订立合同所必需"),
    "consent": pgettext_lazy("rulebook", "本人同意"),
    "separate_consent": pgettext_lazy("rulebook", "本人单独同意"),
    "written_consent": pgettext_lazy("rulebook", "本人书面同意"),
    "guardian_consent": pgettext_lazy("rulebook", "监护人同意"),
    "legal_duty": pgettext_lazy("rulebook", "为履行法定义务所必需"),
    "emergency": pgettext_lazy("rulebook", "紧急情况下为保护生命健康和财产安全所必需"),
    "public": pgettext_lazy("rulebook", "合理范围内处理已公开的信息"),
    "parent": pgettext_lazy("rulebook", "随所服务的用途"),
    "not_personal": pgettext_lazy("rulebook", "不属于个人信息"),
}
CONSENTS: Mapping[str, Promise] = {
    "general": pgettext_lazy("rulebook", "一般同意"),
    "explicit": pgettext_lazy("rulebook", "明示同意"),
    "separate": pgettext_lazy("rulebook", "单独同意"),
    "written": pgettext_lazy("rulebook", "书面同意"),
    "guardian": pgettext_lazy("rulebook", "监护人同意"),
    "cross_border": pgettext_lazy("rulebook", "出境单独同意"),
}
CHANNELS: Mapping[str, Promise] = {
    "call": pgettext_lazy("rulebook", "电话"),
    "sms": pgettext_lazy("rulebook", "短信"),
    "wechat": pgettext_lazy("rulebook", "微信"),
    "email": pgettext_lazy("rulebook", "邮件"),
    "push": pgettext_lazy("rulebook", "应用推送"),
    "partner": pgettext_lazy("rulebook", "合作方"),
    "export": pgettext_lazy("rulebook", "导出"),
    "web": pgettext_lazy("rulebook", "网站"),
}
STARTS: Mapping[str, Promise] = {
    "collection": pgettext_lazy("rulebook", "收集之日"),
    "customer_contact": pgettext_lazy("rulebook", "客户最后一次主动联系"),
    "relation_end": pgettext_lazy("rulebook", "客户关系结束"),
    "completion": pgettext_lazy("rulebook", "交易完成"),
    "warranty_end": pgettext_lazy("rulebook", "质保期满"),
    "withdrawal": pgettext_lazy("rulebook", "撤回同意"),
    "closure": pgettext_lazy("rulebook", "事项办结"),
    "year_end": pgettext_lazy("rulebook", "所在年度终了"),
    "issue": pgettext_lazy("rulebook", "开具之日"),
    "settlement": pgettext_lazy("rulebook", "结清"),
    "verification": pgettext_lazy("rulebook", "核验完成"),
    "purpose_end": pgettext_lazy("rulebook", "所随用途结束"),
    "event": pgettext_lazy("rulebook", "事件发生"),
}
ENDINGS: Mapping[str, Promise] = {"erase": pgettext_lazy("rulebook", "删除"), "anonymise": pgettext_lazy("rulebook", "匿名化"), "freeze": pgettext_lazy("rulebook", "封存")}
SEARCHES: Mapping[str, Promise] = {
    "exact": pgettext_lazy("rulebook", "完整内容"),
    "ngram": pgettext_lazy("rulebook", "其中几个字"),
    "surname_suffix4": pgettext_lazy("rulebook", "姓加尾号四位"),
    "monthday": pgettext_lazy("rulebook", "月和日"),
}
STORAGES: Mapping[str, Promise] = {"sealed": pgettext_lazy("rulebook", "加密保存"), "facet": pgettext_lazy("rulebook", "开放保存，可筛选")}
DISPLAYS: Mapping[str, Promise] = {"mask": pgettext_lazy("rulebook", "脱敏显示"), "full": pgettext_lazy("rulebook", "完整显示")}
SUBJECTS: Mapping[str, Promise] = {"person": pgettext_lazy("rulebook", "个人"), "organisation": pgettext_lazy("rulebook", "企业")}
NEEDS: Mapping[str, Promise] = {"necessary": pgettext_lazy("rulebook", "必需"), "optional": pgettext_lazy("rulebook", "可选")}
EFFECTS: Mapping[str, Promise] = {"permit": pgettext_lazy("rulebook", "允许"), "forbid": pgettext_lazy("rulebook", "禁止")}
SHOWN: Mapping[str, Promise] = {"full": pgettext_lazy("rulebook", "可看完整信息"), "masked": pgettext_lazy("rulebook", "只看脱敏内容")}
ROLE_KINDS: Mapping[str, Promise] = {"staff": pgettext_lazy("rulebook", "员工岗位"), "service": pgettext_lazy("rulebook", "后台服务"), "external": pgettext_lazy("rulebook", "外部人员")}
RECIPIENT_KINDS: Mapping[str, Promise] = {
    "entrusted": pgettext_lazy("rulebook", "委托处理"),
    "provided": pgettext_lazy("rulebook", "对外提供"),
    "joint": pgettext_lazy("rulebook", "共同处理"),
}
SCENARIOS: Mapping[str, Promise] = {
    "sensitive": pgettext_lazy("rulebook", "处理敏感个人信息"),
    "automated": pgettext_lazy("rulebook", "自动化决策"),
    "entrust_provide_publish": pgettext_lazy("rulebook", "委托、提供或公开"),
    "export": pgettext_lazy("rulebook", "境外提供"),
    "major_impact": pgettext_lazy("rulebook", "其他重大影响"),
}
RISKS: Mapping[str, Promise] = {"low": pgettext_lazy("rulebook", "低"), "medium": pgettext_lazy("rulebook", "中"), "high": pgettext_lazy("rulebook", "高"), "severe": pgettext_lazy("rulebook", "严重")}
STATUSES: Mapping[str, Promise] = {"draft": pgettext_lazy("rulebook", "草稿"), "approved": pgettext_lazy("rulebook", "已批准")}
RELATIONS: Mapping[str, Promise] = {
    "owner": pgettext_lazy("rulebook", "本人负责"),
    "team": pgettext_lazy("rulebook", "本团队负责"),
    "pool": pgettext_lazy("rulebook", "在可领取的公海"),
    "record_team": pgettext_lazy("rulebook", "同组共有"),
    "open_case": pgettext_lazy("rulebook", "有未关闭的受理单"),
    "task": pgettext_lazy("rulebook", "有当天的任务"),
    "approval": pgettext_lazy("rulebook", "已获批准"),
    "minor_approval": pgettext_lazy("rulebook", "已获未成年人信息的批准"),
    "rights_request": pgettext_lazy("rulebook", "正在办理本人的权利请求"),
    "exam": pgettext_lazy("rulebook", "考试在有效期内"),
    "pia": pgettext_lazy("rulebook", "影响评估已批准"),
}
DUTIES: Mapping[str, Promise] = {
    "log": pgettext_lazy("rulebook", "逐次记录"),
    "mask": pgettext_lazy("rulebook", "只显示脱敏内容"),
    "reason": pgettext_lazy("rulebook", "说明原因"),
    "ticket": pgettext_lazy("rulebook", "有受理单"),
    "watermark": pgettext_lazy("rulebook", "加水印"),
    "notify": pgettext_lazy("rulebook", "通知负责人"),
    "expire": pgettext_lazy("rulebook", "限时显示"),
    "approve": pgettext_lazy("rulebook", "先经批准"),
    "fresh_signin": pgettext_lazy("rulebook", "重新确认身份"),
}
STATES: Mapping[str, Promise] = {
    "active": pgettext_lazy("rulebook", "正常"),
    "frozen": pgettext_lazy("rulebook", "封存或限制处理"),
    "erasing": pgettext_lazy("rulebook", "正在删除"),
    "erased": pgettext_lazy("rulebook", "已删除"),
}
AGES: Mapping[str, Promise] = {
    "adult": pgettext_lazy("rulebook", "成年人"),
    "minor": pgettext_lazy("rulebook", "未成年人"),
    "under14": pgettext_lazy("rulebook", "不满十四周岁未成年人"),
    "unknown": pgettext_lazy("rulebook", "年龄不明"),
}
FACTS: Mapping[str, Promise] = {
    "subject.kind": pgettext_lazy("rulebook", "客户类型"),
    "subject.state": pgettext_lazy("rulebook", "记录状态"),
    "subject.age_status": pgettext_lazy("rulebook", "年龄状态"),
    "subject.unproven": pgettext_lazy("rulebook", "来源或凭证不明"),
    "subject.contact_at": pgettext_lazy("rulebook", "最近联系时间"),
    "subject.created_at": pgettext_lazy("rulebook", "登记时间"),
}
SENSITIVITIES: Mapping[str, Promise] = {
    "45574-2025": pgettext_lazy("rulebook", "GB/T 45574-2025（现行）"),
    "35273-2020": pgettext_lazy("rulebook", "GB/T 35273-2020（更宽的名单）"),
}
SUITES: Mapping[str, Promise] = {"intl": pgettext_lazy("rulebook", "国际通用算法"), "sm": pgettext_lazy("rulebook", "国密算法（SM2/3/4）")}
SIZES: Mapping[str, Promise] = {"general": pgettext_lazy("rulebook", "一般处理者"), "small": pgettext_lazy("rulebook", "小型处理者（不满 10 万人）")}
UNKNOWN_AGES: Mapping[str, Promise] = {
    "adult": pgettext_lazy("rulebook", "按成年人处理"),
    "ask": pgettext_lazy("rulebook", "下次联系时询问"),
    "minor": pgettext_lazy("rulebook", "按未成年人处理"),
}
EXTRAS: Mapping[str, Promise] = {"eu": pgettext_lazy("rulebook", "欧盟客户"), "financial": pgettext_lazy("rulebook", "金融机构"), "credit": pgettext_lazy("rulebook", "征信业务")}
JURISDICTIONS: Mapping[str, Promise] = {"cn": pgettext_lazy("rulebook", "中国")}

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
