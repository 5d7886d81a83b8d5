"""Masks: what is shown of a value to those who may know that it is there, but not what it is."""

from __future__ import annotations

import re
from collections.abc import Callable

from kexin.regime.semantic.surnames import surname_of

STARS = "****"
_DISTRICT = re.compile(
    "^(?:[^市区县]{2,8}?(?:省|自治区|特别行政区))?(?:[^区县]{2,10}?(?:市|自治州|地区|盟))?(?:[^市区县旗]{1,10}?(?:区|县|市|旗))?"
)


def nothing(value: str) -> str:
    """Shown in full; only for what may be shown in full."""
    return value


def hidden(value: str) -> str:
    """Only that there is something."""
    return STARS


def middle4(value: str) -> str:
    """A mobile number: 138****5678."""
    return f"{value[:3]}{STARS}{value[-4:]}" if len(value) >= 11 else STARS


def area_last4(value: str) -> str:
    """A landline: area code and the last four, extension hidden: 0571-****6120."""
    area, _, rest = value.partition("-")
    number = rest.partition("-")[0]
    return f"{area}-{STARS}{number[-4:]}" if len(number) >= 7 else STARS


def first1_last1(value: str) -> str:
    """An identity or passport number: 1****************X."""
    return f"{value[0]}{'*' * (len(value) - 2)}{value[-1]}" if len(value) >= 5 else STARS


def last4(value: str) -> str:
    """A bank card: **** **** **** 1234."""
    return f"{STARS} {STARS} {STARS} {value[-4:]}" if len(value) >= 12 else STARS


def name(value: str) -> str:
    """张* · 张*三 · 欧阳** · 阿**·** · J***: the surname, and the last character of three or more after a single one."""
    if "·" in value:
        return f"{value[0]}**·**"
    if value.isascii() or " " in value:
        return f"{value[0]}***"
    surname = surname_of(value)
    given = len(value) - len(surname)
    if given <= 0:
        return "*"
    if len(surname) > 1 or given == 1:
        return surname + "*" * given
    return surname + "*" * (given - 1) + value[-1]


def surname(value: str) -> str:
    """陈**: the surname alone; foreign names show their first letter."""
    if "·" in value or value.isascii() or " " in value:
        return f"{value[0]}**"
    found = surname_of(value)
    return f"{found}**" if len(found) < len(value) else "*"


def mailbox(value: str) -> str:
    """a***@example.com."""
    local, _, domain = value.rpartition("@")
    return f"{local[0]}***@{domain}" if local else STARS


def district(value: str) -> str:
    """An address down to 区/县: 浙江省杭州市余杭区****; one that names none shows nothing."""
    return (_DISTRICT.match(value) or [""])[0] + STARS


def year(value: str) -> str:
    """A birthday: 1990-**-**; one without a year shows nothing of it."""
    return "**-**" if value.startswith("--") else f"{value[:4]}-**-**"


def first2_last2(value: str) -> str:
    """A WeChat ID or QQ number: yt****18."""
    return f"{value[:2]}{STARS}{value[-2:]}" if len(value) >= 5 else STARS


def first4_last3(value: str) -> str:
    """An OpenID: oX3f****kQ2."""
    return f"{value[:4]}{STARS}{value[-3:]}" if len(value) >= 12 else STARS


def plate(value: str) -> str:
    """京A****1."""
    return f"{value[:2]}{STARS}{value[-1]}"


def last_octet(value: str) -> str:
    """203.0.113.*; an IPv6 address to its first three groups."""
    if ":" in value:
        return ":".join(value.split(":")[:3]) + "::*"
    return value.rpartition(".")[0] + ".*"


MASKS: dict[str, Callable[[str], str]] = {
    "none": nothing,
    "hidden": hidden,
    "middle4": middle4,
    "area_last4": area_last4,
    "first1_last1": first1_last1,
    "last4": last4,
    "name": name,
    "surname": surname,
    "mailbox": mailbox,
    "district": district,
    "year": year,
    "first2_last2": first2_last2,
    "first4_last3": first4_last3,
    "plate": plate,
    "last_octet": last_octet,
}


def apply(value: str, rule: str) -> str:
    """The masked rendering. A rule that nobody knows hides everything: a typing error must not open a value."""
    return MASKS.get(rule, hidden)(value) if value else ""
