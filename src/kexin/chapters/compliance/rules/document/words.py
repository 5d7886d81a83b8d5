"""The codes of a rulebook in the words of the regime. Closed lists are complete (tested); open ones quote what they do not know."""

from __future__ import annotations

from collections.abc import Mapping

from kexin.regime.types import Action, Basis, ObligationKind, Relation, Rulebook, Text

ACTIONS: Mapping[Action, str] = {
    Action.READ: "查看",
    Action.SEARCH: "检索",
    Action.SORT: "排序",
    Action.AGGREGATE: "汇总",
    Action.WRITE: "录入和变更",
    Action.SHARE: "向外提供",
    Action.EXPORT: "导出",
    Action.ANALYSE: "分析",
    Action.CONTACT: "在联系客户时使用",
}
#: The same in a table's narrow heading.
HEADED: Mapping[Action, str] = {**ACTIONS, Action.WRITE: "录入变更", Action.SHARE: "提供", Action.CONTACT: "联系"}
BASES: Mapping[Basis, str] = {
    Basis.CONTRACT: "订立、履行个人作为一方当事人的合同所必需",
    Basis.CONTRACT_IF_ASKED: "应个人主动请求，为订立合同所必需",
    Basis.CONSENT: "取得个人同意",
    Basis.SEPARATE_CONSENT: "取得个人单独同意",
    Basis.WRITTEN_CONSENT: "取得个人书面同意",
    Basis.GUARDIAN_CONSENT: "取得未成年人的父母或者其他监护人同意",
    Basis.LEGAL_DUTY: "履行法定职责或者法定义务所必需",
    Basis.EMERGENCY: "应对突发公共卫生事件，或者紧急情况下保护生命健康和财产安全所必需",
    Basis.PUBLIC: "在合理范围内处理个人自行公开或者其他已经合法公开的个人信息",
    Basis.PARENT: "随所服务的处理目的",
    Basis.NOT_PERSONAL: "不属于个人信息",
}
CONSENTS: Mapping[str, str] = {
    "general": "同意",
    "explicit": "明示同意",
    "separate": "单独同意",
    "written": "书面同意",
    "guardian": "监护人同意",
    "cross_border": "出境单独同意",
}
CHANNELS: Mapping[str, str] = {
    "call": "电话",
    "sms": "短信",
    "wechat": "微信",
    "email": "电子邮件",
    "push": "应用推送",
    "partner": "合作方",
    "export": "导出",
    "web": "网站",
}
DUTIES: Mapping[ObligationKind, str] = {
    ObligationKind.LOG: "逐次留存操作记录",
    ObligationKind.MASK: "仅作脱敏显示",
    ObligationKind.REASON: "事先填写原因",
    ObligationKind.TICKET: "事先关联受理单",
    ObligationKind.WATERMARK: "加注可追溯到操作人的水印",
    ObligationKind.NOTIFY: "同时通知{value}",
    ObligationKind.EXPIRE: "完整信息显示{value}后自动隐藏",
    ObligationKind.APPROVE: "事先取得{value}批准",
    ObligationKind.FRESH_SIGNIN: "事先重新验证登录身份",
}
RELATIONS: Mapping[Relation, str] = {
    Relation.OWNER: "是该客户的负责人",
    Relation.TEAM: "属于负责该客户的团队",
    Relation.POOL: "有权领用该客户所在的公共客户池",
    Relation.RECORD_TEAM: "是该客户的协作成员",
    Relation.OPEN_CASE: "持有该客户正在办理的受理单",
    Relation.TASK: "承担该客户当前的任务",
    Relation.APPROVAL: "已取得有效批准",
    Relation.MINOR_APPROVAL: "已取得使用未成年人信息的有效批准",
    Relation.RIGHTS_REQUEST: "承办该客户的权利请求",
    Relation.EXAM: "已通过规定的考试且在有效期内",
    Relation.PIA: "已取得相应的个人信息保护影响评估批准",
}
FACTS: Mapping[str, str] = {
    "subject.kind": "客户类型",
    "subject.state": "客户记录状态",
    "subject.age_status": "客户的年龄状况",
    "subject.unproven": "客户信息来源或者凭证不明",
    "subject.contact_at": "客户本人最后一次联系的时间",
    "subject.created_at": "客户记录建立的时间",
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "subject.kind": {"person": "自然人", "organisation": "企业等单位"},
    "subject.state": {"active": "正常", "frozen": "封存或者限制处理", "erasing": "正在删除", "erased": "已删除"},
    "subject.age_status": {
        "adult": "成年人",
        "minor": "已满十四周岁的未成年人",
        "under14": "不满十四周岁未成年人",
        "unknown": "年龄不明",
    },
}
KINDS = VALUES["subject.kind"]
STARTS: Mapping[str, str] = {
    "collection": "收集之日",
    "customer_contact": "客户本人最后一次联系之日",
    "relation_end": "客户关系终止之日",
    "completion": "订单或者合同履行完毕之日",
    "warranty_end": "质量保证期届满之日",
    "withdrawal": "客户撤回同意之日",
    "closure": "事项办结之日",
    "year_end": "所属会计年度终了之日",
    "issue": "票据开具之日",
    "settlement": "款项结清之日",
    "verification": "核验完成之日",
    "purpose_end": "该处理目的结束之日",
    "event": "事件发生之日",
}
ENDINGS: Mapping[str, str] = {"erase": "删除", "anonymise": "匿名化", "freeze": "封存"}
NEEDS: Mapping[str, str] = {"necessary": "必需", "optional": "可选"}
STORAGES: Mapping[str, str] = {"sealed": "加密存储", "facet": "可筛选字段"}
SEARCHES: Mapping[str, str] = {
    "exact": "完整匹配",
    "ngram": "词语匹配",
    "surname_suffix4": "姓氏加后四位",
    "monthday": "月日",
}
RECIPIENTS: Mapping[str, str] = {"entrusted": "委托处理", "provided": "对外提供", "joint": "共同处理"}
SCENARIOS: Mapping[str, str] = {
    "sensitive": "处理敏感个人信息",
    "automated": "利用个人信息进行自动化决策",
    "entrust_provide_publish": "委托处理、向其他个人信息处理者提供或者公开个人信息",
    "export": "向境外提供个人信息",
    "major_impact": "其他对个人权益有重大影响的处理",
}
RISKS: Mapping[str, str] = {"low": "低", "medium": "中", "high": "高", "severe": "严重"}
PIA_STATUS: Mapping[str, str] = {"draft": "草案", "approved": "已批准"}
ROLE_KINDS: Mapping[str, str] = {"staff": "员工岗位", "service": "系统服务", "external": "外部人员"}
SOURCES: Mapping[str, str] = {
    "self": "本人提供",
    "card": "名片",
    "referral": "他人转介绍",
    "import": "批量导入",
    "form": "表单",
    "web": "网站",
    "device": "设备采集",
    "partner": "合作方提供",
    "public": "合法公开渠道",
    "call": "来电",
    "order": "交易产生",
    "derived": "推断产生",
    "employer": "所在单位提供",
    "staff": "员工记录",
}
#: Mask rule -> what stays visible.
MASKS: Mapping[str, str] = {
    "none": "不脱敏",
    "hidden": "全部隐藏",
    "middle4": "保留前三位和后四位",
    "area_last4": "保留区号和后四位",
    "first1_last1": "保留首位和末位",
    "last4": "保留后四位",
    "name": "保留姓氏，三字以上的另保留末字",
    "surname": "仅保留姓氏",
    "mailbox": "保留首字符和域名",
    "district": "保留至区、县",
    "year": "保留年份",
    "first2_last2": "保留首尾各两位",
    "first4_last3": "保留前四位和后三位",
    "plate": "保留前两位和末位",
    "last_octet": "隐藏末段",
}
#: Permission -> the chapter of the regime it belongs to, and what it lets a post do.
PERMISSIONS: Mapping[str, tuple[int, str]] = {
    "collection:import:run": (1, "导入客户信息"),
    "vault:keys:rotate": (3, "轮换加密密钥"),
    "vault:watch:mark": (3, "设置和解除重点监测记录"),
    "evidence:ledger:read": (3, "查阅操作存证"),
    "evidence:ledger:verify": (3, "核对操作存证"),
    "evidence:ledger:export": (3, "导出操作存证核对包"),
    "site:health:read": (3, "查看系统运行状况"),
    "privacy:erasure:order": (6, "受理和下达删除"),
    "privacy:notice:publish": (6, "发布个人信息处理规则"),
    "vault:subject:merge": (7, "合并重复的客户记录"),
    "crm:customer:transfer": (7, "转交客户"),
    "crm:approval:decide": (7, "审批申请"),
    "people:person:read": (8, "查阅人员与岗位"),
    "people:person:create": (8, "建立人员账号"),
    "people:person:deactivate": (8, "停用人员账号"),
    "people:role:grant": (8, "授予和收回岗位"),
    "regime:rulebook:read": (9, "查阅制度"),
    "regime:rulebook:publish": (9, "起草制度"),
    "regime:rulebook:sign": (9, "签署制度"),
}
#: First word of a permission that nobody has named yet -> its chapter.
ROOMS: Mapping[str, int] = {
    "collection": 1, "storage": 2, "security": 3, "vault": 3, "evidence": 3, "site": 3, "analysis": 4, "sharing": 5,
    "privacy": 6, "crm": 7, "people": 8, "training": 8, "compliance": 9, "regime": 9, "feedback": 10,
}  # fmt: skip


