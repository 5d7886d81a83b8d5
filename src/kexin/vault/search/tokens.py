"""Keyed tokens of values and of terms. Whoever has the tables but not the index keys sees numbers; how much their
frequencies still tell is printed by `kexin vault plan`.

Exact tokens keep 128 bits and need no verification. Grams keep 24 bits (32 for a whole value), so that strangers
share them; what they find is verified after opening. There are no tokens of single characters or single syllables: a
surname index labels 88 % of its rows to somebody who knows how surnames are spread (privacy.md M9).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kexin.foundation.canonical import length_prefixed
from kexin.foundation.crypto import hmac_sha256
from kexin.regime.types import AttributeDef
from kexin.vault.search import pinyin
from kexin.vault.search.indexes import EXACT, MONTHDAY, NGRAM, PERSON_TYPES, SURNAME4, IndexDef, indexes_of
from kexin.vault.search.normal import bigrams, core, digits, has_cjk, searchable
from kexin.vault.search.surnames import surnames_of

#: Grams cached per index, generation and process. The most usual pairs of names and addresses are far fewer.
_CACHED_GRAMS = 200_000
#: Characters of a name that are also indexed by sound; nobody types the pinyin of the rest.
_SPOKEN_CHARS = 24

_BIGRAM, _WHOLE, _SYLLABLES, _INITIALS = b"b", b"w", b"s", b"i"


@dataclass(frozen=True, slots=True)
class IndexSecret:
    """The key of one index in one generation, in memory only."""

    index: str
    gen: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Tokens:
    """Rows for the token tables: (index, gen, 16 bytes) and (index, gen, sorted ints)."""

    exact: tuple[tuple[str, int, bytes], ...]
    grams: tuple[tuple[str, int, tuple[int, ...]], ...]


class GramHasher:
    """24-bit and 32-bit tokens under one index key, with the tokens of common grams remembered."""

    __slots__ = ("_cache", "_key", "_prefix")

    def __init__(self, key: bytes, *, installation: bytes) -> None:
        self._key = key
        self._prefix = length_prefixed(b"gram/1", installation)
        self._cache: dict[tuple[bytes, str], int] = {}

    def token(self, domain: bytes, gram: str) -> int:
        """The token of one gram; equal grams of different domains (pair, syllables, initials) have different ones."""
        found = self._cache.get((domain, gram))
        if found is None:
            mac = hmac_sha256(self._key, self._prefix + length_prefixed(domain, gram.encode()))
            found = int.from_bytes(mac[:3], "big")
            if len(self._cache) >= _CACHED_GRAMS:
                self._cache.clear()
            self._cache[domain, gram] = found
        return found

    def whole(self, text: str) -> int:
        """The 32-bit token of a whole value, as PostgreSQL's signed integer. Not cached: wholes are rare twice."""
        mac = hmac_sha256(self._key, self._prefix + length_prefixed(_WHOLE, text.encode()))
        return int.from_bytes(mac[:4], "big", signed=True)

    def of_name(self, text: str, *, person: bool) -> set[int]:
        """Pinyin tokens of one searchable name: pairs of neighbouring syllables, pairs of initials."""
        tokens: set[int] = set()
        spoken = pinyin.syllables(text[:_SPOKEN_CHARS], person=person)
        for left, right in itertools.pairwise(spoken):
            for first in left:
                for second in right:
                    tokens.add(self.token(_SYLLABLES, f"{first} {second}"))
                    tokens.add(self.token(_INITIALS, first[0] + second[0]))
        return tokens

    def of_value(self, text: str, index: IndexDef) -> tuple[int, ...]:
        """Every token of one searchable value, sorted."""
        if len(text) < 2:
            return ()
        tokens = {self.token(_BIGRAM, gram) for gram in bigrams(text)}
        tokens.add(self.whole(text))
        if index.organisation and (shorter := core(text)) != text:
            tokens.add(self.whole(shorter))
        if index.pinyin and has_cjk(text):
            tokens |= self.of_name(text, person=index.person)
        return tuple(sorted(tokens))

    def of_part(self, text: str, *, organisation: bool = False) -> tuple[int, ...]:
        """Tokens that a value holding this part must have: its pairs (without a legal ending, which all firms share)."""
        part = core(text) if organisation else text
        return tuple(sorted(self.token(_BIGRAM, gram) for gram in bigrams(part)))

    def of_cut(self, cut: tuple[str, ...]) -> tuple[int, ...]:
        """Tokens that a name read by this cut must have: pairs of initials, and of whole syllables where both are
        whole. The last piece may be unfinished, so only its initial is asked for."""
        tokens = set()
        for place, (left, right) in enumerate(itertools.pairwise(cut)):
            tokens.add(self.token(_INITIALS, left[0] + right[0]))
            unfinished = place + 2 == len(cut)
            if not unfinished and pinyin.whole(left) and pinyin.whole(right):
                tokens.add(self.token(_SYLLABLES, f"{left} {right}"))
        return tuple(sorted(tokens))


