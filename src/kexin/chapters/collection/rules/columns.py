"""Which column of a file is which attribute of the catalogue. Pure: headers in, a proposal out."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence

#: Headers that people and other systems use (Zoho, 纷享销客, shop systems), beside the catalogue's own labels.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "name": ("客户姓名", "联系人", "联系人姓名", "客户名称", "名字", "full name", "contact name", "customer", "last name"),
    "salutation": ("尊称", "title", "称谓"),
    "mobile": ("电话", "手机", "联系电话", "手机号码", "移动电话", "电话号码", "phone", "tel", "cell", "mobile phone", "联系方式"),
    "landline": ("座机", "固话", "办公电话", "work phone", "telephone"),
    "email": ("电子邮箱", "邮件", "电子邮件", "e-mail", "mail", "email address"),
    "wechat_id": ("微信", "wechat", "weixin"),
    "qq": ("qq号码",),
    "address": ("地址", "联系地址", "详细地址", "送货地址", "street", "mailing street", "shipping address"),
    "postcode": ("邮编", "zip", "zip code", "postal code"),
    "city": ("所在区", "地区", "所在城市", "所在地", "区域", "mailing city"),
    "gender": ("男女", "sex"),
    "birthday": ("出生日期", "出生年月", "生日日期", "birth date", "date of birth", "dob"),
    "job_title": ("职务", "岗位", "title of job", "position"),
    "employer": ("单位", "公司", "account name"),
    "level": ("客户等级", "级别", "等级", "rating"),
    "source": ("客户来源", "渠道", "lead source", "来源渠道"),
    "stage": ("销售阶段", "跟进阶段", "lead status"),
    "intent": ("意向", "意向度", "意向级别"),
    "product": ("意向商品", "产品", "感兴趣的产品", "interested in"),
    "budget": ("预算金额", "预计金额", "amount"),
    "house_type": ("房型",),
    "area_m2": ("面积", "房屋面积", "建筑面积"),
    "fit_out": ("装修进度", "装修情况"),
    "note": ("说明", "描述", "remark", "remarks", "description", "comment"),
    "org_name": ("公司名称", "单位名称", "企业", "company name", "客户公司"),
    "uscc": ("税号", "信用代码", "纳税人识别号", "营业执照号", "tax id"),
    "invoice_title": ("抬头", "开票抬头"),
    "id_no": ("身份证", "证件号", "证件号码", "身份证号码", "id number", "id card"),
    "bank_card": ("银行卡", "卡号", "银行账号"),
    "passport_no": ("护照", "护照号"),
    "plate": ("车牌",),
    "last_order_on": ("最近购买", "最后下单日期"),
    "order_total": ("消费总额", "累计金额"),
    "income": ("年收入", "月收入"),
    "ethnicity": ("民族",),
    "family": ("婚姻状况", "婚否"),
}
#: Columns of our own error file; they never carry data.
OWN = frozenset({"原文件行号", "原因", "怎么改", "row", "reason", "how to correct"})
_VALUE = re.compile(r"\d{6,}|@")


def plain(header: str) -> str:
    """A header without what differs by chance: width, case, spaces, brackets' content, marks of required fields."""
    text = unicodedata.normalize("NFKC", header).replace("\ufeff", "").casefold()
    text = re.sub(r"[(\[（【].*?[)\]）】]", "", text)
    return re.sub(r"[\s*:：_\-]+", "", text)


def fingerprint(headers: Sequence[str]) -> str:
    """The same headers in any order."""
    return hashlib.sha256("\x1f".join(sorted(plain(one) for one in headers)).encode()).hexdigest()


def shown(headers: Sequence[str]) -> list[str]:
    """Headers fit to be stored: one that looks like somebody's number is named by its place."""
    return [
        f"第 {place} 列" if not one.strip() or _VALUE.search(one) else one.strip().replace("\ufeff", "")[:60]
        for place, one in enumerate(headers, 1)
    ]


def is_header(headers: Sequence[str]) -> bool:
    """Whether the first row names columns: it has names, and no number or mailbox stands in it."""
    named = [one for one in headers if one.strip()]
    return bool(named) and sum(bool(_VALUE.search(one)) for one in named) * 3 < len(named)


def propose(
    headers: Sequence[str], labels: Mapping[str, tuple[str, ...]], remembered: Mapping[str, str] | None = None
) -> list[str]:
    """An attribute key per column, "" where nothing fits. ``labels``: the catalogue's own words for each key.
    ``remembered``: plain header -> key, from last time. No attribute is proposed twice."""
    words: dict[str, str] = {}
    for key, own in labels.items():
        for word in (key, *own, *SYNONYMS.get(key, ())):
            words.setdefault(plain(word), key)
    taken: set[str] = set()
    proposal = []
    for header in headers:
        name = plain(header)
        key = words.get(name, "")
        if remembered is not None and name in remembered:
            key = remembered[name]
        key = "" if key in taken or name in OWN else key
        taken.add(key)
        proposal.append(key)
    return proposal


def trouble(headers: Sequence[str]) -> dict[int, str]:
    """Columns whose header cannot name them: ``empty``, or ``same`` as an earlier one after trimming."""
    found: dict[int, str] = {}
    seen: set[str] = set()
    for index, header in enumerate(headers):
        name = plain(header)
        if not name:
            found[index] = "empty"
        elif name in seen:
            found[index] = "same"
        seen.add(name)
    return found
