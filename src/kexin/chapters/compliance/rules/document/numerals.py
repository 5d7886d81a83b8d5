"""Numbers, periods and lists as Chinese legal texts write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from kexin.foundation.clock import cn

_DIGITS = "零一二三四五六七八九"
_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_UNITS = ("年", "个月", "周", "日", "小时", "分钟", "秒")


def numeral(number: int) -> str:
    """1 to 9999 in Chinese: 十二, 一百零五, 二百一十."""
    if not 0 < number < 10_000:
        raise ValueError("numbers of a document run from 1 to 9999")
    written, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            written += ("零" if gap and written else "") + _DIGITS[digit] + name
        gap = not digit and bool(number)
    return written[1:] if written.startswith("一十") else written


def ordinal(number: int) -> str:
    """第十二条."""
    return f"第{numeral(number)}条"


def clause(number: int) -> str:
    """（三）."""
    return f"（{numeral(number)}）"


def period(duration: str) -> str:
    """An ISO 8601 duration in words: P3Y 3年, P12M 12个月, PT60S 60秒; nothing at all is 即时."""
    match = _PERIOD.fullmatch(duration)
    if match is None:
        raise ValueError(f"not a duration: {duration!r}")
    said = "".join(f"{int(part)}{unit}" for part, unit in zip(match.groups(), _UNITS, strict=True) if part and int(part))
    return said or "即时"


def day(instant: datetime) -> str:
    """2026年11月28日, as the calendar in China has it."""
    local = cn(instant)
    return f"{local.year}年{local.month}月{local.day}日"


def moment(instant: datetime) -> str:
    """2026年11月28日 15:04 (北京时间 is said once, where a column names it)."""
    return f"{day(instant)} {cn(instant):%H:%M}"


def iso_day(text: str) -> str:
    """2026-12-01 as 2026年12月1日."""
    year, month, date = (int(part) for part in text.split("-"))
    return f"{year}年{month}月{date}日"


def listed(words: Iterable[str]) -> str:
    """甲、乙、丙."""
    return "、".join(words)


def either(words: Iterable[str]) -> str:
    """甲、乙或者丙."""
    found = list(words)
    return "或者".join(filter(None, (listed(found[:-1]), *found[-1:])))


def ended(clauses: Sequence[str]) -> tuple[str, ...]:
    """Clauses that end with semicolons, the last with a full stop."""
    return (*clauses[:-1], *(one.removesuffix("；") + "。" for one in clauses[-1:]))


def quoted(words: Iterable[str]) -> str:
    """“甲”“乙”“丙”: names of things, which have no comma between quotation marks."""
    return "".join(f"“{word}”" for word in words)
