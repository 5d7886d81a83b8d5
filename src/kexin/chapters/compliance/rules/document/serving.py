"""客户隐私保护, 客户关系管理, 员工培训和管理, 法律合规, 客户反馈和改进: the last five chapters of the regime."""

from __future__ import annotations

from kexin.chapters.compliance.rules.document import catalogue
from kexin.chapters.compliance.rules.document.blocks import Article, Block, Clauses, Paragraph, Table, columns, row
from kexin.chapters.compliance.rules.document.general import AGES, PLACED, officer
from kexin.chapters.compliance.rules.document.numerals import listed, period, quoted
from kexin.chapters.compliance.rules.document.words import (
    PIA_STATUS,
    RISKS,
    SCENARIOS,
    STARTS,
    attribute,
    purpose,
    role,
    said,
    zh,
)
from kexin.regime.types import Effect, Rulebook


def privacy(book: Rulebook) -> tuple[Block, ...]:
    """第七章 客户隐私保护."""
    asked = tuple(
        row(zh(one.label), catalogue.asked(one), "是" if one.necessary else "否")
        for one in book.purposes.values()
        if one.consent_kind and one.bases and not book.prohibited(one.key)
    )
    told = [zh(text) for key, text in book.sentences.items() if PLACED.get(key) == 6]
    return (
        Article(
            title="告知",
            text="处理个人信息前，应当以显著方式、清晰易懂的语言真实、准确、完整地告知下列事项；收集和对外提供的信息以清单列明（附录二、第六章接收方名录）：",
        ),
        Clauses(
            items=(
                "个人信息处理者的名称和联系方式，个人信息保护负责人的联系方式；",
                "处理目的、处理方式、个人信息的种类和保存期限；",
                "处理敏感个人信息的必要性和对个人权益的影响；",
                "接收方的名称、联系方式、处理目的、处理方式和个人信息的种类；",
                "个人行使查阅、复制、转移、更正、补充、删除、限制处理、撤回同意、注销等权利的方式和程序，以及投诉、举报的途径。",
            )
        ),
        Article(
            title="同意",
            text="征求同意应当按处理目的分别进行，拒绝与同意同样便捷，不得以默认勾选、捆绑或者频繁征求的方式取得。处理目的、处理方式或者信息种类变更的，"
            "原同意失效，应当重新取得同意。需要取得同意的处理目的如下：",
        ),
        *(
            (Table(caption="同意一览", columns=columns(("处理目的", 34), ("同意方式", 48), ("提供服务所必需", 18)), rows=asked),)
            if asked
            else (Paragraph(text="本版制度没有以同意为合法性基础的处理目的。"),)
        ),
        Article(
            title="撤回",
            text="客户可以随时撤回同意，撤回的步骤不得多于作出同意。撤回自作出之时起生效，不影响撤回前处理活动的效力；撤回后停止处理并依第三章处置。",
        ),
        *((Article(title="对客户的说明", text="".join(f"{one}。" for one in told)),) if told else ()),
        Article(
            title="个人权利",
            text=f"客户对其个人信息享有知情、决定、查阅、复制、转移、更正、补充、删除、限制处理和要求解释说明的权利。本公司自收到请求之日起{book.controls.answer_days}日内答复；"
            "不予办理的，书面说明理由，并告知可以向履行个人信息保护职责的部门投诉、举报或者向人民法院提起诉讼。死者近亲属的请求依法办理。",
        ),
        Article(
            title="未成年人",
            text=f"处理不满十四周岁未成年人的个人信息，应当取得其父母或者其他监护人的同意。{AGES[book.profile.age_unknown_as]}。"
            f"使用未成年人信息须经批准，批准的有效期最长{period(book.controls.minor_approval_max)}，逐次留存记录。",
        ),
    )


