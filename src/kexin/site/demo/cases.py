"""Scripted customers: the people that a system like this stumbles over. Each has a name of its own and is findable."""

from __future__ import annotations

from dataclasses import dataclass, field

from kexin.site.demo.names import mobile, uscc

_FIRST = 90_000


@dataclass(frozen=True, slots=True)
class Case:
    """One scripted customer. ``then`` are steps after admission: consent:<purpose>:<status>, freeze, discard, erase,
    contact_old, watch; ``act`` names the act of collection (see `loading.ACTS`); ``owner`` a 工号."""

    key: str
    values: dict[str, str]
    act: str = "service"
    kind: str = "person"
    owner: str = "XS0217"
    then: tuple[str, ...] = field(default=())


def _one(number: int, name: str, **more: str) -> dict[str, str]:
    return {"name": name, "mobile": mobile(_FIRST + number), "city": "杭州市", "level": "b"} | more


CASES: tuple[Case, ...] = (
    Case("compound-surname", _one(1, "欧阳修远")),
    Case("compound-surname-two", _one(2, "尉迟恭宁")),
    Case("rare-outside-bmp", _one(3, "𠮷田")),
    Case("rare-name", _one(4, "李㛃")),
    Case("middle-dot", _one(5, "阿卜杜拉·买买提")),
    Case("long-dotted", _one(6, "迪丽娜尔·阿布都热西提·库尔班")),
    Case("shared-phone-mother", _one(7, "陈桂芳")),
    Case("shared-phone-son", _one(7, "陈小舟")),
    Case("recycled-number-old", _one(8, "蒋维民"), then=("contact_old",)),
    Case("recycled-number-new", _one(8, "姚若水")),
    Case("minor", _one(9, "夏天一", birthday="2010-05-20")),
    Case("under-fourteen", _one(10, "方小禾", birthday="2016-09-01")),
    Case("deleted", _one(11, "戴珊珊"), then=("erase",)),
    Case("refused-sms", _one(12, "贺文静"), then=("consent:mkt_sms:refused", "consent:mkt_call:refused")),
    Case("withdrawn-sms", _one(13, "曹越"), then=("consent:mkt_sms:given", "consent:mkt_sms:withdrawn")),
    Case("stale-consent", _one(14, "顾长河"), then=("consent:mkt_sms:given", "consent:mkt_sms:stale")),
    Case("all-consents", _one(15, "沈一帆"), then=("consent:mkt_sms:given", "consent:mkt_call:given", "consent:mkt_wechat:given", "consent:mkt_email:given")),
    Case("sole-trader", {**_one(16, "罗启明"), "org_name": "西湖区罗启明木作坊", "uscc": uscc(900_016)}, act="b2b", kind="organisation"),
    Case("no-birthday", _one(17, "汤敏")),
    Case("restricted", _one(18, "邹小满"), then=("freeze:restricted",)),
    Case("frozen", _one(19, "万里云"), then=("freeze:notice_overdue",)),
    Case("discarded", _one(20, "毛毛雨"), then=("discard",)),
    Case("unproven-old", _one(21, "秦淮月"), act="legacy"),
    Case("unproven-old-two", _one(22, "邱明川"), act="legacy", owner="XS0231"),
    Case("landline-only", {"name": "史玉莲", "landline": "0571-88880021", "city": "杭州市", "level": "c"}),
    Case("foreigner", _one(24, "Anna Müller")),
    Case("honey", _one(25, "白若溪", level="vip"), owner="", then=("watch",)),
    Case("vip", _one(26, "钱塘江", level="vip")),
    Case("same-surname-as-staff", _one(27, "林晓波")),
    Case("same-name-as-staff", _one(28, "王敏")),
    Case("leap-day", _one(29, "闰小年", birthday="1996-02-29")),
    Case("one-letter-given", _one(30, "石磊")),
    Case("surname-null", _one(31, "Null Anders")),
    Case("same-name-one", _one(32, "张伟")),
    Case("same-name-two", _one(33, "张伟")),
    Case("e-mail-only", {"name": "龚雪", "email": "gongxue@example.cn", "city": "上海市", "level": "c"}),
    Case("other-persons-customer", _one(35, "易水寒"), owner="XS0244"),
    Case("nobodys-customer", _one(36, "乔木生"), owner=""),
    Case("contact-long-ago", _one(37, "常青"), then=("contact_old",)),
    Case("polyphone", _one(38, "单雄信")),
)
