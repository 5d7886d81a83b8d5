"""Plain values as YAML of the strict kind that `source` reads: one line, in the style of the shipped rulebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kexin.regime.rulebook.source import means_itself

#: Text that needs no quotes wherever it stands: it begins with a letter and has none of the signs of YAML in it.
_PLAIN = re.compile(r"[$A-Za-z\u4e00-\u9fff][\w$./\u4e00-\u9fff·、，。；（）《》“”…—– -]*", re.ASCII)
#: Line breaks of YAML that JSON leaves as they are.
_BREAKS = {"\u2028": "\\L", "\u2029": "\\P", "\x85": "\\N", "\x7f": "\\x7F"}


class NotWritable(ValueError):
    """A value that no rulebook can hold: neither text, whole number, true or false, nor lists and mappings of those."""


def flow(value: Any) -> str:
    """A value on one line: ``{label: {zh: 姓名}, grade: 3}``. Reading it gives the same value. Raises NotWritable."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    raise NotWritable(type(value).__name__)


def _key(key: Any) -> str:
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    if isinstance(key, str):
        return _text(key)
    raise NotWritable(f"key {type(key).__name__}")


def _text(text: str) -> str:
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise NotWritable("half a character")
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and means_itself(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    for sign, escaped in _BREAKS.items():
        quoted = quoted.replace(sign, escaped)
    return quoted
