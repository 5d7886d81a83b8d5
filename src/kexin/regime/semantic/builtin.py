"""The semantic types that come with the product."""

from __future__ import annotations

from collections.abc import Callable

from kexin.regime.semantic import names, numbers, places, plain
from kexin.regime.semantic.types import SemanticType, no_notes

TEL = {"inputmode": "tel", "autocomplete": "off", "maxlength": "24"}
NUMERIC = {"inputmode": "numeric", "autocomplete": "off"}


def _type(
    key: str,
    labels: tuple[str, str],
    normalise: Callable[[str], str],
    example: str,
    masks: str = "hidden none",
    searches: str = "",
    *,
    singles_out: bool = False,
    notes: Callable[[str], tuple[str, ...]] = no_notes,
    hints: dict[str, str] | None = None,
) -> SemanticType:
    """One row of the table below."""
    return SemanticType(
        key=key,
        label={"zh": labels[0], "en": labels[1]},
        normalise=normalise,
        example=example,
        masks=tuple(masks.split()),
        searches=tuple(searches.split()),
        singles_out=singles_out,
        notes=notes,
        input=hints,
    )


BUILTIN: tuple[SemanticType, ...] = (
    _type(
        "cn_mobile",
        ("手机号", "Mobile number"),
        numbers.mobile,
        "13812345678",
        "middle4 hidden",
        "exact surname_suffix4",
        singles_out=True,
        notes=numbers.mobile_notes,
        hints=TEL,
    ),
    _type(
        "landline",
        ("固定电话", "Landline"),
        numbers.landline,
        "0571-88886120",
        "area_last4 hidden none",
        "exact",
        singles_out=True,
        hints=TEL,
    ),
    _type(
        "cn_id",
        ("居民身份证号", "Identity number"),
        numbers.id_number,
        "11010519491231002X",
        "first1_last1 hidden",
        "exact",
        singles_out=True,
    ),
    _type(
        "passport",
        ("护照等证件号", "Passport"),
        numbers.passport,
        "E12345678",
        "first1_last1 hidden",
        "exact",
        singles_out=True,
    ),
    _type(
        "uscc",
        ("统一社会信用代码", "Social credit code"),
        numbers.uscc,
        "91110000600037341L",
        "none first1_last1 hidden",
        "exact",
    ),
    _type("org_code", ("组织机构代码", "Organisation code"), numbers.org_code, "60003734-1", "none hidden", "exact"),
    _type(
        "person_name",
        ("姓名", "Name"),
        names.person,
        "陈雨桐",
        "name surname hidden none",
        "exact ngram",
        singles_out=True,
    ),
    _type(
        "org_name",
        ("企业名称", "Company name"),
        names.organisation,
        "杭州万象软装有限公司",
        "none hidden",
        "exact ngram",
    ),
    _type(
        "invoice_title",
        ("发票抬头", "Invoice title"),
        names.invoice_title,
        "杭州万象软装有限公司",
        "none hidden",
        "exact",
    ),
    _type(
        "email",
        ("邮箱", "E-mail"),
        names.email,
        "chen@example.cn",
        "mailbox hidden",
        "exact",
        singles_out=True,
        hints={"inputmode": "email", "autocomplete": "off"},
    ),
    _type(
        "cn_address",
        ("地址", "Address"),
        places.address,
        "浙江省杭州市余杭区文一西路 969 号",
        "district hidden",
        "ngram",
        singles_out=True,
    ),
    _type("cn_division", ("城市", "City"), places.division, "杭州市", "none hidden"),
    _type("postcode", ("邮政编码", "Postcode"), numbers.postcode, "310000", "none hidden", hints=NUMERIC),
    _type(
        "bank_card",
        ("银行卡号", "Bank card"),
        numbers.bank_card,
        "6222600260001072444",
        "last4 hidden",
        "exact",
        singles_out=True,
        hints=NUMERIC,
    ),
    _type("plate", ("车牌号", "Number plate"), numbers.plate, "浙A12345", "plate hidden", "exact", singles_out=True),
    _type("birthday", ("生日", "Birthday"), plain.birthday, "1990-05-12", "year hidden", "monthday"),
    _type("date", ("日期", "Date"), plain.day, "2026-11-23", "none hidden year"),
    _type(
        "openid",
        ("微信 OpenID", "WeChat OpenID"),
        names.openid,
        "oX3f7Qe1Zk9LmN2pRs4tUv6wYa8b",
        "first4_last3 hidden",
        "exact",
        singles_out=True,
    ),
    _type(
        "wechat_id",
        ("微信号", "WeChat ID"),
        names.wechat,
        "yutong_18",
        "first2_last2 hidden",
        "exact",
        singles_out=True,
    ),
    _type(
        "qq",
        ("QQ 号", "QQ number"),
        numbers.qq,
        "123456789",
        "first2_last2 hidden",
        "exact",
        singles_out=True,
        hints=NUMERIC,
    ),
    _type("url", ("网址", "Web address"), names.url, "https://example.cn/", "none hidden"),
    _type("ip", ("IP 地址", "IP address"), plain.ip, "203.0.113.9", "last_octet hidden"),
    _type("money", ("金额", "Amount"), plain.money, "100000.00", "none hidden", hints={"inputmode": "decimal"}),
    _type("integer", ("整数", "Whole number"), plain.integer, "118", "none hidden", hints=NUMERIC),
    _type("boolean", ("是否", "Yes or no"), plain.boolean, "true", "none hidden"),
    _type("choice", ("选项", "Choice"), plain.choice, "lead", "none hidden"),
    _type("short_text", ("短文本", "Short text"), plain.short, "周六下午量房", "none hidden"),
    _type("free_text", ("长文本", "Text"), plain.free, "水电完成，待量尺", "hidden none"),
)
