"""第一章 总则 and 附则: what holds for all chapters."""

from __future__ import annotations

from collections import Counter

from kexin.chapters.compliance.rules.document import catalogue, law
from kexin.chapters.compliance.rules.document.blocks import Article, Block, Clauses, Paragraph, Table, columns, row
from kexin.chapters.compliance.rules.document.edition import Edition
from kexin.chapters.compliance.rules.document.numerals import day, ended, listed, quoted
from kexin.chapters.compliance.rules.document.words import ROLE_KINDS, purpose, role, said, zh
from kexin.regime.types import Rulebook

_SENSITIVITY = {
    "45574-2025": "敏感个人信息的识别以 GB/T 45574-2025《数据安全技术 敏感个人信息处理安全要求》为准；仅列入 GB/T 35273-2020"
    "《信息安全技术 个人信息安全规范》附录B的信息项，参照敏感个人信息保护",
    "35273-2020": "敏感个人信息的识别以 GB/T 35273-2020《信息安全技术 个人信息安全规范》附录B为准",
}
_SUITES = {
    "intl": "信息系统的存储加密采用 AES-256 算法，摘要采用 SHA-256 算法",
    "sm": "信息系统的存储加密和摘要采用国家商用密码标准规定的 SM4、SM3 算法",
}
_SIZES = {
    "general": "本公司不适用小型个人信息处理者的简化措施",
    "small": "本公司按小型个人信息处理者（处理个人信息不满十万人）适用简化措施；处理个人信息达到十万人的，自达到之日起不再适用",
}
_EXTRAS = {"eu": "面向欧盟境内个人的业务，另须遵守当地法律", "financial": "从事金融业务，另须遵守反洗钱规定", "credit": "从事征信相关业务，另须遵守征信业管理规定"}
AGES = {
    "adult": "年龄不明的客户按成年人处理",
    "ask": "年龄不明的客户，在下次联系时询问年龄，询问前按成年人处理",
    "minor": "年龄不明的客户按未成年人处理",
}
#: Signed sentences that stand in a chapter of their own; every other one stands in 总则.
PLACED = {"unproven": 1, "age_unknown": 6, "refusal": 6}


def general(edition: Edition) -> tuple[Block, ...]:
    """第一章 总则."""
    book = edition.rulebook
    return (*_purpose_and_law(edition), *_scope(book), *_principles(), *_decision(), *_controller(book), *_posts(book))


def _purpose_and_law(edition: Edition) -> tuple[Block, ...]:
    name = edition.rulebook.company.name
    headed = columns(("法律、法规、规章和标准", 32), ("条款", 34), ("相关章节", 18), ("文本核对", 16))
    blocks: list[Block] = [
        Article(
            title="目的",
            text=f"为规范{name}（以下简称本公司）收集、存储、使用、加工、传输、提供、公开和删除客户信息的活动，保护客户的个人信息权益"
            "和其他合法权益，保障数据安全，根据有关法律、行政法规、部门规章和国家标准，制定本制度。",
        ),
        Article(
            title="依据",
            text="本制度主要依据下列法律、法规、规章和标准制定。其内容以国家机关公布的文本为准；修改后与本制度不一致的，适用修改后的规定，"
            f"并由{role(edition.rulebook, 'dpo')}及时提出修订草案。",
        ),
    ]
    if edition.duties:
        blocks.append(Table(caption="依据一览", columns=headed, rows=law.rows(edition.duties)))
        blocks.append(Paragraph(text="“文本核对”一栏标明待核对的，由法务在签署前核对所引条款；核对前以公布文本为准。"))
    return tuple(blocks)


def _scope(book: Rulebook) -> tuple[Block, ...]:
    counted = Counter(one.grade for one in catalogue.collected(book))
    grades = tuple(row(f"{grade}级", zh(text), f"{counted[grade]}项") for grade, text in book.grades.items())
    kinds = tuple(
        row(zh(text), listed(zh(one.label) for one in book.attributes.values() if one.category == key))
        for key, text in book.categories.items()
    )
    return (
        Article(
            title="适用范围",
            text="本制度适用于本公司全体员工、以本公司名义处理客户信息的外部人员，以及代表本公司处理客户信息的系统服务。受托人和接收方依第六章和"
            "合同约定承担义务。本公司处理员工个人信息的，参照适用第三章、第四章和第七章。",
        ),
        Article(
            title="客户信息",
            text="本制度所称客户信息，是指本公司在经营中处理的自然人客户、企业客户的联系人以及潜在客户的个人信息，和企业客户的单位信息。"
            "附录一《信息目录》未列明的信息，不得收集、存储、使用和提供。",
        ),
        Article(title="分类", text="客户信息按内容分为下列类别，其中包括列明不得收集的信息："),
        Table(caption="客户信息分类", columns=columns(("类别", 26), ("信息项", 74)), rows=kinds),
        Article(title="分级", text="客户信息按敏感程度和泄露后的影响分为四级，按级保护。"),
        Table(caption="客户信息分级", columns=columns(("级别", 16), ("名称", 64), ("信息项数", 20)), rows=grades),
    )