def zh(text: Text) -> str:
    """The Chinese of a text of the rulebook, without the blanks and stops at its end ("" for none)."""
    return text.get("zh", "").strip().rstrip("。；;")


def said(words: Mapping[str, str], code: str) -> str:
    """A code in words; one that the house does not know is quoted, never dropped."""
    return words.get(code) or f"“{code}”"


def role(book: Rulebook, key: str) -> str:
    """A post's name; `everyone` are all posts and services."""
    if key == "everyone":
        return "任何岗位和系统服务"
    return zh(book.roles[key].label) if key in book.roles else f"“{key}”"


def purpose(book: Rulebook, key: str) -> str:
    """A purpose's name."""
    return zh(book.purposes[key].label) if key in book.purposes else f"“{key}”"


def attribute(book: Rulebook, key: str) -> str:
    """An item's name."""
    return zh(book.attributes[key].label) if key in book.attributes else f"“{key}”"


def category(book: Rulebook, key: str) -> str:
    """A category's name."""
    return zh(book.categories[key]) if key in book.categories else f"“{key}”"


def assessment(book: Rulebook, key: str) -> str:
    """An assessment's name; `required` says that one must come before the first use."""
    if key == "required":
        return "须先完成个人信息保护影响评估"
    return zh(book.pias[key].label) if key in book.pias else f"“{key}”"


def permission(key: str) -> tuple[int, str]:
    """Chapter and words of a permission."""
    return PERMISSIONS.get(key) or (ROOMS.get(key.partition(":")[0], 9), f"“{key}”")
