"""Which indexes an attribute of the catalogue has: `search: [exact, ngram, surname_suffix4, monthday]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kexin.regime.types import AttributeDef
from kexin.vault.age import BIRTH_TYPES

EXACT, NGRAM, SURNAME4, MONTHDAY = "exact", "ngram", "surname_suffix4", "monthday"
#: Not a search: the days on which somebody turns 14 and 18. Every attribute that tells a birthday has it.
AGE = "age"

#: How an index is named in keys and rows: attribute, colon, one word.
_SUFFIX = {EXACT: "exact", NGRAM: "gram", SURNAME4: "surname4", MONTHDAY: "monthday", AGE: "age"}

#: Semantic types of names of people and of organisations; names are also found by pinyin.
PERSON_TYPES = frozenset({"person_name"})
ORG_TYPES = frozenset({"org_name", "organisation_name", "company_name"})


@dataclass(frozen=True, slots=True)
class IndexDef:
    """One index of one attribute. ``name`` is also the name of its key in the keyring (at most 48 characters)."""

    name: str
    attribute: str
    plan: str
    type: str

    @property
    def person(self) -> bool:
        """Whether its values are names of people."""
        return self.type in PERSON_TYPES

    @property
    def organisation(self) -> bool:
        """Whether its values are names of organisations."""
        return self.type in ORG_TYPES

    @property
    def pinyin(self) -> bool:
        """Whether its values are found by pinyin too."""
        return self.person or self.organisation


def index_name(attribute: str, plan: str) -> str:
    """mobile, exact -> "mobile:exact"."""
    return f"{attribute}:{_SUFFIX[plan]}"


@lru_cache(maxsize=1024)
def _of(key: str, type_: str, search: tuple[str, ...]) -> tuple[IndexDef, ...]:
    return tuple(IndexDef(index_name(key, plan), key, plan, type_) for plan in search if plan in _SUFFIX)


def indexes_of(attribute: AttributeDef) -> tuple[IndexDef, ...]:
    """The indexes of one attribute. A facet needs none: its column is open."""
    if attribute.storage == "facet":
        return ()
    ages = (AGE,) if attribute.type in BIRTH_TYPES else ()
    return _of(attribute.key, attribute.type, (*attribute.search, *ages))


def all_indexes(attributes: Mapping[str, AttributeDef] | Iterable[AttributeDef]) -> tuple[IndexDef, ...]:
    """Every index of a catalogue: each needs a key in the keyring before the first person is admitted."""
    found = attributes.values() if isinstance(attributes, Mapping) else attributes
    return tuple(index for attribute in found for index in indexes_of(attribute))
