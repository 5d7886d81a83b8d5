"""One normal form for searching: what looks the same to a person is the same to the index."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Longest value whose characters are indexed; the rest of a longer one is found by its beginning.
INDEXED_CHARS = 120
#: Marks kept on one letter. More is a flood, not a name.
_MARKS_PER_LETTER = 2

#: Endings of organisation names that say nothing about which organisation it is, longest first.
ORG_ENDINGS = (
    "股份有限责任公司",
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "有限公司",
    "分公司",
    "总公司",
    "集团公司",
    "集团",
    "公司",
    "个体工商户",
    "经营部",
    "合伙企业",
)
_ENDING = re.compile("(?:" + "|".join(ORG_ENDINGS) + ")$")
#: Already in normal form: common characters, ASCII digits and small letters.
_COMMON = re.compile("[0-9a-z\u4e00-\u9fff]+")
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@lru_cache(maxsize=8192)
def _kept(char: str) -> bool:
    """Letters, digits and marks carry meaning; spaces, dots of names (·), punctuation, controls and emoji do not."""
    return unicodedata.category(char)[0] in "LNM"


def searchable(text: str) -> str:
    """NFKC, case folded, without separators: 王·阿卜杜拉, 王•阿卜杜拉 and 王 阿卜杜拉 become one. "" when nothing is left."""
    if text.isascii():
        return "".join(char for char in text.lower() if char.isalnum())[:INDEXED_CHARS]
    if _COMMON.fullmatch(text):
        return text[:INDEXED_CHARS]
    # Twice, because leaving out what stood between a letter and a mark lets them compose.
    return _once(_once(text[: INDEXED_CHARS * 4]))[:INDEXED_CHARS]


def _once(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept: list[str] = []
    marks = 0
    for char in folded:
        if not _kept(char):
            continue
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= _MARKS_PER_LETTER:
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def core(organisation: str) -> str:
    """A searchable organisation name without its legal ending; the whole when nothing else would be left."""
    shorter = _ENDING.sub("", organisation)
    return shorter if len(shorter) >= 2 else organisation


def has_cjk(text: str) -> bool:
    """Whether a Chinese character is in the text."""
    return _CJK.search(text) is not None


def digits(text: str) -> str:
    """The ASCII digits of a text, full-width ones folded; other scripts' digits are not phone digits."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char in "0123456789")


def bigrams(text: str) -> tuple[str, ...]:
    """Neighbouring pairs in order, each once."""
    return tuple(dict.fromkeys(text[i : i + 2] for i in range(len(text) - 1)))
