"""Corpus A: hostile text as named fixtures, by the number of its item in reliability.md §6."""

from __future__ import annotations

#: item of reliability.md §6 -> name -> text.
TEXTS: dict[int, dict[str, str]] = {
    1: {"empty": "", "spaces": "   ", "wide spaces": "\u3000\u3000", "zero width": "\u200b\u200b"},
    2: {"a megabyte": "A" * 1_000_000, "10,001 characters": "陈" * 10_001},
    3: {"nul": "陈\x00雨", "nul alone": "\x00"},
    4: {"lone surrogate": "\ud800陈"},
    5: {"right to left": "\u202e陈雨", "isolates": "\u2066a\u2069b", "unclosed isolate": "\u2067陈"},
    6: {"combining flood": "陈" + "\u0301" * 200},
    7: {"family": "👨‍👩‍👧", "variation": "葛\U000e0100", "four bytes": "𠮷㛃𬭎"},
    8: {"wide digits": "１３８００００１２３４", "arabic digits": "١٣٨٠٠٠٠١٢٣٤"},
    9: {"cyrillic a": "аdmin", "sharp s": "Straße", "dotless i": "ıİ", "kelvin": "\u212a"},
    10: {"composed": "Jos\u00e9", "decomposed": "Jose\u0301"},
    11: {"dots": "王·阿卜杜拉•穆罕默德.x", "one letter": "X", "forty letters": "a" * 40, "null": "Null"},
    12: {
        "script": "<script>alert(1)</script>", "image": '"><img src=x onerror=alert(1)>', "svg": "<svg/onload=alert(1)>",
        "script address": "javascript:alert(1)", "braces": "{{7*7777}}", "tag": "{% load x %}{% csrf_token %}",
        "dollar": "${7*7777}", "htmx": '" hx-get="/x" hx-trigger="load', "comment": "<!-- ", "cotton": "<c-button>x</c-button>",
    },
    13: {
        "drop": "'; DROP TABLE vault_subject;--", "or": "' OR 1=1--", "escape": "%' ESCAPE '!", "percent": "%",
        "underscore": "_", "backslash": "\\", "placeholder": "%s %(x)s",
    },
    14: {
        "command": "=cmd|' /C calc'!A0", "plus": "+1", "minus": "-1", "sum": "@SUM(A1)", "wide equals": "＝1+1",
        "tab first": "\t=1", "return first": "\r=1",
    },
    15: {"crlf": "a\r\nSet-Cookie: x=1", "newline": "a\nb", "encoded crlf": "a%0d%0aLocation: //x"},
    16: {
        "up": "../../etc/passwd", "back": "..\\..\\x", "encoded up": "%2e%2e%2f", "overlong": "%c0%af", "drive": "C:\\",
        "device": "CON", "300 bytes": "陈" * 100, "trailing dot": "name.",
    },
    17: {
        "bad check": "110105194912310029", "lower x": "11010519491231002x", "fifteen": "110105491231002",
        "leap 1900": "110105190002290012", "future": "110105299901010012", "passport": "E12345678", "hong kong": "H08100001",
    },
    18: {
        "plus 86": "+86 138-0000-1234", "0086": "008613800001234", "17951": "1795113800001234", "short": "1380000123",
        "long": "138000012345", "extension": "0571-88886666-8001", "virtual": "17012345678",
    },
    19: {
        "255 letters": "a" * 255 + "@example.cn", "quoted": '"a b"@example.cn', "idn": "a@例子.中国", "literal": "a@[127.0.0.1]",
        "two at": "a@@example.cn", "newline": "a\n@example.cn",
    },
    20: {
        "no such day": "2025-02-29", "zeros": "0000-00-00", "far": "9999-12-31", "gregorian gap": "1582-10-10",
        "offset": "2025-01-01T00:00:00+14:00", "epoch": "1735689600000", "lunar": "腊月初八", "two digits": "31/12/24",
        "summer time": "1988-04-10 00:30",
    },
    21: {
        "nan": "NaN", "infinity": "Infinity", "1e400": "1e400", "minus zero": "-0", "underscore": "1_000",
        "wide number": "１，０００", "2^63": "9223372036854775808", "tenths": "0.30000000000000004",
        "forty decimals": "0." + "1" * 40,
    },
    22: {"false": "false", "zero": "0", "list": "[]", "null": "null", "object": "{}"},
}  # fmt: skip


def named(*, longest: int = 2_000_000) -> list[tuple[int, str, str]]:
    """Item, name, text: every fixture of at most that length."""
    return [(item, name, text) for item, texts in TEXTS.items() for name, text in texts.items() if len(text) <= longest]
