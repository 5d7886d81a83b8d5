"""The flow (流程) of each chapter: numbered steps with what is done, which post answers for it, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kexin.chapters.compliance.rules.document.blocks import Row, row
from kexin.chapters.compliance.rules.document.words import role
from kexin.regime.types import Rulebook


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``posts`` in order of preference: the first that the rulebook has answers for it."""

    name: str
    deed: str
    posts: tuple[str, ...]
    proof: str


_DPO, _HEAD, _STEWARD = ("dpo", "head"), ("head", "dpo"), ("steward", "dpo", "head")
_SECURITY, _SYSTEM = ("security_admin", "system_admin", "head"), ("system_admin", "security_admin", "head")
_AUDITOR, _COUNSEL = ("auditor", "guest_auditor", "head"), ("counsel", "dpo", "head")
_SALES, _LEAD, _AGENT = ("sales", "sales_lead", "head"), ("sales_lead", "head"), ("agent", "sales", "head")
_ANALYST, _MARKETER = ("analyst", "marketer", "steward", "head"), ("marketer", "sales_lead", "head")

FLOWS: Mapping[int, tuple[Step, ...]] = {
    1: (
        Step("提出收集需求", "说明拟收集的信息项、处理目的和必要性；目录未列明的，先按第十章的程序修订目录", _STEWARD, "修订草案"),
        Step("核对目录", "核对信息项与处理目的已经绑定，区分必需和可选，不增加无关信息项", _STEWARD, "表单或者导入的字段对照"),
        Step("告知", "在收集前以清单形式告知处理者、目的、方式、种类、保存期限和权利行使方式", _DPO, "告知文本的版本和送达记录"),
        Step("取得同意", "合法性基础为同意的，按处理目的逐项征求，敏感个人信息单独征求，不预先勾选", _AGENT, "同意或者拒绝的记录和凭证"),
        Step("录入或者导入", "录入或者导入信息，声明来源、处理目的、合法性基础和证明材料", _STEWARD, "来源声明和导入记录"),
        Step("校验与处置", "校验格式、查重，退回不合格的信息；来源或者凭证不明的单独标记", _STEWARD, "校验结果和标记记录"),
    ),
    2: (
        Step("分级存储", "按信息目录确定的级别和方式存储，敏感个人信息加密存储", _SYSTEM, "存储配置和目录版本"),
        Step("期限计算", "按起算事件和保存期限逐项计算到期日；同一信息项服务于多个处理目的的，按仍然有效的最长期限保存，其余目的停止使用", _STEWARD, "保存期限清单"),
        Step("到期处置", "到期的删除或者匿名化；法律、行政法规规定的保存期限未届满的，停止存储和安全保护以外的处理", _STEWARD, "处置记录"),
        Step("备份", "对业务数据和密钥分别备份，备份加密并异处存放", _SYSTEM, "备份记录"),
        Step("恢复演练", "按规定周期演练恢复；恢复后先重新执行已经完成的删除，再投入使用", _SYSTEM, "演练记录"),
    ),
    3: (
        Step("授权", "按岗位授予权限，授予人不得授予本人，互不相容的岗位不得兼任", _SECURITY, "岗位授予记录"),
        Step("访问控制", "每次操作按岗位、处理目的、客户关系和信息级别判断，默认脱敏显示", _SECURITY, "操作存证"),
        Step("监测", "监测异常查看、批量操作和重点监测记录，核对操作存证的完整性", _AUDITOR, "核对结果和告警记录"),
        Step("处置", "发生或者可能发生泄露、篡改、丢失的，立即采取补救措施，启动应急预案", _SECURITY, "事件记录"),
        Step("报告与通知", "向履行个人信息保护职责的部门报告，并通知受影响的个人；采取措施能够有效避免危害的，由个人信息保护负责人记载理由", _DPO, "报告和通知记录"),
        Step("复盘", "查明原因和影响，落实整改，必要时修订本制度", _SECURITY, "复盘报告"),
    ),
    4: (
        Step("提出分析需求", "说明分析目的、所需信息项和使用方式", _ANALYST, "分析需求记录"),
        Step("核对合法性基础", "逐人分析的，仅使用已就该目的作出有效同意的客户的信息；未纳入的人数如实注明", _ANALYST, "同意状态核对结果"),
        Step("去标识化", "以专用编号替代身份信息，不使用4级信息", _ANALYST, "数据集说明"),
        Step("分析与审核", "分组人数不足下限的不展示；自动化决策对个人权益有重大影响的，由人员复核并说明理由", _ANALYST, "分析结果和复核记录"),
        Step("使用结果", "用于营销的，按渠道的同意发送，并提供不针对个人特征的选项或者便捷的拒绝方式", _MARKETER, "发送和退订记录"),
    ),
    5: (
        Step("识别提供的性质", "区分委托处理、对外提供、共同处理和境外提供", _DPO, "提供事项登记"),
        Step("影响评估", "事先完成个人信息保护影响评估", _DPO, "评估报告"),
        Step("订立合同", "约定目的、期限、方式、信息种类、保护措施、双方义务和到期处置，并列入本章接收方名录", _COUNSEL, "合同和名录"),
        Step("告知并取得单独同意", "对外提供的，告知接收方名称、联系方式、目的、方式和种类，取得单独同意；委托处理依本制度告知", _DPO, "告知和同意记录"),
        Step("审批与发送", "核对名录、有效期和同意范围，按最少信息项加密发送，附对方专用编号", _STEWARD, "提供记录"),
        Step("监督与终止", "定期检查；合同终止或者客户撤回同意的，要求删除或者返还并取得证明", _DPO, "检查记录和删除证明"),
    ),
    6: (
        Step("受理", "通过自助服务、电话、门店、信函、电子邮件等渠道受理查阅、复制、更正、补充、删除、限制处理、撤回同意、转移和解释说明等请求", _AGENT, "受理记录"),
        Step("核验身份", "以已掌握的联系方式核验，不要求提供超出核验所需的信息", _AGENT, "核验记录"),
        Step("审查", "审查请求是否成立；依法不予办理的，写明理由和救济途径", _DPO, "审查意见"),
        Step("办理", "办理请求；涉及已提供给接收方的信息的，一并通知接收方", _DPO, "办理记录"),
        Step("答复", "在{answer_days}日内答复，删除和撤回同意的出具凭证", _DPO, "答复和凭证"),
    ),
    7: (
        Step("建立客户关系", "登记客户，确定负责人和当前处理目的", _SALES, "登记记录"),
        Step("跟进与服务", "优先使用直接拨打、发送等不显示完整信息的方式；确需查看完整信息的，按规定说明原因", _SALES, "操作存证"),
        Step("营销联系", "仅向就该渠道作出有效同意的客户发送，遵守免打扰时段；客户拒绝的，立即停止", _MARKETER, "发送记录和拒绝记录"),
        Step("维护质量", "更正错误、合并重复，保持信息准确完整", _STEWARD, "更正和合并记录"),
        Step("转交", "员工转岗、离岗的，收回并转交其负责的客户", _LEAD, "转交记录"),
        Step("关系终止", "处理目的实现或者终止的，停止使用，按第三章处置", _LEAD, "处置记录"),
    ),
    8: (
        Step("入岗", "签订保密协议，授予与职责相符的岗位和权限", _HEAD, "保密协议和岗位授予记录"),
        Step("培训", "按岗位开展个人信息保护培训", _DPO, "培训记录"),
        Step("考试", "考试合格后方可使用相应级别的信息；逾期未通过的，暂停相应权限", _DPO, "考试成绩"),
        Step("在岗管理", "定期复核权限，收回不再需要的权限", _SECURITY, "复核记录"),
        Step("离岗", "当日停用账号、令牌和登录，收回权限，重申保密义务", _SYSTEM, "停用记录"),
        Step("违规处理", "查实违反本制度的，依照本公司规章和劳动合同处理；涉嫌犯罪的，移送司法机关", _HEAD, "处理决定"),
    ),
    9: (
        Step("起草", "起草制度修订，说明修改内容、理由和依据", _DPO, "草案和起草签名"),
        Step("校验", "校验条款完整、规则可执行、敏感个人信息的必要性和影响齐备", _DPO, "校验结果"),
        Step("影响预览", "与现行版本对照，列明权限增减、受影响人数和需重新取得的同意", _DPO, "影响预览"),
        Step("签署", "由起草人以外的有权签署人签署；自签署之时起施行", _HEAD, "签署签名"),
        Step("存证", "起草、签署和施行逐项记入操作存证", _AUDITOR, "操作存证"),
        Step("审计与整改", "定期开展合规审计，督促整改并报告", _AUDITOR, "审计报告和整改记录"),
    ),
    10: (
        Step("受理", "通过公布的电话、电子邮件和门店受理投诉、举报和意见", _AGENT, "受理记录"),
        Step("分办", "涉及个人权利的，转入第七章的程序；涉及安全事件的，转入第四章的程序", _AGENT, "分办记录"),
        Step("调查答复", "调查核实，在{answer_days}日内答复，告知不服答复的救济途径", _DPO, "调查和答复记录"),
        Step("满意度调查", "仅向作出有效同意的客户开展，问卷不收集目录以外的信息", _MARKETER, "问卷和同意记录"),
        Step("分析改进", "汇总问题，提出改进措施，明确责任人和期限", _DPO, "改进措施清单"),
        Step("复核", "复核改进效果，必要时修订本制度", _HEAD, "复核记录"),
    ),
}  # fmt: skip


def answering(book: Rulebook, step: Step) -> str:
    """The post (its key) that answers for a step, "" where the rulebook has none of them: then the head of the company."""
    return next((key for key in step.posts if key in book.roles), "")


def post(book: Rulebook, key: str) -> str:
    """What such a post is called."""
    return role(book, key) if key else "主要负责人"


def flow(book: Rulebook, chapter: int) -> tuple[Row, ...]:
    """The steps of one chapter as rows: number, step, what is done, who answers, what proves it."""
    return tuple(
        row(str(place), step.name, _deed(book, step), post(book, answering(book, step)), step.proof)
        for place, step in enumerate(FLOWS[chapter], 1)
    )


def _deed(book: Rulebook, step: Step) -> str:
    return step.deed.format(answer_days=book.controls.answer_days)