def relations(book: Rulebook) -> tuple[Block, ...]:
    """第八章 客户关系管理."""
    marketing = [one for one in book.purposes.values() if one.channel and not book.prohibited(one.key)]
    ending = [
        f"{zh(one.label)}自{said(STARTS, one.ends.start)}起满{period(one.ends.keep)}终止"
        + (f"，{zh(one.description)}" if one.description else "")
        for one in book.purposes.values()
        if one.ends
    ]
    contacts = listed(zh(one.label) for one in marketing)
    open_ones = listed(zh(one.label) for one in catalogue.collected(book) if one.display == "full")
    return (
        Article(
            title="当前处理目的",
            text="办理业务应当在相应的业务环节进行，系统按所在环节确定当前处理目的；同一岗位在同一环节有多个合法目的的，由操作人如实选择。不得以一个目的取得的信息用于另一目的。",
        ),
        *((Article(title="目的的终止", text="；".join(ending) + "。"),) if ending else ()),
        Article(
            title="先用后看",
            text="拨打、发送、导航和复制收件信息等操作应当优先采用不显示完整信息的方式，每次操作留存记录。"
            + (f"可以在名单和客户页面完整显示的信息项为：{open_ones}。" if open_ones else ""),
        ),
        Article(
            title="营销",
            text=(
                f"营销按渠道分别征求同意：{contacts}。未取得该渠道有效同意的，不得发送或者拨打。"
                if contacts
                else "本版制度没有许可任何渠道的营销。"
            )
            + "每条营销信息应当表明真实身份和联系方式，并提供免费、便捷的拒绝方式；客户拒绝的，立即停止，并对本公司全部营销生效（广告法第四十三条）。",
        ),
        Article(
            title="信息质量",
            text="发现客户信息不准确或者不完整的，应当核实后更正、补充；重复的记录经核对后合并。合并、更正保留原值的变更记录，已向接收方提供的一并通知。",
        ),
    )


def training(book: Rulebook) -> tuple[Block, ...]:
    """第九章 员工培训和管理."""
    rows = tuple(
        row(
            (zh(one.label), one.key),
            listed(role(book, key) for key in one.roles),
            f"{one.grade_min}级以上信息",
            period(one.valid),
            "无" if period(one.grace) == "即时" else period(one.grace),
        )
        for one in book.training.values()
    )
    headed = columns(("考试", 26), ("适用岗位", 34), ("合格方可使用", 14), ("有效期", 12), ("宽限期", 14))
    gates: tuple[Block, ...] = (
        (
            Article(title="考试", text="下列岗位未通过规定的考试或者考试有效期届满的，宽限期过后暂停使用相应级别的信息："),
            Table(caption="考试要求", columns=headed, rows=rows),
        )
        if rows
        else (Article(title="考试", text="本版制度没有规定考试。"),)
    )
    return (
        Article(
            title="培训",
            text="新员工上岗前、岗位变动时和每年度应当接受个人信息保护培训，内容包括法律法规、本制度、岗位操作和安全事件处置。培训和考试记录保存至离职后3年。",
        ),
        *gates,
        Article(
            title="保密",
            text="接触客户信息的人员应当签订保密协议，离岗后继续承担保密义务。不得以私人通讯工具、纸质名单等方式在系统之外留存客户信息，不得共用账号。",
        ),
        Article(
            title="权限管理",
            text="权限按岗位授予，岗位变动的同时调整，离岗当日收回。授予、变更和收回逐次留存记录。",
        ),
        Article(
            title="员工个人信息",
            text="本公司为管理操作权限和留存操作记录处理员工个人信息的，应当向员工告知；员工可以查阅与本人有关的记录。",
        ),
    )


