"""Readings of surnames against dictionaries, and the two lists of 复姓 against each other."""

from __future__ import annotations

import unicodedata

import pytest
from pypinyin.constants import PINYIN_DICT

from kexin.regime.semantic.surnames import compound
from kexin.vault.search.surnames import COMPOUND, READINGS, SEARCHED_ONLY, UNATTESTED, surnames_of

pytestmark = pytest.mark.no_db

#: The surname list of overtrue/pinyin (data/surnames.php, read 2026-11-23), for the characters that ours has too.
ELSEWHERE = {
    "万俟": "mo qi", "尉迟": "yu chi", "单于": "chan yu", "重": "chong", "秘": "bi", "冼": "xian", "华": "hua", "过": "guo",
    "纪": "ji", "燕": "yan", "种": "chong", "繁": "po", "幺": "yao", "覃": "qin", "冯": "feng", "石": "shi", "缪": "miao",
    "曾": "zeng", "解": "xie", "折": "she", "那": "na", "佴": "nai", "翟": "zhai", "都": "du", "薄": "bo", "贾": "jia",
    "哈": "ha", "盖": "ge", "查": "zha", "柏": "bai", "朴": "piao", "牟": "mou", "殷": "yin", "陆": "lu", "乜": "nie",
    "乐": "yue", "阚": "kan", "万": "wan", "车": "che", "沈": "shen", "区": "ou", "仇": "qiu", "单": "shan", "卜": "bu",
    "余": "yu", "俞": "yu",
}  # fmt: skip


def _plain(reading: str) -> str:
    text = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(char for char in text if "a" <= char <= "z")


def _dictionary(char: str) -> set[str]:
    known = {_plain(reading) for reading in PINYIN_DICT.get(ord(char), "").split(",")}
    return known | {reading.replace("v", "u") for reading in known}


def test_every_reading_is_known_to_a_dictionary_or_named_as_usage() -> None:
    unknown = {(char, one) for char, spoken in READINGS.items() for one in spoken if one not in _dictionary(char)}
    for name, syllables in COMPOUND.items():
        for char, spoken in zip(name, syllables, strict=True):
            unknown |= {(char, one) for one in spoken.split("/") if one not in _dictionary(char)}
    assert unknown == UNATTESTED


def test_no_reading_contradicts_the_other_list() -> None:
    for name, spoken in ELSEWHERE.items():
        if len(name) == 2:
            assert " ".join(COMPOUND[name]) == spoken
        else:
            assert spoken in READINGS[name], name


def test_both_floors_know_the_same_compound_surnames() -> None:
    """The masks of the regime and the search of the vault must agree on where a surname ends."""
    assert set(COMPOUND) == compound() | SEARCHED_ONLY
    assert not compound() & SEARCHED_ONLY
    assert all(surnames_of(name + "明") == (name, name[0]) for name in COMPOUND)
