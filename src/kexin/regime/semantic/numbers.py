"""Numbers that carry a form or a check: phones, identity numbers, company codes, cards, plates, postcodes."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources

from kexin.foundation import clock
from kexin.regime.semantic import text
from kexin.regime.semantic.errors import Invalid

_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_JOINTS = re.compile(r"[ \-().\u2010-\u2015]+")
_LANDLINE = re.compile(
    r"\(?(010|02[0-9]|0[3-9][0-9]{2})\)?-?([2-8][0-9]{6,7})(?:(?:-|转|ext\.?|x|#)([0-9]{1,6}))?",
    re.IGNORECASE | re.ASCII,
)
_SERVICE_LINE = re.compile(r"(400|800)-?([0-9]{3})-?([0-9]{4})", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
#: First two digits. Provinces of GB/T 2260. 9x: 外国人永久居留身份证 of 2023, whose first digit 9 stands before a province
#: [S: 新版外国人永久居留身份证机读信息规则, read 2026-11-23]. 81–83: 港澳台居民居住证 [M].
_ID_REGION = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9]")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PLATE = re.compile(
    "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-Z]"
    "(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9学警港澳挂]|[A-HJ-NP-Z0-9]{6})"
)


def mobile(value: str) -> str:
    """A mainland mobile number as 11 digits; prefixes +86, 0086, 86, 17951, 12593 and joints are taken off."""
    if len(value) == 11 and _MOBILE.fullmatch(value):
        return value
    number = _JOINTS.sub("", text.code(value))
    for prefix in ("+86", "0086", "17951", "12593", "17911", "86", "+"):
        if number.startswith(prefix) and (prefix[0] in "+0" or len(number) > 11):
            number = number[len(prefix) :]
    if not (number.isascii() and number.isdigit()):
        raise Invalid("mobile_other")
    if len(number) == 13 and number.startswith("14"):
        raise Invalid("mobile_iot")
    if len(number) < 11:
        raise Invalid("mobile_short", count=11 - len(number))
    if len(number) > 11:
        raise Invalid("mobile_long", count=len(number) - 11)
    if not _MOBILE.fullmatch(number):
        raise Invalid("mobile_start")
    return number


@cache
def allotted() -> dict[str, tuple[str, ...]]:
    """Operator (mobile, unicom, telecom, broadnet, satellite, emergency) -> leading digits, and ``virtual``: those that
    are resold, whatever network they are on. From `data/segments.txt`, which says the same as law.md §7 and as the public
    table ChinaMobilePhoneNumberRegex (2022-05; read 2026-11-23). [M] What MIIT allotted after 2022 is not in it.
    """
    rows = resources.files("kexin.regime.data").joinpath("segments.txt").read_text(encoding="utf-8").splitlines()
    named = (row.split() for row in rows if row and not row.startswith("#"))
    return {name: tuple(segment for one in listed for segment in _spread(one)) for name, *listed in named}


def _spread(listed: str) -> tuple[str, ...]:
    """135-139 as its five segments; a single one as itself."""
    first, _, last = listed.partition("-")
    return tuple(str(number) for number in range(int(first), int(last or first) + 1))


@cache
def _operators() -> dict[str, str]:
    return {segment: name for name, listed in allotted().items() if name != "virtual" for segment in listed}


def operator(value: str) -> str:
    """Whom the number's segment was allotted to, by its longest known beginning; "" for one that the table lacks. Since
    numbers became portable (2019) this says nothing certain about where the number is today."""
    return next((found for size in (5, 4, 3) if (found := _operators().get(value[:size]))), "")


def mobile_notes(value: str) -> tuple[str, ...]:
    """What is worth knowing about a valid number; never a reason to refuse it."""
    if value[:3] in allotted()["virtual"]:
        return ("virtual_operator",)
    return () if operator(value) else ("new_segment",)


def landline(value: str) -> str:
    """0571-88886666 or 0571-88886666-123; 400 and 800 lines as 400-123-4567."""
    number = text.code(value).replace(" ", "").replace("—", "-")
    number = re.sub(r"^(?:\+86|0086)-?(?=[1-9])", "0", re.sub(r"^(?:\+86|0086)-?(?=0)", "", number))
    if match := _SERVICE_LINE.fullmatch(number.replace("-", "", 0)):
        return "-".join(match.groups())
    match = _LANDLINE.fullmatch(number)
    if not match:
        raise Invalid("landline")
    return "-".join(part for part in match.groups() if part)


def id_check(first17: str) -> str:
    """The check character of the first 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


