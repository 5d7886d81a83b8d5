"""The other entries of a rulebook in plain sentences: attributes, purposes, roles, recipients, assessments, controls."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from kexin.chapters.compliance.words import codes, rules
from kexin.foundation.ui.words import listed, say
from kexin.regime.types import (
    AttributeDef,
    Company,
    PiaDef,
    Profile,
    PurposeDef,
    RecipientDef,
    RetentionDef,
    RoleDef,
    Rulebook,
    TrainingGate,
)


def attribute(one: AttributeDef, book: Rulebook) -> Iterable[str]:
    """What it is for, how it is kept and shown, when it dies."""
    if not one.collect:
        yield _("本公司不收集这项信息；写在目录里，是为了能按名称拒绝。")
        return
    own = {key: need for key, need in one.purposes.items() if not _accessory(key, book)}
    for need, words in (("necessary", _("必需用于：%(purposes)s。")), ("optional", _("可选用于：%(purposes)s。"))):
        if found := [rules.purpose(key, book) for key, value in own.items() if value == need]:
            yield words % {"purposes": listed(found)}
    yield _("%(storage)s；列表和卡片上%(display)s。") % {
        "storage": codes.word(codes.STORAGES, one.storage),
        "display": codes.word(codes.DISPLAYS, one.display),
    }
    if one.search:
        yield _("可按%(searches)s查找。") % {"searches": listed(codes.word(codes.SEARCHES, key) for key in one.search)}
    yield from _lives(one, own, book)
    if one.sensitive or one.careful:
        yield from (
            words % {"text": say(text)}
            for words, text in ((_("必要性：%(text)s。"), one.necessity), (_("对个人的影响：%(text)s。"), one.impact))
            if say(text)
        )


def _accessory(key: str, book: Rulebook) -> bool:
    return key in book.purposes and book.purposes[key].accessory


def _lives(one: AttributeDef, own: Iterable[str], book: Rulebook) -> Iterable[str]:
    """Retention, purposes with the same one together."""
    grouped: dict[RetentionDef, list[str]] = {}
    for key in own:
        if key in one.retention:
            grouped.setdefault(one.retention[key], []).append(rules.purpose(key, book))
    for found, purposes in grouped.items():
        yield _("%(purposes)s：%(kept)s。") % {"purposes": listed(purposes), "kept": retention(found)}


def retention(one: RetentionDef) -> str:
    """When it dies."""
    return codes.kept(start=one.start, keep=one.keep, then=one.then)


def purpose(one: PurposeDef, book: Rulebook) -> Iterable[str]:
    """Basis, consent, whether the service needs it, when it ends, who answers for it."""
    if book.prohibited(one.key):
        yield _("禁止：不得为这一用途处理任何信息。")
    if say(one.description):
        yield _("%(text)s。") % {"text": say(one.description)}
    if one.bases:
        yield _("合法性基础：%(bases)s。") % {"bases": _or(codes.word(codes.BASES, basis.value) for basis in one.bases)}
    if one.consent_kind:
        words = _("须取得%(kind)s，每次有效 %(valid)s。") if one.consent_valid else _("须取得%(kind)s。")
        yield words % {"kind": codes.word(codes.CONSENTS, one.consent_kind), "valid": codes.period(one.consent_valid)}
    if one.channel:
        yield _("渠道：%(channel)s。") % {"channel": codes.word(codes.CHANNELS, one.channel)}
    if one.necessary:
        yield _("提供服务所必需。")
    if one.accessory:
        yield _("随其他用途处理已有的信息，不单独收集，也不延长保存。")
    if one.ends:
        yield _("用途本身：%(kept)s。") % {"kept": retention(one.ends)}
    if one.parent:
        yield _("属于“%(parent)s”。") % {"parent": rules.purpose(one.parent, book)}
    yield _("责任岗位：%(owner)s。") % {"owner": rules.role(one.owner, book)}


def _or(words: Iterable[str]) -> str:
    return _("；或").join(words)


def role(one: RoleDef, book: Rulebook) -> Iterable[str]:
    """What it sees, its purposes, its permissions, what it excludes."""
    if say(one.sees):
        yield _("%(text)s。") % {"text": say(one.sees)}
    if one.purposes:
        yield _("工作用途：%(purposes)s。") % {"purposes": listed(rules.purpose(key, book) for key in one.purposes)}
    if one.permissions:
        yield _("权限：%(permissions)s。") % {"permissions": listed(permission(key) for key in one.permissions)}
    if one.apart_from:
        yield _("不得与下列岗位由同一人担任：%(roles)s。") % {"roles": listed(rules.role(key, book) for key in one.apart_from)}


#: Permissions of the shipped rulebooks; one that is not here is shown as its code.
PERMISSIONS: dict[str, Promise] = {
    "regime:rulebook:read": pgettext_lazy("rulebook", "查阅制度的历史与草案"),
    "regime:rulebook:publish": pgettext_lazy("rulebook", "起草制度"),
    "regime:rulebook:sign": pgettext_lazy("rulebook", "签署制度"),
    "evidence:ledger:read": pgettext_lazy("rulebook", "查看操作存证"),
    "evidence:ledger:verify": pgettext_lazy("rulebook", "核对操作存证"),
    "evidence:ledger:export": pgettext_lazy("rulebook", "下载核对包"),
    "people:person:read": pgettext_lazy("rulebook", "查看员工名册"),
    "people:person:create": pgettext_lazy("rulebook", "建立账号"),
    "people:person:deactivate": pgettext_lazy("rulebook", "停用账号"),
    "people:role:grant": pgettext_lazy("rulebook", "授予岗位"),
    "privacy:erasure:order": pgettext_lazy("rulebook", "办理删除"),
    "privacy:notice:publish": pgettext_lazy("rulebook", "发布告知"),
    "vault:keys:rotate": pgettext_lazy("rulebook", "轮换密钥"),
    "vault:watch:mark": pgettext_lazy("rulebook", "设置诱饵数据"),
    "vault:subject:merge": pgettext_lazy("rulebook", "合并客户"),
    "site:health:read": pgettext_lazy("rulebook", "查看系统状态"),
    "collection:import:run": pgettext_lazy("rulebook", "导入客户"),
    "crm:customer:transfer": pgettext_lazy("rulebook", "转交客户"),
    "crm:approval:decide": pgettext_lazy("rulebook", "审批"),
}


def permission(code: str) -> str:
    """A permission in words."""
    return codes.word(PERMISSIONS, code)


def recipient(one: RecipientDef, book: Rulebook) -> Iterable[str]:
    """Who gets what, why, by which contract, until when."""
    yield _("%(kind)s给 %(name)s：%(attributes)s。") % {
        "kind": codes.word(codes.RECIPIENT_KINDS, one.kind),
        "name": one.name,
        "attributes": listed(rules.attribute(key, book) for key in one.attributes) or _("（没有信息项）"),
    }
    yield _("用途：%(purposes)s。") % {"purposes": listed(rules.purpose(key, book) for key in one.purposes)}
    if say(one.method):
        yield _("方式：%(text)s。") % {"text": say(one.method)}
    yield _("合同 %(contract)s，有效至 %(until)s；联系方式：%(contact)s。") % {
        "contract": one.contract, "until": one.valid_until, "contact": one.contact,
    }  # fmt: skip
    if one.country != "CN":
        yield _("接收方在境外（%(country)s）。") % {"country": one.country}


def assessment(one: PiaDef, book: Rulebook) -> Iterable[str]:
    """An impact assessment."""
    yield _("情形：%(scenario)s；风险：%(risk)s；%(status)s。") % {
        "scenario": codes.word(codes.SCENARIOS, one.scenario),
        "risk": codes.word(codes.RISKS, one.risk),
        "status": codes.word(codes.STATUSES, one.status),
    }
    yield _("涉及：%(attributes)s；用途：%(purposes)s。") % {
        "attributes": listed(rules.attribute(key, book) for key in one.attributes),
        "purposes": listed(rules.purpose(key, book) for key in one.purposes),
    }
    texts = ((_("必要性：%(text)s"), one.necessity), (_("影响：%(text)s"), one.impact), (_("措施：%(text)s"), one.measures))
    yield from (words % {"text": say(text)} for words, text in texts if say(text))


def training(one: TrainingGate, book: Rulebook) -> Iterable[str]:
    """Who must have passed what."""
    named = {
        "roles": listed(rules.role(key, book) for key in one.roles), "grade": one.grade_min,
        "valid": codes.period(one.valid), "grace": codes.period(one.grace),
    }  # fmt: skip
    yield _("%(roles)s须通过考试，%(valid)s内有效；没有通过的，不能使用 %(grade)s 级及以上的信息。") % named
    if codes.period(one.grace) != codes.period("P0D"):
        yield _("到期后宽限 %(grace)s。") % named


def company(one: Company) -> Iterable[str]:
    """The controller and its officer (PIPL 17, 52)."""
    yield _("%(name)s（统一社会信用代码 %(uscc)s），地址：%(address)s，电话 %(phone)s，邮箱 %(email)s。") % {
        "name": one.name, "uscc": one.uscc, "address": one.address, "phone": one.phone, "email": one.email,
    }  # fmt: skip
    if one.representative:
        yield _("主要负责人：%(name)s。") % {"name": one.representative}
    contact = listed(filter(None, (one.officer_email, one.officer_phone)))
    yield _("个人信息保护负责人：%(name)s，%(contact)s。") % {"name": one.officer_name, "contact": contact}


def profile(one: Profile) -> Iterable[str]:
    """The switches of law."""
    yield _("敏感个人信息的标准：%(standard)s；密码：%(suite)s；规模：%(size)s。") % {
        "standard": codes.word(codes.SENSITIVITIES, one.sensitivity),
        "suite": codes.word(codes.SUITES, one.crypto_suite),
        "size": codes.word(codes.SIZES, one.size),
    }
    yield _("年龄不明的客户：%(age)s。") % {"age": codes.word(codes.UNKNOWN_AGES, one.age_unknown_as)}
    if one.extra:
        yield _("另须遵守：%(extras)s的规定。") % {"extras": listed(codes.word(codes.EXTRAS, key) for key in one.extra)}


CONTROLS: dict[str, Promise] = {
    "reveal_daily_floor": pgettext_lazy("rulebook", "每人每天查看完整信息 %(value)s 项以内不提醒"),
    "reveal_p95_factor": pgettext_lazy("rulebook", "超过本人近 30 天常用量 %(value)s 倍时放慢，并请主管延长"),
    "reveal_shown": pgettext_lazy("rulebook", "完整信息显示 %(value)s后自动恢复脱敏"),
    "export_rows_free": pgettext_lazy("rulebook", "导出本人名单的脱敏表，%(value)s 行以内不需审批"),
    "export_rows_two_approvers": pgettext_lazy("rulebook", "导出超过 %(value)s 行须两人批准"),
    "search_misses_per_hour": pgettext_lazy("rulebook", "每小时搜索落空 %(value)s 次后暂停搜索"),
    "own_scope_max": pgettext_lazy("rulebook", "在 %(value)s 位以内的本人客户中可以打开后再排序"),
    "password_min_length": pgettext_lazy("rulebook", "密码不少于 %(value)s 个字符"),
    "signin_attempts": pgettext_lazy("rulebook", "连续 %(value)s 次登录失败后锁定"),
    "signin_lock": pgettext_lazy("rulebook", "锁定 %(value)s"),
    "session_idle": pgettext_lazy("rulebook", "%(value)s没有操作即退出登录"),
    "session_max": pgettext_lazy("rulebook", "登录最长 %(value)s"),
    "fresh_signin": pgettext_lazy("rulebook", "最重要的操作须在 %(value)s内确认过身份"),
    "mfa_roles": pgettext_lazy("rulebook", "须用两种方式登录的岗位：%(value)s"),
    "token_max": pgettext_lazy("rulebook", "接口令牌最长有效 %(value)s"),
    "ask_again_after": pgettext_lazy("rulebook", "拒绝或撤回后，%(value)s内不再询问"),
    "notice_within": pgettext_lazy("rulebook", "收到名片或转介绍后，%(value)s内送达告知，否则封存"),
    "unproven_freeze_after": pgettext_lazy("rulebook", "来源或凭证不明的客户 %(value)s后封存"),
    "bin_keep": pgettext_lazy("rulebook", "回收站保留 %(value)s后删除"),
    "minor_approval_max": pgettext_lazy("rulebook", "未成年人信息的批准最长 %(value)s"),
    "log_keep": pgettext_lazy("rulebook", "操作存证保存 %(value)s"),
    "lone_publisher_wait": pgettext_lazy("rulebook", "只有一人能签署时，放宽的制度 %(value)s后生效"),
    "k_internal": pgettext_lazy("rulebook", "内部统计每组不少于 %(value)s 人"),
    "k_public": pgettext_lazy("rulebook", "对外统计每组不少于 %(value)s 人"),
    "quiet_from": pgettext_lazy("rulebook", "每天 %(value)s 起不发送营销信息"),
    "quiet_to": pgettext_lazy("rulebook", "每天 %(value)s 起可以发送"),
    "answer_days": pgettext_lazy("rulebook", "个人权利请求最迟 %(value)s 天答复"),
}


def control(key: str, value: object, book: Rulebook) -> str:
    """One control of the company."""
    shown = str(value)
    if isinstance(value, tuple):
        shown = listed(rules.role(one, book) for one in value) or _("没有")
    elif isinstance(value, int):
        shown = f"{value:,}"
    elif shown.startswith("P"):
        shown = codes.period(shown)
    return _("%(sentence)s。") % {"sentence": str(CONTROLS[key]) % {"value": shown}} if key in CONTROLS else f"{key}: {shown}"


REVIEWS: dict[str, Promise] = {
    "access_review": pgettext_lazy("rulebook", "复核权限"),
    "vendor_check": pgettext_lazy("rulebook", "检查受托人"),
    "vendor_check_sensitive": pgettext_lazy("rulebook", "检查处理敏感信息的受托人"),
    "compliance_audit": pgettext_lazy("rulebook", "合规审计"),
    "rulebook_review": pgettext_lazy("rulebook", "复核本制度"),
    "incident_drill": pgettext_lazy("rulebook", "安全事件演练"),
    "restore_drill": pgettext_lazy("rulebook", "恢复演练"),
    "catalogue_unused": pgettext_lazy("rulebook", "清理不用的信息项"),
}


def review(key: str, period: str) -> str:
    """A review cycle."""
    return _("每 %(period)s%(what)s一次。") % {"period": codes.period(period), "what": codes.word(REVIEWS, key)}
