"""Why a value is not what its type asks for, in words that say how to mend it."""

from __future__ import annotations

from typing import Any

#: Key -> sentence in both languages. Values stand in braces; no sentence ever repeats the value that was typed.
MESSAGES: dict[str, tuple[str, str]] = {
    "empty": ("内容为空，请填写。", "Empty. Please fill it in."),
    "too_long": ("内容太长，最多 {limit} 个字。", "Too long: at most {limit} characters."),
    "hidden_character": (
        "含有看不见的控制字符，请删除后重新输入。",
        "Contains invisible control characters. Please delete them and type it again.",
    ),
    "mobile_short": ("手机号少 {count} 位，请补齐 11 位。", "{count} digits missing: a mobile number has 11."),
    "mobile_long": ("手机号多 {count} 位，应为 11 位。", "{count} digits too many: a mobile number has 11."),
    "mobile_start": ("手机号应以 1 开头、第二位为 3 至 9，请核对。", "A mobile number begins with 13 to 19."),
    "mobile_other": ("手机号只能含数字，请删去其他字符。", "Digits only, please remove other characters."),
    "mobile_iot": ("这是物联网号段，不能作联系电话。", "A machine number; it cannot be used to contact a person."),
    "landline": ("固定电话应为区号加号码，如 0571-88886666。", "Area code and number, such as 0571-88886666."),
    "id_length": ("身份证号应为 18 位，现为 {count} 位。", "An ID number has 18 characters, this has {count}."),
    "id_form": ("身份证号只能是 17 位数字加数字或 X，请核对。", "17 digits and a digit or X, please check."),
    "id_region": ("身份证号前两位不是省份代码，请对照证件。", "The first two digits are no province code."),
    "id_date": (
        "身份证号里的出生日期不存在或在将来，请对照证件。",
        "The date of birth inside does not exist or lies ahead.",
    ),
    "id_check": (
        "身份证号校验不对，请对照证件逐位核对。",
        "The check character does not match. Compare with the card.",
    ),
    "uscc_length": ("统一社会信用代码应为 18 位，现为 {count} 位。", "18 characters needed, this has {count}."),
    "uscc_form": (
        "统一社会信用代码不用 I、O、S、V、Z，第 {place} 位请对照营业执照。",
        "I, O, S, V and Z are not used; see place {place} on the licence.",
    ),
    "uscc_check": ("统一社会信用代码校验不对，请对照营业执照原件。", "The check character does not match the licence."),
    "org_code": ("组织机构代码应为 8 位加校验位，请对照原件。", "8 characters and a check character, please check."),
    "name": ("姓名含有数字或符号，请只填姓名。", "The name has digits or signs. Please give the name alone."),
    "name_long": ("姓名太长，最多 {limit} 个字。", "Too long for a name: at most {limit} characters."),
    "org_name": ("企业名称至少两个字，且不能只有符号。", "At least two characters, and not signs alone."),
    "email": ("邮箱格式不对，应如 name@example.cn。", "Not an e-mail address such as name@example.cn."),
    "address": ("地址太短，请写到街道门牌。", "Too short. Please give street and number."),
    "division": (
        "地区不在区划表，请从列表选择（如 杭州市）。",
        "Not in the table of divisions. Please choose from the list.",
    ),
    "division_like": ("地区不在区划表，是否为“{like}”？", "Not in the table of divisions. Is it {like}?"),
    "card_length": ("银行卡号应为 16 至 19 位，现为 {count} 位。", "16 to 19 digits needed, this has {count}."),
    "card_form": ("银行卡号只能含数字，请核对。", "Digits only, please check."),
    "card_check": ("银行卡号校验不对，请对照卡面。", "The check digit does not match. Compare with the card."),
    "plate": (
        "车牌号应为省份简称、字母加 5 或 6 位，如 浙A12345。",
        "Province, letter and 5 or 6 places, such as 浙A12345.",
    ),
    "postcode": ("邮政编码应为 6 位数字。", "A postcode has 6 digits."),
    "date_form": ("日期应如 2025-03-09。", "A date such as 2025-03-09."),
    "date_none": ("这一天不存在，请核对年月日。", "There is no such day."),
    "date_ahead": ("生日在将来或早于 1900 年，请核对。", "The birthday lies ahead or before 1900."),
    "openid": ("不是微信 OpenID（28 位字母、数字、- 或 _）。", "Not a WeChat OpenID (28 letters, digits, - or _)."),
    "wechat_id": (
        "微信号应为 6 至 20 位，以字母开头，只含字母、数字、- 和 _。",
        "6 to 20 characters, a letter first, then letters, digits, - and _.",
    ),
    "qq": ("QQ 号应为 5 至 12 位数字。", "A QQ number has 5 to 12 digits."),
    "url": ("网址应以 http:// 或 https:// 开头。", "A web address begins with http:// or https://."),
    "money": ("金额不是数字，请填如 100000 或留空。", "Not an amount. Write 100000 or leave it empty."),
    "integer": ("不是整数，请填如 118。", "Not a whole number. Write one such as 118."),
    "range": ("数字太大或太小，请核对。", "Too large or too small, please check."),
    "choice": ("不在可选项中，请从列表选择。", "Not among the choices. Please choose from the list."),
    "boolean": ("请填“是”或“否”。", "Please write yes or no."),
    "passport": ("证件号应为 5 至 17 位字母和数字。", "5 to 17 letters and digits."),
    "invoice_title": ("发票抬头至少两个字。", "At least two characters."),
    "ip": ("不是 IP 地址。", "Not an IP address."),
}


class Invalid(ValueError):
    """The value cannot be of this type. ``key`` names the sentence, ``values`` its numbers; the value itself is not in
    here, so that this error may be logged and written into an error file."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def text(self, language: str = "zh") -> str:
        """The sentence for people: what is wrong and how to mend it."""
        chinese, english = MESSAGES.get(self.key, (self.key, self.key))
        return (english if language.startswith("en") else chinese).format(**self.values)

    def __str__(self) -> str:
        return self.text()
