"""Fields of the entries that are records: attributes, purposes, roles, rules, retention, recipients, assessments, exams."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kexin.chapters.compliance.fields.spec import Field
from kexin.chapters.compliance.words import codes, entries

_LABEL = Field(key="label", kind="text2", label=_("名称"), required=True)
_ARTICLE = Field(key="article", kind="line", label=_("法律依据"), help=_("条款原文的编号，显示在“为什么”里。"))

ATTRIBUTE = (
    _LABEL,
    Field(key="collect", kind="flag", label=_("收集这项信息"), default=True,
          help=_("不收集也可以写在目录里，这样能按名称拒绝。"), article=_("个人信息保护法第六条：限于最小范围")),
    Field(key="category", kind="choice", label=_("分类"), options="categories", required=True, article=_("个人信息保护法第五十一条：分类管理")),
    Field(key="section", kind="choice", label=_("分组"), options="sections", default="basic"),
    Field(key="type", kind="choice", label=_("内容是什么"), options="types", required=True,
          help=_("决定怎么核对、怎么脱敏、能不能查找。")),
    Field(key="grade", kind="choice", label=_("级别"), options="grades", required=True,
          help=_("3 级能识别或联系到个人；4 级泄露会造成伤害。"), article=_("数据安全法第二十一条：分级保护")),
    Field(key="purposes", kind="needs", label=_("用途与保存期限"), required=True,
          help=_("没有选用途的，那一用途下就用不到这项信息。"), article=_("个人信息保护法第六条、第十九条：直接相关、最短时间")),
    Field(key="sensitive", kind="flag", label=_("敏感个人信息"), default=False,
          help=_("须有特定目的和充分必要性，并单独同意。"), article=_("个人信息保护法第二十八条、第二十九条")),
    Field(key="careful", kind="flag", label=_("从严处理（旧标准列出）"), default=False, article=_("GB/T 35273-2020 附录 B")),
    Field(key="necessity", kind="words2", label=_("必要性"), help=_("告知里照此显示。"), article=_("个人信息保护法第三十条")),
    Field(key="impact", kind="words2", label=_("对个人的影响"), article=_("个人信息保护法第三十条")),
    Field(key="pia", kind="choice", label=_("影响评估"), options="pias?", default="", article=_("个人信息保护法第五十五条")),
    Field(key="storage", kind="choice", label=_("怎么保存"), options=codes.STORAGES, default="sealed",
          help=_("开放保存的可以筛选和统计，只限 1、2 级且不能识别个人。"), article=_("个人信息保护法第五十一条：加密")),
    Field(key="display", kind="choice", label=_("列表上怎么显示"), options=codes.DISPLAYS, default="mask", article=_("GB/T 35273-2020 7.2")),
    Field(key="mask", kind="choice", label=_("脱敏方式"), options="masks", default="none"),
    Field(key="search", kind="codes", label=_("可以按什么查找"), options=codes.SEARCHES, default=()),
    Field(key="subjects", kind="codes", label=_("哪类客户有"), options=codes.SUBJECTS, default=("person",)),
    Field(key="personal", kind="flag", label=_("属于个人信息"), default=True, article=_("个人信息保护法第四条")),
    Field(key="required", kind="flag", label=_("登记时必填"), default=False),
    Field(key="choices", kind="choices", label=_("选项"), help=_("一行一个：代码 = 中文 | 英文")),
    Field(key="hint", kind="text2", label=_("填写提示")),
    Field(key="source", kind="list", label=_("来源"), help=_("用逗号分开：self, card, referral, import"), default=()),
    Field(key="owner", kind="choice", label=_("责任岗位"), options="roles", default="steward", article=_("个人信息保护法第九条")),
    _ARTICLE,
)  # fmt: skip
PURPOSE = (
    _LABEL,
    Field(key="description", kind="words2", label=_("说明"), help=_("用客户听得懂的话。"), article=_("个人信息保护法第十七条")),
    Field(key="parent", kind="choice", label=_("属于"), options="purposes?", default="", help=_("上级禁止，下级也禁止。")),
    Field(key="basis", kind="codes", label=_("合法性基础"), options=codes.BASES, default=(),
          help=_("有几个时，靠前的先用。"), article=_("个人信息保护法第十三条")),
    Field(key="consent", kind="choice", label=_("同意的种类"), options={"": _("不靠同意"), **codes.CONSENTS}, default="",
          article=_("个人信息保护法第十四条、第二十三条、第二十九条")),
    Field(key="consent_valid", kind="duration", label=_("同意有效"), default="", help=_("到期须再次征求；空着表示不过期。")),
    Field(key="channel", kind="choice", label=_("渠道"), options={"": _("没有"), **codes.CHANNELS}, default="",
          help=_("营销每个渠道是单独一项。"), article=_("广告法第四十三条")),
    Field(key="necessary", kind="flag", label=_("提供服务所必需"), default=False,
          help=_("不必需的，拒绝也不能影响购买和售后。"), article=_("个人信息保护法第十六条")),
    Field(key="accessory", kind="flag", label=_("随其他用途"), default=False, help=_("如审计、权利请求：不单独收集，不延长保存。")),
    Field(key="prohibited", kind="flag", label=_("禁止"), default=False),
    Field(key="retention", kind="choice", label=_("缺省保存期限"), options="retention?", default="", article=_("个人信息保护法第十九条")),
    Field(key="ends.from", kind="choice", label=_("用途从何时起算"), options={"": _("不另行结束"), **codes.STARTS}, default=""),
    Field(key="ends.after", kind="duration", label=_("多久后结束"), default="",
          help=_("如询价跟进：客户最后一次主动联系后 12 个月。")),
    Field(key="pia", kind="choice", label=_("影响评估"), options="pias+", default="", article=_("个人信息保护法第五十五条")),
    Field(key="owner", kind="choice", label=_("责任岗位"), options="roles", default="dpo", article=_("个人信息保护法第九条")),
    _ARTICLE,
)  # fmt: skip
ROLE = (
    _LABEL,
    Field(key="kind", kind="choice", label=_("种类"), options=codes.ROLE_KINDS, default="staff"),
    Field(key="sees", kind="words2", label=_("能看到什么"), help=_("一句话，员工一看就懂。")),
    Field(key="purposes", kind="codes", label=_("工作用途"), options="purposes", default=(), help=_("第一个是平时的用途。"),
          article=_("个人信息保护法第六条")),
    Field(key="permissions", kind="codes", label=_("权限"), options="permissions", default=(),
          help=_("不涉及某一位客户的工作。"), article=_("个人信息保护法第五十一条：合理确定操作权限")),
    Field(key="apart_from", kind="codes", label=_("不得兼任"), options="roles", default=(), article=_("GB/T 22239-2019 安全管理中心")),
    Field(key="small_apart_from", kind="codes", label=_("小型公司不得兼任"), options="roles", default=()),
)  # fmt: skip
RULE = (
    _LABEL,
    Field(key="effect", kind="choice", label=_("允许还是禁止"), options=codes.EFFECTS, required=True, help=_("没有允许就是不行；禁止压过允许。")),
    Field(key="roles", kind="scope", label=_("岗位"), options="roles+", required=True, help=_("允许类须逐一列出；“全部”只能用于禁止。")),
    Field(key="purposes", kind="scope", label=_("用途"), options="purposes", required=True, article=_("个人信息保护法第六条")),
    Field(key="actions", kind="scope", label=_("动作"), options=codes.ACTIONS, required=True),
    Field(key="attributes", kind="scope", label=_("信息"), options="attributes",
          help=_("不列出信息的允许，须写明最高级别。")),
    Field(key="categories", kind="scope", label=_("信息分类"), options="categories"),
    Field(key="grade_min", kind="choice", label=_("最低级别"), options="grades", default=1),
    Field(key="grade_max", kind="choice", label=_("最高级别"), options="grades?"),
    Field(key="subjects", kind="scope", label=_("客户类型"), options=codes.SUBJECTS),
    Field(key="show", kind="choice", label=_("看到多少"), options=codes.SHOWN, default="full", article=_("GB/T 35273-2020 7.2")),
    Field(key="when", kind="when", label=_("条件"), help=_("允许只在条件成立时有效；禁止除非条件明确不成立，都有效。")),
    Field(key="obligations", kind="duties", label=_("附带要求"), help=_("做不到附带要求的地方，就不放行。"), default=()),
    Field(key="chapter", kind="line", label=_("制度的章"), help=_("如 7.1")),
    _ARTICLE,
)  # fmt: skip
RETENTION = (
    Field(key="from", kind="choice", label=_("从何时起算"), options=codes.STARTS, required=True),
    Field(key="keep", kind="duration", label=_("保存多久"), required=True, article=_("个人信息保护法第十九条：最短时间")),
    Field(key="then", kind="choice", label=_("到期怎么办"), options=codes.ENDINGS, required=True, article=_("个人信息保护法第四十七条")),
    _ARTICLE,
)
RECIPIENT = (
    Field(key="name", kind="line", label=_("名称"), required=True, article=_("个人信息保护法第二十三条：告知接收方")),
    Field(key="kind", kind="choice", label=_("关系"), options=codes.RECIPIENT_KINDS, required=True,
          help=_("替我们办事的是委托处理；自己决定怎么用的是对外提供。"), article=_("个人信息保护法第二十条、第二十一条、第二十三条")),
    Field(key="contact", kind="line", label=_("联系方式"), required=True),
    Field(key="purposes", kind="codes", label=_("用途"), options="purposes", required=True),
    Field(key="attributes", kind="codes", label=_("信息"), options="attributes", required=True, help=_("只给协议写明的最少几项。")),
    Field(key="method", kind="text2", label=_("方式")),
    Field(key="contract", kind="line", label=_("合同编号"), required=True, article=_("网络数据安全管理条例第十二条")),
    Field(key="valid_until", kind="day", label=_("合同有效至"), required=True, help=_("过了这一天，什么也不再提供。")),
    Field(key="country", kind="line", label=_("国家或地区代码"), default="CN", help=_("CN 以外即境外提供。"), article=_("个人信息保护法第三十八条")),
    _ARTICLE,
)  # fmt: skip
PIA = (
    _LABEL,
    Field(key="scenario", kind="choice", label=_("情形"), options=codes.SCENARIOS, required=True, article=_("个人信息保护法第五十五条")),
    Field(key="purposes", kind="codes", label=_("用途"), options="purposes", required=True),
    Field(key="attributes", kind="codes", label=_("信息"), options="attributes", required=True),
    Field(key="necessity", kind="words2", label=_("目的、方式是否合法、正当、必要"), required=True, article=_("个人信息保护法第五十六条第一款第一项")),
    Field(key="impact", kind="words2", label=_("对个人权益的影响和风险"), required=True, article=_("个人信息保护法第五十六条第一款第二项")),
    Field(key="measures", kind="words2", label=_("保护措施是否有效"), required=True, article=_("个人信息保护法第五十六条第一款第三项")),
    Field(key="risk", kind="choice", label=_("剩余风险"), options=codes.RISKS, required=True),
    Field(key="status", kind="choice", label=_("状态"), options=codes.STATUSES, default="draft", help=_("批准后才算数；报告至少保存三年。")),
)  # fmt: skip
TRAINING = (
    _LABEL,
    Field(key="roles", kind="codes", label=_("岗位"), options="roles", required=True, article=_("GB/T 35273-2020 11.6")),
    Field(key="grade_min", kind="choice", label=_("从哪一级起"), options="grades", required=True),
    Field(key="valid", kind="duration", label=_("有效"), required=True),
    Field(key="grace", kind="duration", label=_("宽限"), default="P0D"),
)
PERMISSIONS = entries.PERMISSIONS
