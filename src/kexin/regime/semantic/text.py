"""What every text goes through before a semantic type sees it: one spelling, no hidden characters, bounded size."""

from __future__ import annotations

import re
import unicodedata

from kexin.regime.semantic.errors import Invalid

#: Longest text that any type but free text and address may take; longer is refused before anything is computed.
LINE_MAX = 400

#: Controls, bidirectional marks, zero-width characters, byte-order mark, tags, lone surrogates. U+200D and the variation
#: selectors are allowed inside emoji and rare characters by `free`, never in a name, number or address.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_HIDDEN_FREE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4,}")
#: Nothing to do: no blank, no control, no mark, one code point per character.
_PLAIN = re.compile("[0-9A-Za-z@._\\-\u4e00-\u9fff]+")
_SPACES = re.compile(r"\s+")
_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_FULL = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def line(value: str, *, limit: int = LINE_MAX) -> str:
    """One line: NFC, blanks collapsed, no hidden character. Raises Invalid for empty, too long or hostile text."""
    if len(value) > limit:
        raise Invalid("too_long", limit=limit)
    if _PLAIN.fullmatch(value):
        return value
    if _HIDDEN.search(value.strip("\t\r\n \u3000\ufeff")):
        raise Invalid("hidden_character")
    if not value.isascii():
        value = unicodedata.normalize("NFC", value.strip("\ufeff"))
        if _MARKS.search(value):
            raise Invalid("hidden_character")
    value = _SPACES.sub(" ", value).strip()
    if not value:
        raise Invalid("empty")
    return value


def code(value: str, *, limit: int = LINE_MAX) -> str:
    """One line of a code or number: full-width letters, digits and signs become half-width; other scripts' digits do
    not (they are refused by the pattern that follows, never guessed)."""
    value = line(value, limit=limit)
    return value if value.isascii() else value.translate(_FULL)


def digits(value: str) -> str:
    """Full-width digits as half-width ones, everything else untouched."""
    return value if value.isascii() else value.translate(_DIGITS)


def free(value: str, *, limit: int) -> str:
    """Free text of many lines: NFC, CRLF as LF, emoji allowed, no bidirectional or control character."""
    if len(value) > limit:
        raise Invalid("too_long", limit=limit)
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if _HIDDEN_FREE.search(value):
        raise Invalid("hidden_character")
    value = unicodedata.normalize("NFC", value)
    if _MARKS.search(value):
        raise Invalid("hidden_character")
    value = value.strip()
    if not value:
        raise Invalid("empty")
    return value