class Tokeniser:
    """Makes tokens of values under the keys that it was given: for writing every generation that is written (active
    and building), for reading the active one. One per process and set of generations, so that grams stay cached."""

    def __init__(self, secrets: Iterable[IndexSecret], *, installation: bytes) -> None:
        self._installation = installation
        self._prefix = length_prefixed(b"exact/1", installation)
        self._secrets: dict[str, list[IndexSecret]] = {}
        self._grams: dict[tuple[str, int], GramHasher] = {}
        for secret in secrets:
            self._secrets.setdefault(secret.index, []).append(secret)
            self._grams[secret.index, secret.gen] = GramHasher(secret.key, installation=installation)

    def _exact(self, secret: IndexSecret, label: str, value: str) -> bytes:
        """HMAC(index key, label | installation | normalised), 128 bits."""
        return hmac_sha256(secret.key, self._prefix + length_prefixed(label.encode(), value.encode()))[:16]

    def exact(self, index: IndexDef, value: str) -> list[tuple[str, int, bytes]]:
        """The token of a normalised value in every generation of the index."""
        return [(index.name, s.gen, self._exact(s, index.name, value)) for s in self._secrets.get(index.name, ())]

    def grams(self, index: IndexDef) -> Sequence[tuple[int, GramHasher]]:
        """(generation, hasher) of an n-gram index."""
        return [(s.gen, self._grams[index.name, s.gen]) for s in self._secrets.get(index.name, ())]

    def tokens_for(self, values: Mapping[str, str], attributes: Mapping[str, AttributeDef]) -> Tokens:
        """Every token of one person's normalised values (attribute key -> value)."""
        exact: list[tuple[str, int, bytes]] = []
        grams: list[tuple[str, int, tuple[int, ...]]] = []
        surnames: tuple[str, ...] | None = None
        for key, value in values.items():
            for index in indexes_of(attributes[key]):
                if index.plan == EXACT:
                    exact += self.exact(index, value)
                elif index.plan == NGRAM:
                    text = searchable(value)
                    found = ((gen, hasher.of_value(text, index)) for gen, hasher in self.grams(index))
                    grams += [(index.name, gen, tokens) for gen, tokens in found if tokens]
                elif index.plan == MONTHDAY:
                    if day := month_day(value):
                        exact += self.exact(index, day)
                elif index.plan == SURNAME4:
                    surnames = _surnames(values, attributes) if surnames is None else surnames
                    for compound in compounds(surnames, value):
                        exact += self.exact(index, compound)
        return Tokens(tuple(dict.fromkeys(exact)), tuple(grams))


def _surnames(values: Mapping[str, str], attributes: Mapping[str, AttributeDef]) -> tuple[str, ...]:
    """The surnames in a record: those of its values that are names of people."""
    names = (searchable(value) for key, value in values.items() if attributes[key].type in PERSON_TYPES)
    return tuple(dict.fromkeys(surname for name in names for surname in surnames_of(name)))


def compounds(surnames: Iterable[str], phone: str) -> list[str]:
    """陈, 13812345678 -> ["陈|5678"]: neither half is searchable alone."""
    tail = digits(phone)[-4:]
    return [f"{surname}|{tail}" for surname in surnames] if len(tail) == 4 else []


def month_day(birthday: str) -> str:
    """1990-05-06 -> "05-06"; "" for what is no day."""
    parts = birthday.split("-")
    month_and_day = "-".join(parts[-2:])
    return month_and_day if len(parts) >= 3 and len(month_and_day) == 5 and digits(month_and_day).isdigit() else ""


def tokens_for(values: Mapping[str, str], attributes: Mapping[str, AttributeDef], *, tokeniser: Tokeniser) -> Tokens:
    """Every token of one person's normalised values, under the tokeniser's keys and generations."""
    return tokeniser.tokens_for(values, attributes)