def compliance(book: Rulebook) -> tuple[Block, ...]:
    """第十章 法律合规."""
    rows = tuple(
        row(
            (zh(one.label), one.key, PIA_STATUS[one.status]),
            (said(SCENARIOS, one.scenario), f"处理目的：{quoted(purpose(book, key) for key in one.purposes)}",
             f"信息项：{listed(attribute(book, key) for key in one.attributes)}"),
            (f"必要性：{zh(one.necessity)}", f"影响：{zh(one.impact)}"),
            zh(one.measures),
            RISKS[one.risk],
        )
        for one in book.pias.values()
    )  # fmt: skip
    headed = columns(("评估", 20), ("情形和范围", 28), ("必要性和影响", 26), ("保护措施", 18), ("风险", 8))
    return (
        Article(
            title="影响评估",
            text="有下列情形之一的，应当事先进行个人信息保护影响评估，并对处理情况进行记录：处理敏感个人信息；利用个人信息进行自动化决策；委托处理、"
            "向其他个人信息处理者提供、公开个人信息；向境外提供个人信息；其他对个人权益有重大影响的处理活动。评估报告和处理情况记录至少保存3年（个人信息保护法第五十五条、第五十六条）。",
        ),
        *((Table(caption="影响评估一览", columns=headed, rows=rows),) if rows else ()),
        Article(
            title="制度的版本",
            text=f"本制度由{_holders(book, 'regime:rulebook:publish')}起草并签名，由起草人以外的{_holders(book, 'regime:rulebook:sign')}签署后施行。"
            + ("仅有一人可以签署的，依本章控制要求执行。" if book.profile.size == "small" else "")
            + "各版本不得更改，修改应当形成新的版本。起草、签署和施行逐项记入操作存证。",
        ),
        Article(
            title="合规审计",
            text="定期对处理个人信息遵守法律、行政法规的情况进行合规审计，审计人员可以查阅全部操作存证和脱敏信息，不得改动任何记录。履行个人信息保护职责的部门要求委托专业机构审计的，依其要求办理。",
        ),
        Article(
            title="处理活动记录",
            text=f"{role(book, 'dpo')}应当维护处理活动记录，载明信息种类、处理目的、合法性基础、来源、接收方、保存期限和责任岗位；处理目的和信息项的责任岗位以附录一、附录二为准。",
        ),
        Article(
            title="责任",
            text="违反本制度的，依照本公司规章制度和劳动合同处理；造成损害的，依法承担赔偿责任；涉嫌犯罪的，移送司法机关处理。",
        ),
    )


def _holders(book: Rulebook, permission: str) -> str:
    """Posts that hold a permission."""
    held = [zh(one.label) for one in book.roles.values() if permission in one.permissions]
    return listed(held) or "有权签署人"


def feedback(book: Rulebook) -> tuple[Block, ...]:
    """第十一章 客户反馈和改进."""
    aims = [one for one in book.purposes.values() if one.key == "research"]
    used = [zh(one.label) for one in catalogue.collected(book) if "research" in one.purposes]
    forbidden = sum(rule.effect is Effect.FORBID for rule in book.rules)
    return (
        Article(
            title="投诉和举报渠道",
            text=f"客户可以通过电话{book.company.phone}、电子邮箱{book.company.email}或者本公司门店投诉、举报、提出意见，也可以直接联系"
            f"个人信息保护负责人{officer(book)}。渠道应当在告知文本中公布。",
        ),
        Article(
            title="处理",
            text=f"投诉、举报应当登记、调查并在{book.controls.answer_days}日内答复。客户要求解释处理规则的，以通俗语言说明（个人信息保护法第四十八条）。不得因客户投诉、举报降低服务。",
        ),
        *(
            (
                Article(
                    title="满意度调查",
                    text=f"“{zh(aims[0].label)}”的合法性基础为{catalogue.grounds(book, aims[0])}，使用的信息项为：{listed(used) or '无'}。调查结果用于改进，不用于对客户作出不利决定。",
                ),
            )
            if aims
            else ()
        ),
        Article(
            title="改进",
            text=f"{role(book, 'dpo')}应当定期汇总投诉、权利请求、安全事件、合规审计和规则拒绝（本制度共有禁止规则{forbidden}条）的情况，提出改进措施，明确责任人和期限，并复核效果。",
        ),
    )
