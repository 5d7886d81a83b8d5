"""数据收集, 数据存储, 数据安全, 数据分析, 数据共享: the first five chapters of the regime."""

from __future__ import annotations

from kexin.chapters.compliance.rules.document import catalogue
from kexin.chapters.compliance.rules.document.blocks import Article, Block, Clauses, Paragraph, Table, columns, row
from kexin.chapters.compliance.rules.document.general import PLACED
from kexin.chapters.compliance.rules.document.numerals import ended, iso_day, listed, quoted
from kexin.chapters.compliance.rules.document.words import (
    RECIPIENTS,
    SOURCES,
    STARTS,
    assessment,
    attribute,
    purpose,
    role,
    said,
    zh,
)
from kexin.regime.types import Rulebook


def collection(book: Rulebook) -> tuple[Block, ...]:
    """第二章 数据收集."""
    aims = tuple(catalogue.aim(book, one) for one in book.purposes.values())
    headed = columns(("处理目的", 20), ("合法性基础", 30), ("服务所必需", 10), ("依据", 26), ("责任岗位", 14))
    sources = dict.fromkeys(code for one in catalogue.collected(book) for code in one.source)
    blocks: list[Block] = [
        Article(
            title="处理目的和合法性基础",
            text="收集客户信息应当具有下表所列处理目的和合法性基础之一。合法性基础为同意的，未取得有效同意不得处理；标明禁止的，不得以任何理由处理；标明附随的，依第三章的规定使用其他目的已保存的信息。",
        ),
        Table(caption="处理目的一览", columns=headed, rows=aims),
        Article(title="收集范围", text="仅收集附录一《信息目录》所列信息项，并以实现处理目的所必需为限。可以收集的信息项如下："),
        Clauses(items=_by_section(book)),
        Article(title="必填信息", text=f"只有下列信息项可以设为必填：{_required(book)}。其他信息项由客户自愿提供，不提供不影响与其无关的服务。"),
    ]
    blocks += _sensitive(book)
    blocks += _never(book)
    blocks.append(
        Article(
            title="来源",
            text="收集信息应当记录来源、时间、处理目的、合法性基础和所依据的告知文本版本。"
            + (f"信息目录所列来源包括{listed(said(SOURCES, code) for code in sources)}。" if sources else "")
            + "从第三方取得的，应当查明其来源合法并取得证明材料。",
        )
    )
    if told := _sentences(book, 1):
        blocks.append(Article(title="来源或者凭证不明的信息", text="".join(f"{one}。" for one in told)))
    return tuple(blocks)


def _by_section(book: Rulebook) -> tuple[str, ...]:
    sections: dict[str, list[str]] = {}
    for one in catalogue.collected(book):
        sections.setdefault(one.section, []).append(f"{zh(one.label)}（{one.grade}级）")
    told = [f"{zh(book.sections[key]) if key in book.sections else '其他'}：{listed(items)}；" for key, items in sections.items()]
    return ended(told)


def _required(book: Rulebook) -> str:
    return listed(zh(one.label) for one in catalogue.collected(book) if one.required) or "无"


def _sensitive(book: Rulebook) -> tuple[Block, ...]:
    rows = tuple(
        row(zh(one.label), catalogue.sensitivity(one), zh(one.necessity), zh(one.impact), assessment(book, one.pia) if one.pia else "")
        for one in catalogue.collected(book)
        if one.sensitive or one.careful
    )
    if not rows:
        return ()
    headed = columns(("信息项", 16), ("性质", 16), ("收集的必要性", 28), ("对个人权益的影响", 24), ("影响评估", 16))
    return (
        Article(
            title="敏感个人信息",
            text="收集敏感个人信息，应当具有特定的目的和充分的必要性，事先完成个人信息保护影响评估，向个人告知必要性和对个人权益的影响；"
            "基于同意处理的，应当取得单独同意（个人信息保护法第二十八条至第三十条）。",
        ),
        Table(caption="敏感个人信息和参照保护的信息", columns=headed, rows=rows),
    )


