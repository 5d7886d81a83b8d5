"""The kinds of entries and their fields. Keys are those of format 1 (`regime.rulebook.format`); a test compares them."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from kexin.chapters.compliance.fields.entries import ATTRIBUTE, PIA, PURPOSE, RECIPIENT, RETENTION, ROLE, RULE, TRAINING
from kexin.chapters.compliance.fields.spec import Field, Section
from kexin.chapters.compliance.words import codes, entries

_TEXT = (
    Field(key="zh", kind="words", label=_("中文"), required=True),
    Field(key="en", kind="words", label=_("英文"), help=_("没有英文时，英文界面显示中文。")),
)
_COMPANY = (
    Field(key="name", kind="line", label=_("名称"), article=_("个人信息保护法第十七条"), required=True),
    Field(key="uscc", kind="line", label=_("统一社会信用代码"), help=_("18 位，按营业执照。"), required=True),
    Field(key="address", kind="line", label=_("地址"), required=True),
    Field(key="phone", kind="line", label=_("电话"), required=True),
    Field(key="email", kind="line", label=_("邮箱"), required=True),
    Field(key="representative", kind="line", label=_("主要负责人")),
    Field(key="officer.name", kind="line", label=_("个人信息保护负责人"), article=_("个人信息保护法第五十二条"), required=True),
    Field(key="officer.email", kind="line", label=_("负责人邮箱"), help=_("公开在告知里，客户由此联系。"), required=True),
    Field(key="officer.phone", kind="line", label=_("负责人电话")),
)
_PROFILE = (
    Field(key="sensitivity", kind="choice", label=_("敏感个人信息的标准"), options=codes.SENSITIVITIES, default="45574-2025",
          help=_("旧标准列出的信息更多，选它则全部按敏感处理。"), article=_("个人信息保护法第二十八条")),
    Field(key="crypto_suite", kind="choice", label=_("密码算法"), options=codes.SUITES, default="intl",
          help=_("改动后，已有信息在后台逐条重新加密。"), article=_("商用密码管理条例第四十一条")),
    Field(key="size", kind="choice", label=_("规模"), options=codes.SIZES, default="general",
          help=_("小型按处理的人数算，不按员工数；满 10 万人不能再选。")),
    Field(key="age_unknown_as", kind="choice", label=_("年龄不明的客户"), options=codes.UNKNOWN_AGES, default="adult",
          article=_("个人信息保护法第三十一条")),
    Field(key="jurisdiction", kind="choice", label=_("适用法域"), options=codes.JURISDICTIONS, default="cn"),
    Field(key="extra", kind="codes", label=_("另须遵守"), options=codes.EXTRAS, default=()),
)  # fmt: skip
_DURATIONS = frozenset({
    "reveal_shown", "signin_lock", "session_idle", "session_max", "fresh_signin", "token_max", "ask_again_after", "notice_within",
    "unproven_freeze_after", "bin_keep", "minor_approval_max", "log_keep", "lone_publisher_wait",
})  # fmt: skip
_LAW = {
    "log_keep": _("网络安全法第二十三条：不少于六个月"),
    "ask_again_after": _("GB/T 35273-2020 附录 C：48 小时内不得再问"),
    "answer_days": _("个人信息保护法第五十条：及时答复"),
    "password_min_length": _("GB/T 22239-2019 身份鉴别"),
    "signin_attempts": _("GB/T 22239-2019 身份鉴别"),
    "mfa_roles": _("GB/T 22239-2019 身份鉴别"),
    "unproven_freeze_after": _("个人信息保护法第十三条"),
    "minor_approval_max": _("未成年人网络保护条例第三十六条"),
    "quiet_from": _("不在休息时间打扰"),
    "k_internal": _("个人信息保护法第七十三条"),
    "k_public": _("个人信息保护法第七十三条"),
}


def _control(key: str) -> Field:
    kind = "duration" if key in _DURATIONS else "clock" if key.startswith("quiet_") else "number"
    made = Field(key=key, kind=kind, label=entries.CONTROLS[key], article=_LAW.get(key, ""), default="default")
    return replace(made, kind="codes", options="roles") if key == "mfa_roles" else made


_CONTROLS = tuple(_control(key) for key in entries.CONTROLS)

#: Every kind of entry, in the order in which a draft lists them.
SECTIONS: dict[str, Section] = {
    one.key: one
    for one in (
        Section(key="attributes", title=_("信息目录"), help=_("目录里没有的信息，不能收集、保存和提供。"), fields=ATTRIBUTE,
                code_help=_("英文小写，如 wechat_id；以后不能改")),
        Section(key="purposes", title=_("处理目的"), help=_("每一项信息、每一条规则都属于一个目的。"), fields=PURPOSE,
                code_help=_("英文小写，如 warranty")),
        Section(key="rules", title=_("规则"), help=_("没有规则允许的，一律不行；禁止压过允许。"), fields=RULE,
                code_help=_("英文小写和短横，如 sales-own")),
        Section(key="roles", title=_("岗位"), help=_("谁做什么工作，哪些岗位不能由一人兼任。"), fields=ROLE,
                code_help=_("英文小写，如 designer")),
        Section(key="retention", title=_("保存期限"), help=_("期限到了自动执行，不靠人记得。"), fields=RETENTION,
                code_help=_("英文小写，如 order_3y")),
        Section(key="recipients", title=_("接收方"), help=_("合同到期即停止提供。"), fields=RECIPIENT, code_help=_("英文小写，如 express")),
        Section(key="pias", title=_("影响评估"), help=_("敏感信息、自动化决策、委托和提供之前须评估。"), fields=PIA,
                code_help=_("英文小写，如 pia_health")),
        Section(key="training", title=_("考试"), help=_("没有通过的人，不能使用相应级别的信息。"), fields=TRAINING,
                code_help=_("英文小写，如 privacy_basics")),
        Section(key="controls", title=_("控制"), help=_("登录、查看、导出、答复的数字。"), fields=_CONTROLS, single=True, grows=False),
        Section(key="company", title=_("个人信息处理者"), help=_("公司和负责人的名称与联系方式。"), fields=_COMPANY, single=True, grows=False),
        Section(key="profile", title=_("适用的法律与规模"), help=_("决定哪些义务适用。"), fields=_PROFILE, single=True, grows=False),
        Section(key="title", title=_("制度名称"), help=_("印在制度和告知上。"), fields=_TEXT, single=True, grows=False),
        Section(key="sentences", title=_("本公司的声明"), help=_("随制度一起签署的话。"), fields=_TEXT, code_help=_("英文小写，如 refusal")),
        Section(key="sharing", title=_("提供信息的条件"), help=_("对所有接收方都适用。"), fields=_TEXT, code_help=_("英文小写，如 least")),
        Section(key="reviews", title=_("定期工作"), help=_("多久做一次。"), scalar="every", code_help=_("英文小写，如 access_review"), fields=(
            Field(key="every", kind="duration", label=_("间隔"), required=True, article=_("个人信息保护法第五十四条")),)),
        Section(key="grades", title=_("信息分级"), help=_("四级，名称可以改。"), fields=_TEXT, grows=False),
        Section(key="categories", title=_("信息分类"), help=_("告知的清单按分类列出。"), fields=_TEXT, code_help=_("英文小写，如 property")),
        Section(key="sections", title=_("信息分组"), help=_("客户卡片和表单按分组排列。"), fields=_TEXT, code_help=_("英文小写，如 contact")),
    )
}  # fmt: skip


def section(key: str) -> Section:
    """A kind of entry. Raises KeyError."""
    return SECTIONS[key]
