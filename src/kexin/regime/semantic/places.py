"""Places: cities in their one official spelling, and addresses."""

from __future__ import annotations

import difflib
import re
from functools import cache
from importlib import resources

from kexin.regime.semantic import text
from kexin.regime.semantic.errors import Invalid

_SUFFIX = re.compile("(?:特别行政区|自治区|自治州|自治县|省|市|地区|盟|林区|县)$")
_CITY = re.compile("([0-9]{2}(?:[0-9]{2})?)([^0-9]+)")
_PEOPLES = re.compile(
    "(?:壮族|回族|维吾尔|藏族|羌族|彝族|苗族|侗族|布依族|土家族|黎族|朝鲜族|哈尼族|白族|傣族|景颇族|傈僳族|蒙古族?|哈萨克|柯尔克孜)+$"
)
ADDRESS_MAX = 200


@cache
def divisions() -> dict[str, str]:
    """City -> province, both in full official names, in the order of their codes (`codes` says where they are from)."""
    provinces, cities = _table()
    return {name: provinces[code[:2]] for code, name in cities.items()}


@cache
def codes() -> dict[str, str]:
    """Six-digit code -> official name, of 地级 divisions and of counties that a province holds directly.

    Compared name by name and code by code with the 2022 edition of 统计用区划代码 (国家统计局, as of 2022-10-31, through
    modood/Administrative-divisions-of-China) and with the table of python-stdnum 2.2, both on 2026-11-23. [M] Changes
    after 2022, and everything under 台湾省, are not verified: the codes there only order the names.
    """
    return {code.ljust(6, "0"): name for code, name in _table()[1].items()}


@cache
def _table() -> tuple[dict[str, str], dict[str, str]]:
    """Two-digit code -> province, and four- or six-digit code -> city, of `data/divisions.txt`."""
    rows = resources.files("kexin.regime.data").joinpath("divisions.txt").read_text(encoding="utf-8").splitlines()
    provinces, cities = {}, {}
    for row in rows:
        if row and not row.startswith("#"):
            head, province, *listed = row.split()
            provinces[head] = province
            for one in listed:
                match = _CITY.fullmatch(one)
                assert match is not None, one  # a mistake in the file that ships with the product
                cities[head + match[1]] = match[2]
    return provinces, cities


def short(name: str) -> str:
    """杭州市 -> 杭州, 延边朝鲜族自治州 -> 延边, 白沙黎族自治县 -> 白沙, 浙江省 -> 浙江; a name of two characters stays."""
    stem = _SUFFIX.sub("", name)
    if name.endswith(("自治州", "自治区", "自治县")) and stem != "内蒙古":
        stem = _PEOPLES.sub("", stem)
    return stem if len(stem) >= 2 else name


@cache
def _spellings() -> dict[str, str]:
    """Every accepted spelling -> official name of the city. 海南 alone is the province, never 青海's 海南藏族自治州."""
    table: dict[str, str] = {}
    provinces = {short(province): province for province in divisions().values()}
    for city, province in divisions().items():
        for name in {city, short(city)}:
            if provinces.get(name, province) == province:
                table.setdefault(name, city)
            for head in {province, short(province)}:
                table.setdefault(head + name, city)
    return table


def division(value: str) -> str:
    """The official name of the city: 杭州, 浙江杭州, 浙江省杭州市余杭区 -> 杭州市. A near miss names the likely one."""
    name = value if value in _spellings() else text.code(value).replace(" ", "")
    if found := _spellings().get(name):
        return found
    for length in range(min(len(name) - 1, 18), 2, -1):
        if (found := _spellings().get(name[:length])) and name[length - 1] in "市州盟区县" and len(name) <= 40:
            return found
    if near := _nearest(name[:20]):
        raise Invalid("division_like", like=_spellings()[near])
    raise Invalid("division")


def _nearest(name: str) -> str:
    """The spelling most like a wrong one: first those that begin alike, then any that is at least half the same."""
    names = [spelled for city in divisions() for spelled in (short(city), city) if spelled in _spellings()]
    for candidates, cutoff in (([word for word in names if word[:1] == name[:1]], 0.5), (names, 0.6)):
        if near := difflib.get_close_matches(name, candidates, n=1, cutoff=cutoff):
            return near[0]
    return ""


def address(value: str) -> str:
    """A postal address of at least five characters; blanks between Chinese characters are taken out."""
    if len(value) > ADDRESS_MAX:
        raise Invalid("too_long", limit=ADDRESS_MAX)
    found = text.digits(text.line(value, limit=ADDRESS_MAX))
    found = re.sub("(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff0-9])", "", found)
    if len(found) < 5:
        raise Invalid("address")
    return found
