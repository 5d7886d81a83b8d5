"""Which encoding and which delimiter a text table has, and how sure that is. Pure: bytes in, a guess out."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from dataclasses import dataclass

DELIMITERS = (",", "\t", ";", "|", "，")
#: Bytes looked at to tell encodings apart; validity is proved by reading the whole file strictly anyway.
SAMPLE_BYTES = 262_144
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Share of the Chinese characters that must be everyday ones (GB 2312 level 1) before GB18030 counts as sure.
_EVERYDAY_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding by its Python name, and whether a person should confirm it. ``rival`` is a more plausible one that
    cannot be read here (big5)."""

    encoding: str
    sure: bool
    rival: str = ""


def guess_encoding(sample: bytes) -> Guess:
    """By mark, by strict decoding, then by how everyday the characters are."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return Guess(name, True)
    wide = _wide(sample)
    if wide:
        return Guess(wide, True)
    if _decodes(sample, "utf-8"):
        return Guess("utf-8", True)
    return _chinese(sample)


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: ASCII signs (delimiters, digits, line ends) leave NULs on one side only."""
    head = sample[:4096]
    if head.count(0) < max(2, len(head) // 20):
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else ""


def _decodes(sample: bytes, encoding: str) -> bool:
    """Strictly, a character cut at the sample's edge forgiven."""
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(sample, final=len(sample) < SAMPLE_BYTES)
    except UnicodeDecodeError:
        return False
    return True


def _chinese(sample: bytes) -> Guess:
    ours = _everyday(sample, "gb18030", "gb2312", 0xB0, 0xD7)
    theirs = _everyday(sample, "big5", "big5", 0xA4, 0xC6)
    if ours < _EVERYDAY_SHARE and theirs > max(ours + 0.2, _EVERYDAY_SHARE):
        return Guess("gb18030", False, rival="big5")
    if ours < 0 and not _utf8_mostly(sample):
        return Guess("gb18030", False)
    if ours < 0:
        return Guess("utf-8", False)
    return Guess("gb18030", ours >= _EVERYDAY_SHARE)


def _everyday(sample: bytes, encoding: str, level: str, first: int, last: int) -> float:
    """Share of the sample's Chinese characters on the first level of a standard, -1 when it does not decode."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(sample, final=len(sample) < SAMPLE_BYTES)
    except UnicodeDecodeError:
        return -1.0
    wide = [char for char in text[:20_000] if ord(char) > 0x7F]
    if not wide:
        return 0.0
    everyday = 0
    for char in wide:
        code = char.encode(level, "ignore")
        # Chinese punctuation and full-width signs stand below the first level in both standards.
        everyday += bool(code) and (0xA1 <= code[0] <= 0xA3 or first <= code[0] <= last)
    return everyday / len(wide)


def _utf8_mostly(sample: bytes) -> bool:
    """Whether broken bytes look like damaged UTF-8 rather than damaged GB18030: few replacements."""
    text = sample[:65_536].decode("utf-8", "replace")
    return text.count("\ufffd") * 20 < max(20, sum(ord(char) > 0x7F for char in text))


def guess_delimiter(lines: list[str]) -> tuple[str, bool]:
    """The sign that cuts the first lines into the same number (more than one) of cells most often."""
    best, best_score = ",", (0.0, 0)
    for sign in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=sign) if row)
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / sum(widths.values()), width)
        if width > 1 and score > best_score:
            best, best_score = sign, score
    return best, best_score[0] >= 0.8
