"""Dates, amounts, counts, choices and texts."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from decimal import Decimal

from kexin.foundation import clock
from kexin.regime.semantic import text
from kexin.regime.semantic.errors import Invalid

FREE_MAX = 4000
MONEY_MAX = Decimal(1000000000000)
_DATE = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?(?:[ T]00:00(?::00)?)?", re.ASCII)
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII)
_MONTH_DAY = re.compile(r"(?:--)?([0-9]{1,2})(?:-|/|月)([0-9]{1,2})日?", re.ASCII)
_MONEY = re.compile(r"(-?)(?:[¥$￥]|CNY|RMB)?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(\.[0-9]{1,2})?(万)?元?", re.ASCII)
YES = frozenset(["是", "有", "对", "y", "yes", "true", "1", "√"])
NO = frozenset(["否", "无", "不", "n", "no", "false", "0", "×"])


def day(value: str) -> str:
    """A calendar day as 2025-03-09; accepts 2025/3/9, 2025.3.9, 2025年3月9日 and 20250309. Spreadsheet serials, two-digit
    years and days that never were are refused."""
    found = text.code(value, limit=40)
    match = _DATE.fullmatch(found) or _COMPACT.fullmatch(found)
    if not match:
        raise Invalid("date_form")
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        raise Invalid("date_none") from None


def birthday(value: str) -> str:
    """A day between 1900 and today, or month and day alone as --03-09 (ISO 8601)."""
    found = text.code(value, limit=40)
    if match := _MONTH_DAY.fullmatch(found):
        try:
            return f"--{date(2000, int(match[1]), int(match[2])):%m-%d}"
        except ValueError:
            raise Invalid("date_none") from None
    born = day(found)
    if not "1900-01-01" <= born <= clock.today_cn().isoformat():
        raise Invalid("date_ahead")
    return born


def money(value: str) -> str:
    """An amount in yuan with two decimals, as text: 100000.00. Accepts ¥1,000.5 and 8.5万."""
    match = _MONEY.fullmatch(text.code(value, limit=60).replace(" ", ""))
    if match is None and (
        tens := re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)万元?", text.code(value, limit=60).replace(" ", ""))
    ):
        amount = Decimal(tens[1]) * 10000
    elif match is None:
        raise Invalid("money")
    else:
        amount = Decimal(match[1] + match[2].replace(",", "") + (match[3] or "")) * (10000 if match[4] else 1)
    if abs(amount) > MONEY_MAX or amount != amount.quantize(Decimal("0.01")):
        raise Invalid("range")
    return f"{amount + 0:.2f}" if amount else "0.00"


def integer(value: str) -> str:
    """A whole number between -10^12 and 10^12 as plain digits."""
    found = text.code(value, limit=60).replace(",", "")
    if not re.fullmatch(r"[+-]?[0-9]{1,13}", found):
        raise Invalid("integer")
    if abs(int(found)) > 10**12:
        raise Invalid("range")
    return str(int(found))


def boolean(value: str) -> str:
    """是 or 否 as "true" or "false"; anything else is refused, never taken for yes."""
    found = text.code(value, limit=20).lower()
    if found in YES:
        return "true"
    if found in NO:
        return "false"
    raise Invalid("boolean")


def choice(value: str) -> str:
    """One line; the catalogue's own list is checked by `normalise_for`, which knows it."""
    return text.code(value, limit=60)


def free(value: str) -> str:
    """Free text of up to 4,000 characters."""
    return text.free(value, limit=FREE_MAX)


def short(value: str) -> str:
    """One line of up to 120 characters."""
    return text.line(value, limit=120)


def ip(value: str) -> str:
    """An IP address in its canonical spelling."""
    try:
        return str(ipaddress.ip_address(text.code(value, limit=60)))
    except ValueError:
        raise Invalid("ip") from None