def id_birthday(value: str) -> date:
    """The date of birth inside a valid 18-character number."""
    return date(int(value[6:10]), int(value[10:12]), int(value[12:14]))


def id_number(value: str) -> str:
    """A resident identity number of 18 characters, X as capital; a legacy number of 15 is converted (19yy + check)."""
    number = text.code(value).replace(" ", "").upper()
    if len(number) == 15 and number.isdigit() and number.isascii():
        number = number[:6] + "19" + number[6:]
        number += id_check(number)
    if len(number) != 18:
        raise Invalid("id_length", count=len(number))
    if not (number.isascii() and number[:17].isdigit() and (number[17].isdigit() or number[17] == "X")):
        raise Invalid("id_form")
    if not _ID_REGION.fullmatch(number[:2]):
        raise Invalid("id_region")
    try:
        born = id_birthday(number)
    except ValueError:
        raise Invalid("id_date") from None
    if not date(1800, 1, 1) <= born <= clock.today_cn():
        raise Invalid("id_date")
    if id_check(number[:17]) != number[17]:
        raise Invalid("id_check")
    return number


def uscc_check(first17: str) -> str:
    """The check character of a unified social credit code (GB 32100-2015)."""
    total = sum(_USCC_ALPHABET.index(char) * weight for char, weight in zip(first17, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def uscc(value: str) -> str:
    """A unified social credit code: 18 capital characters without I, O, S, V, Z, with a true check character."""
    code = text.code(value).replace(" ", "").replace("-", "").upper()
    if len(code) != 18:
        raise Invalid("uscc_length", count=len(code))
    for place, char in enumerate(code, start=1):
        if char not in _USCC_ALPHABET:
            raise Invalid("uscc_form", place=place)
    if uscc_check(code[:17]) != code[17]:
        raise Invalid("uscc_check")
    return code


def org_code(value: str) -> str:
    """An organisation code of GB 11714-1997: 60003734-1."""
    code = text.code(value).replace(" ", "").replace("-", "").upper()
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code, re.ASCII):
        raise Invalid("org_code")
    check = 11 - sum(int(char, 36) * weight for char, weight in zip(code[:8], _ORG_WEIGHTS, strict=True)) % 11
    if code[8] != {10: "X", 11: "0"}.get(check, str(check)):
        raise Invalid("org_code")
    return f"{code[:8]}-{code[8]}"


def luhn(number: str) -> bool:
    """Whether the last digit is the Luhn check of the rest (ISO/IEC 7812)."""
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (sum(int(digit) for digit in number[-1::-2]) + sum(two - 9 if two > 9 else two for two in doubled)) % 10 == 0


def bank_card(value: str) -> str:
    """A bank card of 16 to 19 digits with a true check digit."""
    number = _JOINTS.sub("", text.code(value))
    if not (number.isascii() and number.isdigit()):
        raise Invalid("card_form")
    if not 16 <= len(number) <= 19:
        raise Invalid("card_length", count=len(number))
    if not luhn(number):
        raise Invalid("card_check")
    return number


def plate(value: str) -> str:
    """A number plate: province, letter, five places, or six for new energy."""
    found = re.sub(r"[ ·•.\-]", "", text.code(value)).upper()
    if not _PLATE.fullmatch(found):
        raise Invalid("plate")
    return found


def postcode(value: str) -> str:
    """Six digits."""
    number = text.code(value).replace(" ", "")
    if not re.fullmatch(r"[0-9]{6}", number):
        raise Invalid("postcode")
    return number


def passport(value: str) -> str:
    """A passport or another travel document: 5 to 17 letters and digits, with at least one digit."""
    number = text.code(value).replace(" ", "").replace("-", "").upper()
    if not re.fullmatch(r"(?=.*[0-9])[0-9A-Z]{5,17}", number, re.ASCII):
        raise Invalid("passport")
    return number


def qq(value: str) -> str:
    """A QQ number of 5 to 12 digits."""
    number = text.code(value).replace(" ", "")
    if not re.fullmatch(r"[1-9][0-9]{4,11}", number):
        raise Invalid("qq")
    return number
