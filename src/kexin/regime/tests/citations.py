"""Which articles of law somebody read: what rulebooks and screens may cite."""

from __future__ import annotations

import re
from functools import cache

from kexin.regime.rulebook.obligations import obligations

#: Names as they are written -> keys of the sources of duties.
SOURCES = {
    "个人信息保护法": "pipl", "民法典": "civ", "电子商务法": "ecl", "税收征收管理法实施细则": "tax", "发票管理办法": "inv",
    "网络安全法": "csl", "数据安全法": "dsl", "商用密码管理条例": "cry", "网络数据安全管理条例": "ndr", "广告法": "adv", "消费者权益保护法": "con", "未成年人网络保护条例": "min",
    "PIPL": "pipl", "NDR": "ndr", "GB/T 35273-2020": "gb35273",
}  # fmt: skip
#: Read, and in no row of the table of duties: 民法典 188 (limitation; law.md §1.1, PIPL-69), 个人信息保护法 4 (what personal
#: information is; LawRefBook/Laws, read 2026-11-28).
FURTHER = {("civ", "188"), ("pipl", "4")}

_LAW = re.compile("|".join(sorted(SOURCES, key=len, reverse=True)))
_NUMBER = re.compile("第([一二三四五六七八九十百千零]+)条")
_LATIN = re.compile(r"(PIPL|NDR|GB/T 35273-2020) ((?:[0-9.]+(?:, )?)+)")


def arabic(number: str) -> int:
    """一百八十八 -> 188."""
    total, part = 0, 0
    units = {"十": 10, "百": 100, "千": 1000}
    for char in number:
        if char in units:
            total, part = total + (part or 1) * units[char], 0
        elif char != "零":
            part = "一二三四五六七八九".index(char) + 1
    return total + part


@cache
def verified() -> frozenset[tuple[str, str]]:
    """(source, article) of every duty that is in force and was not written from memory."""
    found = set(FURTHER)
    for row in obligations():
        if row.mark == "M" or row.source.effective_from is None:
            continue
        for part in re.sub(r"\(.*?\)", "", row.article).split(","):
            first, _, last = part.strip().partition("–")
            if first.isdigit():
                found |= {(row.source.key, str(number)) for number in range(int(first), int(last or first) + 1)}
            elif first:
                found.add((row.source.key, first.split()[0]))
    return frozenset(found)


def cited(text: str) -> list[tuple[str, str]]:
    """(source, article) that a text names; ("?", piece) for a number whose law is not said."""
    found = []
    for piece in text.split("；"):
        numbers = [arabic(number) for number in _NUMBER.findall(piece)]
        if numbers and "至" in piece:
            numbers = list(range(numbers[0], numbers[-1] + 1))
        law = _LAW.search(piece)
        found += [(SOURCES[law[0]] if law else "?", str(number) if law else piece) for number in numbers]
    found += [
        (SOURCES[law], number.strip())
        for law, listed in _LATIN.findall(text)
        for number in listed.split(",")
        if number.strip()
    ]
    return found


def unverified(text: str) -> list[tuple[str, str]]:
    """What a text cites that nobody read."""
    return [one for one in cited(text) if one not in verified()]
