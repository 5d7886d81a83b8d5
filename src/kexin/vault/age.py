"""How old somebody is, and on which days that changes: pure, with the day as an argument.

The days are never stored in the clear: they become tokens of the index ``<attribute>:age``, so that the nightly run
finds who turns 14 or 18 today by asking for today's token, without opening a single birthday.
"""

from __future__ import annotations

from datetime import date

ADULT_YEARS, YOUTH_YEARS = 18, 14
#: Semantic types that say when somebody was born.
BIRTH_TYPES = frozenset({"birthday", "cn_id"})
#: From the most protected on; ``unknown`` stands outside.
ORDER = ("under14", "minor", "adult")


def born(type_: str, value: str) -> date | None:
    """The day of birth in a normalised birthday or ID number; None where there is none."""
    text = f"{value[6:10]}-{value[10:12]}-{value[12:14]}" if type_ == "cn_id" and len(value) == 18 else value
    if type_ not in BIRTH_TYPES:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def status(birth: date, today: date) -> str:
    """adult, minor or under14 on that day; unknown for a birthday that is still to come."""
    years = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    if years < 0:
        return "unknown"
    if years < YOUTH_YEARS:
        return "under14"
    return "minor" if years < ADULT_YEARS else "adult"


def turning(birth: date, years: int) -> date:
    """The first day on which somebody is that old; who was born on 29 February is so on 1 March of a common year."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 3, 1)


def turns(birth: date, today: date) -> tuple[str, ...]:
    """What is still ahead, as the words that tokens are made of: ``14|2027-05-20`` and ``18|2031-05-20``."""
    if birth.year + ADULT_YEARS < today.year:
        return ()
    ahead = ((years, turning(birth, years)) for years in (YOUTH_YEARS, ADULT_YEARS))
    return tuple(word(years, day) for years, day in ahead if day >= today)


def word(years: int, day: date) -> str:
    """One turn as a word."""
    return f"{years}|{day.isoformat()}"


def older(before: str, after: str) -> bool:
    """Whether the second status is a later one of the same life."""
    return before in ORDER and after in ORDER and ORDER.index(after) > ORDER.index(before)