def _principles() -> tuple[Block, ...]:
    return (
        Article(title="基本原则", text="处理客户信息，应当遵循下列原则："),
        Clauses(
            items=(
                "合法、正当、必要和诚信，不得通过误导、欺诈、胁迫等方式处理（个人信息保护法第五条）；",
                "目的明确、合理，与处理目的直接相关，采取对个人权益影响最小的方式，限于实现目的的最小范围（个人信息保护法第六条）；",
                "公开、透明，公开处理规则，明示处理的目的、方式和范围（个人信息保护法第七条）；",
                "保证质量，避免因信息不准确、不完整对个人权益造成不利影响（个人信息保护法第八条）；",
                "对处理活动负责，采取必要措施保障安全（个人信息保护法第九条）；",
                "未经本制度许可的，不得处理。",
            )
        ),
    )


def _decision() -> tuple[Block, ...]:
    return (
        Article(title="规则的适用", text="各章所列规则由客户信息系统在每次操作时逐项判断，按下列方法适用："),
        Clauses(
            items=(
                "没有规则许可的，不得进行；",
                "既有规则许可又有规则禁止的，适用禁止的规定；",
                "许可规则仅在其条件确定成立时适用，禁止规则除其条件确定不成立外均适用；判断所需事实不明的，不予放行，并指明所缺事实；",
                "规则附带的要求不能满足的，视为没有许可；",
                "信息项未与处理目的绑定的，不得用于该目的；上级目的被禁止的，其下级目的一并禁止。",
            )
        ),
    )


def _controller(book: Rulebook) -> tuple[Block, ...]:
    company, profile = book.company, book.profile
    facts = (
        ("名称", company.name),
        ("统一社会信用代码", company.uscc),
        ("住所", company.address),
        ("法定代表人", company.representative),
        ("联系电话", company.phone),
        ("电子邮箱", company.email),
        ("个人信息保护负责人", officer(book)),
    )
    switches = [
        _SENSITIVITY[profile.sensitivity],
        _SUITES[profile.crypto_suite],
        _SIZES[profile.size],
        *(_EXTRAS[one] for one in profile.extra),
    ]
    own = [zh(text) for key, text in book.sentences.items() if key not in PLACED]
    blocks: list[Block] = [
        Article(title="个人信息处理者", text="本公司为个人信息处理者，基本信息和联系方式如下："),
        Table(caption="", columns=columns(("事项", 30), ("内容", 70)), rows=tuple(row(*one) for one in facts if one[1])),
        Article(title="适用的标准", text="本公司按下列标准执行本制度："),
        Clauses(items=ended([f"{one}；" for one in switches])),
    ]
    if own:
        blocks += [Article(title="声明", text="本公司声明："), Clauses(items=tuple(f"{one}。" for one in own))]
    return tuple(blocks)


def _posts(book: Rulebook) -> tuple[Block, ...]:
    small = book.profile.size == "small"
    rows = []
    for one in book.roles.values():
        apart = one.small_apart_from if small else one.apart_from
        aims = quoted(purpose(book, key) for key in one.purposes)
        rows.append(
            row((zh(one.label), said(ROLE_KINDS, one.kind)), zh(one.sees), aims, listed(role(book, key) for key in apart))
        )
    headed = columns(("岗位", 20), ("职责和可见范围", 26), ("可以使用的处理目的", 32), ("不得由同一人兼任的岗位", 22))
    return (
        Article(
            title="岗位",
            text="处理客户信息的岗位设置如下。每人按所任岗位取得权限，岗位之外没有权限；系统服务仅按本制度许可的事项自动运行。"
            "互不相容的岗位不得由同一人兼任，授予权限的人不得授予本人。",
        ),
        Table(caption="岗位设置", columns=headed, rows=tuple(rows)),
    )


def officer(book: Rulebook) -> str:
    """The protection officer with every way to reach them."""
    reach = listed(filter(None, (book.company.officer_email, book.company.officer_phone)))
    return book.company.officer_name + (f"（{reach}）" if reach else "")


def closing(edition: Edition) -> tuple[Block, ...]:
    """附则."""
    book = edition.rulebook
    if edition.effective_at:
        start = f"本制度自{day(edition.effective_at)}起施行"
        start += "，本公司此前的各版本同时废止。" if (edition.number or 0) > 1 else "。"
    else:
        start = "本制度自有权签署人签署之日起施行；签署前不具有效力。"
    return (
        Article(title="解释", text=f"本制度由{role(book, 'dpo')}负责解释。"),
        Article(
            title="原文与效力",
            text="本制度由制度原文生成。制度原文是客户信息系统据以执行的结构化文本，其摘要值载于附录五；"
            "本制度与制度原文不一致的，以制度原文为准。附录是本制度的组成部分。",
        ),
        Article(
            title="修订",
            text="本制度的修订依第十章的程序进行。各版本自签署后不得更改，原文和签署记录长期保存。",
        ),
        Article(title="施行", text=start),
    )
