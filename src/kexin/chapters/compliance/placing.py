"""Where each entry of a rulebook stands among the ten chapters of the regime. Complete: nothing is left out, and nothing
stands twice (tested)."""

from __future__ import annotations

from dataclasses import fields

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from kexin.regime.types import Effect, Rulebook, RuleDef

#: 总则 and the ten chapters, in the regime's own order and words.
TITLES: tuple[Promise, ...] = (
    _lazy("总则"),
    _lazy("数据收集"),
    _lazy("数据存储"),
    _lazy("数据安全"),
    _lazy("数据分析"),
    _lazy("数据共享"),
    _lazy("客户隐私保护"),
    _lazy("客户关系管理"),
    _lazy("员工培训和管理"),
    _lazy("法律合规"),
    _lazy("客户反馈和改进"),
)
#: The kinds of entries, in the order in which they stand within a chapter.
KINDS: dict[str, Promise] = {
    "company": _lazy("个人信息处理者"),
    "profile": _lazy("适用的法律与规模"),
    "grades": _lazy("信息分级"),
    "categories": _lazy("信息分类"),
    "sections": _lazy("信息分组"),
    "sentences": _lazy("本公司的声明"),
    "purposes": _lazy("处理目的"),
    "attributes": _lazy("信息目录"),
    "retention": _lazy("保存期限"),
    "rules": _lazy("规则"),
    "recipients": _lazy("接收方"),
    "sharing": _lazy("提供信息的条件"),
    "roles": _lazy("岗位"),
    "training": _lazy("考试"),
    "pias": _lazy("影响评估"),
    "controls": _lazy("控制"),
    "reviews": _lazy("定期工作"),
}
#: Purposes that a shipped rulebook knows; another one is placed by what it is.
_PURPOSES = {
    **dict.fromkeys(("operation", "presale", "order", "pay", "invoice", "service", "member", "contract_b2b", "credit", "real_name"), 7),
    **dict.fromkeys(("marketing", "mkt_call", "mkt_sms", "mkt_wechat", "mkt_email", "mkt_push"), 7),
    **dict.fromkeys(("personal", "analytics", "ai_training"), 4),
    **dict.fromkeys(("share_partner", "entrust", "cross_border"), 5),
    **dict.fromkeys(("rights",), 6),
    **dict.fromkeys(("audit", "legal", "governance"), 9),
    "research": 10, "security": 3, "quality": 1,
}  # fmt: skip
_CONTROLS = {
    **dict.fromkeys(("notice_within", "unproven_freeze_after"), 1),
    **dict.fromkeys(("bin_keep", "log_keep"), 2),
    **dict.fromkeys(("k_internal", "k_public"), 4),
    **dict.fromkeys(("export_rows_free", "export_rows_two_approvers"), 5),
    **dict.fromkeys(("ask_again_after", "minor_approval_max", "answer_days"), 6),
    **dict.fromkeys(("quiet_from", "quiet_to"), 7),
    "lone_publisher_wait": 9,
}  # fmt: skip
_REVIEWS = {
    "access_review": 3, "incident_drill": 3, "restore_drill": 2, "vendor_check": 5, "vendor_check_sensitive": 5,
    "catalogue_unused": 1,
}  # fmt: skip
_SENTENCES = {"unproven": 1, "refusal": 6, "age_unknown": 6}
#: Kinds of which every entry stands in one chapter.
_WHOLE = {
    "company": 0, "profile": 0, "grades": 0, "categories": 1, "sections": 1, "attributes": 1, "retention": 2, "recipients": 5,
    "sharing": 5, "roles": 8, "training": 8, "pias": 9,
}  # fmt: skip


def places(book: Rulebook) -> dict[tuple[str, str], int]:
    """(section, key) -> chapter, for every entry of the rulebook, in the order of the file."""
    found: dict[tuple[str, str], int] = {("company", ""): 0, ("profile", ""): 0}
    for section in ("grades", "categories", "sections", "attributes", "recipients", "sharing", "roles", "training", "pias"):
        found |= {(section, str(key)): _WHOLE[section] for key in getattr(book, section)}
    found |= {("purposes", key): purpose_chapter(key, book) for key in book.purposes}
    found |= {("rules", rule.id): rule_chapter(rule) for rule in book.rules}
    found |= {("sentences", key): _SENTENCES.get(key, 0) for key in book.sentences}
    found |= {("controls", one.name): _CONTROLS.get(one.name, 3) for one in fields(book.controls)}
    found |= {("reviews", key): _REVIEWS.get(key, 9) for key in book.reviews}
    return found


def purpose_chapter(key: str, book: Rulebook) -> int:
    """A purpose that the company made: sharing where a recipient has it, marketing where it has a channel, law where it
    rides on others, else the daily work."""
    if key in _PURPOSES:
        return _PURPOSES[key]
    if any(key in recipient.purposes for recipient in book.recipients.values()):
        return 5
    if book.purposes[key].accessory:
        return 9
    return 7


def rule_chapter(rule: RuleDef) -> int:
    """A rule says its chapter itself (``chapter: "7.1"``); one that does not protects (forbid) or is daily work."""
    number = rule.chapter.partition(".")[0]
    if number.isdecimal() and 0 <= int(number) < len(TITLES):
        return int(number)
    return 3 if rule.effect is Effect.FORBID else 7
