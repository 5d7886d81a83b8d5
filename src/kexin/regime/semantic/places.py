"""Places: cities in their one official spelling, and addresses."""

from __future__ import annotations

import difflib
import re
from functools import cache
from importlib import resources

from kexin.regime.semantic import text
from kexin.regime.semantic.errors import Invalid

_SUFFIX = re.compile("(?:特别行政区|自治区|自治州|省|市|地区|盟|林区)$")
_PEOPLES = re.compile(
    "(?:壮族|回族|维吾尔|藏族|羌族|彝族|苗族|侗族|布依族|土家族|朝鲜族|哈尼族|白族|傣族|景颇族|傈僳族|蒙古族?|哈萨克|柯尔克孜)+$"
)
ADDRESS_MAX = 200


@cache
def divisions() -> dict[str, str]:
    """City -> province, both in full official names, in the order of their codes."""
    rows = resources.files("kexin.regime.data").joinpath("divisions.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, str] = {}
    for row in rows:
        if row and not row.startswith("#"):
            _, province, *cities = row.split()
            found.update({city[2:]: province for city in cities})
    return found


def short(name: str) -> str:
    """杭州市 -> 杭州, 延边朝鲜族自治州 -> 延边, 浙江省 -> 浙江; a name of two characters stays."""
    stem = _SUFFIX.sub("", name)
    if name.endswith(("自治州", "自治区")) and stem != "内蒙古":
        stem = _PEOPLES.sub("", stem)
    return stem if len(stem) >= 2 else name


@cache
def _spellings() -> dict[str, str]:
    """Every accepted spelling -> official name of the city."""
    table: dict[str, str] = {}
    for city, province in divisions().items():
        for name in {city, short(city)}:
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
        if (found := _spellings().get(name[:length])) and name[length - 1] in "市州盟区" and len(name) <= 40:
            return found
    if near := _nearest(name[:20]):
        raise Invalid("division_like", like=_spellings()[near])
    raise Invalid("division")


def _nearest(name: str) -> str:
    """The spelling most like a wrong one: first those that begin alike, then any that is at least half the same."""
    names = [spelled for city in divisions() for spelled in (short(city), city)]
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
