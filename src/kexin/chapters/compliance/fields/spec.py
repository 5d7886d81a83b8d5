"""What a field and a kind of entry are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an entry. ``key`` as the file has it; ``kind`` decides how it is shown and read:

    line, words (long text), text2 and words2 (Chinese and English), number, flag, choice, codes (any of a list), scope
    (all, or only some), list (words parted by commas), duration, day, clock, choices (code = Chinese | English), needs
    (purposes of an attribute with their retention), when (a condition), duties (what must happen with a yes).

    ``options``: closed codes with their words, or the name of a part of the rulebook whose codes may be chosen.
    ``default``: what an absent key means. ``required``: an empty one is written as empty, so that the parser names it.
    ``help`` in short own words; ``article`` the law behind it.
    """

    key: str
    kind: str
    label: Promise
    help: Promise | str = ""
    article: Promise | str = ""
    options: Mapping[str, Promise] | str = field(default_factory=dict)
    default: object = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One kind of entry. ``single``: the section is one entry itself; ``scalar``: its entries are a plain value which the
    form knows under this key; ``grows``: entries can be added and removed."""

    key: str
    title: Promise
    help: Promise
    fields: tuple[Field, ...]
    single: bool = False
    scalar: str = ""
    grows: bool = True
    code_help: Promise | str = ""