def _never(book: Rulebook) -> tuple[Block, ...]:
    items = [f"{zh(one.label)}{f'（{one.article}）' if one.article else ''}；" for one in catalogue.refused(book)]
    if not items:
        return ()
    return (
        Article(title="不得收集的信息", text="不得以任何方式收集下列信息；客户主动提供的，不予记录："),
        Clauses(items=ended(items)),
    )


def _sentences(book: Rulebook, chapter: int) -> list[str]:
    return [zh(text) for key, text in book.sentences.items() if PLACED.get(key) == chapter]


def storage(book: Rulebook) -> tuple[Block, ...]:
    """第三章 数据存储."""
    sealed = [one for one in catalogue.collected(book) if one.storage != "facet"]
    facets = [zh(one.label) for one in catalogue.collected(book) if one.storage == "facet"]
    starts = dict.fromkeys(term.start for one in catalogue.collected(book) for term in one.retention.values())
    return (
        Article(
            title="存储方式",
            text=f"信息目录标明加密存储的{len(sealed)}项信息，以每位客户各自的密钥加密存储，密钥与数据分开保管；"
            + (f"标明可筛选字段的信息（{listed(facets)}）用于筛选和统计，不单独加密，不得用以存放可以识别个人的内容。" if facets else "")
            + "数据库、备份和操作记录应当存储于中华人民共和国境内。",
        ),
        Article(
            title="保存期限",
            text="客户信息的保存期限为实现处理目的所必要的最短时间。同一信息项服务于多个处理目的的，按仍然有效的最长期限保存，期限已满的目的停止使用该信息。各信息项的保存期限如下："
        ),
        Table(
            caption="保存期限一览",
            columns=columns(("保存期限", 30), ("依据", 24), ("适用的处理目的和信息项", 46)),
            rows=catalogue.periods(book),
        ),
        Paragraph(text=f"保存期限的起算：{listed(said(STARTS, code) for code in starts)}，以系统记录的相应事件为准。"),
        Article(title="附随目的", text=_accessory(book)),
        Article(
            title="到期处置",
            text="保存期限届满或者处理目的已经实现、无法实现、不再必要的，应当主动删除；"
            "法律、行政法规规定的保存期限未届满，或者删除在技术上难以实现的，停止除存储和采取必要安全保护措施之外的处理。"
            "删除通过销毁该客户的密钥并清除各处副本完成，出具可以核对的凭证。",
        ),
    )  # fmt: skip


def _accessory(book: Rulebook) -> str:
    terms = catalogue.general_terms(book)
    told = [f"{zh(one.label)}（{catalogue.kept(terms[one.key])}）" for one in catalogue.accessories(book) if one.key in terms]
    if not told:
        return "本制度没有使用其他目的所保存信息的附随目的。"
    return f"下列处理目的使用其他目的已保存的信息，不单独收集信息，也不延长其他目的的保存期限：{listed(told)}。"


def security(book: Rulebook) -> tuple[Block, ...]:
    """第四章 数据安全."""
    headed = columns(("脱敏方式", 26), ("示例", 24), ("适用的信息项", 50))
    return (
        Article(
            title="默认脱敏",
            text="客户信息默认以脱敏形式显示，信息目录标明列表完整显示的除外。可以不查看完整信息完成工作的，不得查看完整信息。脱敏方式如下：",
        ),
        Table(caption="脱敏方式一览", columns=headed, rows=catalogue.masks(book)),
        Article(
            title="4级信息",
            text="查看、导出和向外提供4级信息，仅限各章许可规则列明的岗位和处理目的，并应当符合规则所附的要求，逐次留存记录。",
        ),
        Article(
            title="操作存证",
            text="查看完整信息、导出、提供、更正、删除、授权和制度变更等操作，逐条记入只可追加的操作存证，经签名并在系统之外留存，任何人不得更改或者删除。",
        ),
        Article(
            title="安全事件",
            text="发生或者可能发生客户信息泄露、篡改、丢失的，立即采取补救措施，按照国家有关规定报告主管部门并通知个人，"
            "通知应当包括信息种类、原因、可能造成的危害、已采取的补救措施、个人可以采取的减轻危害的措施和联系方式（个人信息保护法第五十七条）。",
        ),
    )


