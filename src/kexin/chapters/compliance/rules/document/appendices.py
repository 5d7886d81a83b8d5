"""附录: the whole catalogue, every purpose, every rule, the glossary, and the signatures with what an outsider can match."""

from __future__ import annotations

from kexin.chapters.compliance.rules.document import catalogue
from kexin.chapters.compliance.rules.document.blocks import Block, Clauses, Paragraph, Table, columns, row
from kexin.chapters.compliance.rules.document.edition import STATES, Edition, Signing
from kexin.chapters.compliance.rules.document.numerals import moment
from kexin.chapters.compliance.rules.document.sentences import chapter_of, sentence
from kexin.chapters.compliance.rules.document.words import zh
from kexin.regime.types import Effect, Rulebook

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("个人信息", "以电子或者其他方式记录的与已识别或者可识别的自然人有关的各种信息，不包括匿名化处理后的信息（个人信息保护法第四条）"),
    ("敏感个人信息", "一旦泄露或者非法使用，容易导致自然人的人格尊严受到侵害或者人身、财产安全受到危害的个人信息，包括不满十四周岁未成年人的个人信息（个人信息保护法第二十八条）"),
    ("个人信息处理者", "在个人信息处理活动中自主决定处理目的、处理方式的组织、个人，本制度中为本公司（个人信息保护法第七十三条）"),
    ("信息项", "信息目录中的一种客户信息，是收集、存储、使用和提供的最小单位"),
    ("处理目的", "处理客户信息所要实现的具体目标；每一信息项只能用于目录中与其绑定的处理目的"),
    ("合法性基础", "个人信息保护法第十三条规定的可以处理个人信息的情形"),
    ("单独同意", "个人针对其个人信息的特定处理活动作出的具体、明确的同意，不与其他事项一并作出"),
    ("脱敏", "以隐藏部分字符的方式显示，使查看人不能得知完整内容"),
    ("去标识化", "个人信息经过处理，使其在不借助额外信息的情况下无法识别特定自然人的过程（个人信息保护法第七十三条）"),
    ("匿名化", "个人信息经过处理无法识别特定自然人且不能复原的过程（个人信息保护法第七十三条）"),
    ("封存", "停止除存储和采取必要安全保护措施之外的处理"),
    ("限制处理", "应个人请求停止使用其个人信息"),
    ("客户关系终止", "最后一次订单或者合同履行完毕、质量保证期届满、会员注销以及客户本人最后一次联系后满24个月，以其中最晚者为准"),
    ("客户本人最后一次联系", "由客户主动发起或者作出回应的联系；员工备注、未接通的电话不计入"),
    ("来源或者凭证不明", "导入的存量客户信息无法说明取得来源，或者缺少告知、同意的证明材料"),
    ("受理单", "为办理客户来电、来访、来函事项建立的记录，办结即关闭"),
    ("录入和变更", "录入新的信息，更正、补充或者清除已有的信息；整条客户记录的删除另须依第七章办理"),
    ("操作存证", "对客户信息和本制度的操作逐条记录、只可追加、经签名并在系统之外留存的记录"),
    ("制度原文", "本制度的结构化文本，由客户信息系统据以执行"),
    ("摘要值", "对文件全部内容按固定算法计算的定长值，内容有任何改动，摘要值即不相同"),
)  # fmt: skip


def items(book: Rulebook) -> tuple[Block, ...]:
    """附录一 信息目录."""
    headed = columns(
        ("序号", 5), ("信息项和标识", 13), ("类别和级别", 15), ("存储和显示", 17), ("处理目的和保存期限", 30), ("说明", 20)
    )  # fmt: skip
    general = catalogue.general_terms(book)
    rows = tuple(catalogue.entry(book, one, place, general) for place, one in enumerate(book.attributes.values(), 1))
    return (
        Paragraph(
            text="“必需”是指不提供该信息项则不能实现该处理目的，“可选”是指由客户自愿提供。附随目的适用于全部可以收集的信息项，见第三章，"
            "表中仅在其保存期限不同时列出。标识为制度原文中的名称。"
        ),
        Table(caption="", columns=headed, rows=rows),
    )


def aims(book: Rulebook) -> tuple[Block, ...]:
    """附录二 处理目的、同意和收集清单."""
    headed = columns(("处理目的和标识", 16), ("上级目的", 10), ("合法性基础和同意", 28), ("说明", 16), ("收集清单（信息项）", 30))
    rows = tuple(catalogue.aim_entry(book, one) for one in book.purposes.values())
    return (Table(caption="", columns=headed, rows=rows),)


def rules(book: Rulebook) -> tuple[Block, ...]:
    """附录三 规则清单."""
    headed = columns(("序号", 6), ("规则编号", 16), ("性质", 8), ("规则", 46), ("依据", 16), ("章", 8))
    rows = tuple(
        row(
            str(place),
            rule.id,
            "许可" if rule.effect is Effect.PERMIT else "禁止",
            (zh(rule.label), f"{sentence(book, rule)}。"),
            rule.article,
            f"{chapter_of(rule) + 1}",
        )
        for place, rule in enumerate(book.rules, 1)
    )
    return (Table(caption="", columns=headed, rows=rows),)


def glossary(book: Rulebook) -> tuple[Block, ...]:
    """附录四 术语."""
    names = (*((zh(one.label), one.key) for one in book.roles.values()),)
    return (
        Table(caption="", columns=columns(("用语", 24), ("含义", 76)), rows=tuple(row(*one) for one in GLOSSARY)),
        Table(
            caption="制度原文中的岗位标识",
            columns=columns(("岗位", 50), ("标识", 50)),
            rows=tuple(row(label, key) for label, key in names),
        ),
    )


def proof(edition: Edition) -> tuple[Block, ...]:
    """附录五 签署和原文核对."""
    facts = (
        ("原文摘要值（SHA-256）", edition.rulebook.sha256),
        ("版本", f"第{edition.number}版" if edition.number else "草稿"),
        ("状态", STATES[edition.state]),
        ("施行记录", _line(edition.published) if edition.effective_at else "—"),
    )
    blocks: list[Block] = [Table(caption="核对信息", columns=columns(("事项", 20), ("内容", 80)), rows=tuple(row(*one) for one in facts))]
    if edition.signings:
        rows = tuple(row(one.capacity, _signing(one)) for one in edition.signings)
        blocks.append(Table(caption="签署记录", columns=columns(("身份", 20), ("签名人、签名和存证", 80)), rows=rows))
    else:
        blocks.append(Paragraph(text="本文本未经签署，不具有效力。"))
    return (
        *blocks,
        Paragraph(text="核对方法："),
        Clauses(
            items=(
                "向本公司索取该版本的制度原文，计算其 SHA-256 值，与上表一致的，即为经签署的原文；",
                "向本公司索取上表所列存证序号的凭据和公钥文件，用公开的核对程序验证签名、序号和摘要值；",
                "凭据中所载制度摘要值与上表一致的，即证明该版本的起草、签署和施行记录未被更改。",
            )
        ),
    )


def _signing(one: Signing) -> tuple[str, ...]:
    told = (f"{one.name}，{moment(one.at)}（北京时间）", f"签名算法 {one.algorithm}，公钥编号 {one.key_id}")
    return (*told, *_line((one.line, one.digest)))


def _line(numbered: tuple[int | None, str] | None) -> tuple[str, ...]:
    """Number and digest of a line of the ledger; the digest alone on its line, so that it can be copied whole."""
    number, digest = numbered or (None, "")
    return (f"存证第{number}条，摘要值：", digest) if number else ("尚未编入操作存证",)
