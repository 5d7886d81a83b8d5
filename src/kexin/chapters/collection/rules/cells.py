"""What spreadsheets do to values: digits lost to floating point, error signs, dates turned into serials. Pure."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta

#: Above this a spreadsheet number has lost digits (a double holds 15 decimal digits).
EXACT_DIGITS = 15
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d{2}")
_LONG_DIGITS = re.compile(r"\d{18,19}")
_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"}
)
_SERIAL = re.compile(r"[1-6]\d{4}(?:\.0)?")


def of_text(text: str) -> tuple[str, str]:
    """A text cell and what is wrong with it: "" | lost_digits | cell_error."""
    trimmed = text.strip()
    if trimmed in _ERRORS:
        return "", "cell_error"
    if _SCIENTIFIC.fullmatch(trimmed):
        return trimmed, "lost_digits"
    if _LONG_DIGITS.fullmatch(trimmed) and set(trimmed[EXACT_DIGITS:]) == {"0"}:
        return trimmed, "lost_digits"
    return text, ""


def of_value(value: object) -> tuple[str, str]:
    """A spreadsheet value as the text that people see, and what is wrong with it."""
    if isinstance(value, str):
        return of_text(value)
    if isinstance(value, bool):
        return ("是" if value else "否"), ""
    if isinstance(value, (int, float)):
        return _number(float(value))
    if isinstance(value, datetime):
        return (value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")), ""
    if isinstance(value, (date, time)):
        return value.isoformat(), ""
    if isinstance(value, timedelta):
        return str(value), ""
    return ("", "") if value is None else (str(value), "")


def _number(value: float) -> tuple[str, str]:
    if not math.isfinite(value):
        return "", "cell_error"
    if abs(value) >= 10**EXACT_DIGITS:
        return f"{value:.0f}", "lost_digits"
    return (str(int(value)) if value == int(value) else repr(value)), ""


def is_serial(text: str) -> bool:
    """Whether a date column holds a bare day count (45292 = 2024-01-01 in one calendar, 2028-01-02 in another)."""
    return bool(_SERIAL.fullmatch(text.strip()))