def analysis(book: Rulebook) -> tuple[Block, ...]:
    """第五章 数据分析."""
    derived = listed(zh(one.label) for one in catalogue.collected(book) if one.category == "derived")
    return (
        Article(
            title="统计与逐人分析",
            text="汇总统计不得还原到个人。以个人为单位的分析和画像应当基于客户对该目的的有效同意，客户撤回同意的，自撤回之时起不再纳入。",
        ),
        Article(
            title="去标识化和匿名化",
            text="用于分析的数据应当去标识化，去标识化后仍按个人信息管理；经评估不能识别特定自然人且不能复原的，方可作为匿名化信息使用（个人信息保护法第七十三条）。",
        ),
        Article(
            title="自动化决策",
            text="利用个人信息进行自动化决策，应当保证决策透明和结果公平、公正，不得对个人在交易价格等交易条件上实行不合理的差别待遇；"
            "通过自动化决策方式进行信息推送、商业营销的，同时提供不针对个人特征的选项或者便捷的拒绝方式；"
            "作出对个人权益有重大影响的决定的，应个人要求予以说明，个人有权拒绝仅通过自动化决策作出决定（个人信息保护法第二十四条）。",
        ),
        *((Article(title="推断信息", text=f"下列信息由推断或者标注产生，客户可以查阅、更正和删除：{derived}。"),) if derived else ()),
    )


def sharing(book: Rulebook) -> tuple[Block, ...]:
    """第六章 数据共享."""
    rows = tuple(
        row(
            (one.name, one.key, one.contact),
            (said(RECIPIENTS, one.kind), "境内" if one.country == "CN" else f"境外（{one.country}）"),
            (quoted(purpose(book, key) for key in one.purposes), f"信息项：{listed(attribute(book, key) for key in one.attributes)}"),
            tuple(filter(None, (f"合同：{one.contract}", f"有效期至{iso_day(one.valid_until)}", zh(one.method) and f"方式：{zh(one.method)}"))),
            one.article,
        )
        for one in book.recipients.values()
    )
    headed = columns(("接收方", 28), ("性质", 10), ("处理目的和信息项", 26), ("合同和方式", 20), ("依据", 16))
    listed_ones: tuple[Block, ...] = (
        (Table(caption="接收方名录", columns=headed, rows=rows),)
        if rows
        else (Paragraph(text="本版制度没有列明接收方，客户信息不得向外提供。"),)
    )
    terms = [f"{zh(text)}；" for text in book.sharing.values()]
    return (
        Article(
            title="共享的种类",
            text="向本公司以外提供客户信息，分为委托处理、对外提供和共同处理。受托人按本公司的要求处理，不得自行决定处理目的和方式；"
            "接收方自行决定处理目的和方式的为对外提供；共同决定的为共同处理。本公司的关联公司属于本公司以外的接收方。",
        ),
        Article(title="接收方", text="只能向下列接收方提供所列信息项，超出名录、目的、信息项或者有效期的，不得提供。"),
        *listed_ones,
        *((Article(title="提供的条件", text="提供客户信息应当符合下列条件："), Clauses(items=ended(terms))) if terms else ()),
        Article(
            title="境外提供",
            text=_abroad(book)
            + "非经中华人民共和国主管机关批准，不得向外国司法或者执法机构提供存储于境内的客户信息（个人信息保护法第四十一条）。",
        ),
        Article(
            title="记录",
            text="每次提供应当记录日期、规模、目的、接收方和所依据的同意或者合同，记录保存不少于3年（网络数据安全管理条例第十二条）。"
            f"提供事项由{role(book, 'dpo')}负责。",
        ),
    )  # fmt: skip


def _abroad(book: Rulebook) -> str:
    abroad = [one.name for one in book.recipients.values() if one.country != "CN"]
    banned = [zh(one.label) for one in book.purposes.values() if one.consent_kind == "cross_border" and book.prohibited(one.key)]
    if banned and not abroad:
        return "本公司不向境外提供客户信息。"
    return (
        "向境外提供客户信息，应当具备法律规定的条件，告知境外接收方的名称、联系方式、处理目的、处理方式、信息种类和行使权利的方式，并取得单独同意"
        "（个人信息保护法第三十八条、第三十九条）。"
    )
