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

from kexin.foundation import clock
from kexin.foundation.canonical import length_prefixed
from kexin.foundation.crypto import Mac
from kexin.regime.types import AttributeDef
from kexin.vault.age import born, turns
from kexin.vault.sealing import SUITE_SIV, SUITE_SM4
from kexin.vault.search import pinyin
from kexin.vault.search.indexes import AGE, EXACT, MONTHDAY, NGRAM, PERSON_TYPES, SURNAME4, IndexDef, indexes_of
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
    suite: int = SUITE_SIV

    def mac(self) -> Mac:
        """The keyed hash of this generation: over SM3 when it was made under suite 2."""
        return Mac(self.key, chinese=self.suite == SUITE_SM4)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Rows for the token tables: (index, gen, 16 bytes) and (index, gen, sorted ints)."""

    exact: tuple[tuple[str, int, bytes], ...]
    grams: tuple[tuple[str, int, tuple[int, ...]], ...]


class GramHasher:
    """24-bit and 32-bit tokens under one index key, with the tokens of common grams remembered."""

    __slots__ = ("_caches", "_mac", "_pairs", "_prefix", "_whole")

    def __init__(self, mac: Mac, *, installation: bytes) -> None:
        self._mac = mac
        self._prefix = length_prefixed(b"gram/1", installation)
        self._whole = self._prefix + length_prefixed(_WHOLE)
        #: Domain -> gram -> token.
        self._caches: dict[bytes, dict[str, int]] = {_BIGRAM: {}, _SYLLABLES: {}, _INITIALS: {}}
        #: Readings of two neighbouring characters -> every token of the pair.
        self._pairs: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[int, ...]] = {}

    def token(self, domain: bytes, gram: str) -> int:
        """The token of one gram; equal grams of different domains (pair, syllables, initials) have different ones."""
        found = self._caches[domain].get(gram)
        return self._new(domain, gram) if found is None else found

    def _new(self, domain: bytes, gram: str) -> int:
        mac = self._mac.of(self._prefix + length_prefixed(domain, gram.encode()))
        token = int.from_bytes(mac[:3], "big")
        cache = self._caches[domain]
        if len(cache) >= _CACHED_GRAMS:
            cache.clear()
        cache[gram] = token
        return token

    def whole(self, text: str) -> int:
        """The 32-bit token of a whole value, as PostgreSQL's signed integer. Not cached: wholes are rare twice."""
        bare = text.encode()
        mac = self._mac.of(self._whole + len(bare).to_bytes(4, "big") + bare)
        return int.from_bytes(mac[:4], "big", signed=True)

    def of_name(self, text: str, *, person: bool) -> set[int]:
        """Pinyin tokens of one searchable name: pairs of neighbouring syllables, pairs of initials."""
        tokens: set[int] = set()
        for pair in itertools.pairwise(pinyin.syllables(text[:_SPOKEN_CHARS], person=person)):
            found = self._pairs.get(pair)
            tokens.update(self._pair(pair) if found is None else found)
        return tokens

    def _pair(self, pair: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple[int, ...]:
        tokens: set[int] = set()
        for first, second in itertools.product(*pair):
            tokens.add(self.token(_SYLLABLES, f"{first} {second}"))
            tokens.add(self.token(_INITIALS, first[0] + second[0]))
        if len(self._pairs) >= _CACHED_GRAMS:
            self._pairs.clear()
        self._pairs[pair] = made = tuple(tokens)
        return made

    def of_value(self, text: str, index: IndexDef) -> tuple[int, ...]:
        """Every token of one searchable value, sorted."""
        if len(text) < 2:
            return ()
        pairs = list(map(str.__add__, text, text[1:]))
        tokens: set[int] = set(map(self._caches[_BIGRAM].get, pairs))  # type: ignore[arg-type]  # None is looked for below
        if None in tokens:
            tokens = {self.token(_BIGRAM, pair) for pair in pairs}
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
        self._secrets: dict[str, list[IndexSecret]] = {}
        self._grams: dict[tuple[str, int], GramHasher] = {}
        #: Index -> (generation, keyed MAC, what stands before the value).
        self._exact: dict[str, list[tuple[int, Mac, bytes]]] = {}
        prefix = length_prefixed(b"exact/1", installation)
        for secret in secrets:
            head = prefix + length_prefixed(secret.index.encode())
            self._secrets.setdefault(secret.index, []).append(secret)
            self._grams[secret.index, secret.gen] = GramHasher(secret.mac(), installation=installation)
            self._exact.setdefault(secret.index, []).append((secret.gen, secret.mac(), head))

    def exact(self, index: IndexDef, value: str) -> list[tuple[str, int, bytes]]:
        """The token of a normalised value in every generation of the index: HMAC(index key, label | installation |
        normalised), 128 bits."""
        name, bare = index.name, value.encode()
        last = len(bare).to_bytes(4, "big") + bare
        return [(name, gen, mac.of(head + last)[:16]) for gen, mac, head in self._exact.get(name, ())]

    def grams(self, index: IndexDef) -> Sequence[tuple[int, GramHasher]]:
        """(generation, hasher) of an n-gram index."""
        return [(s.gen, self._grams[index.name, s.gen]) for s in self._secrets.get(index.name, ())]

    @staticmethod
    def _turns(index: IndexDef, value: str) -> tuple[str, ...]:
        birth = born(index.type, value)
        return turns(birth, clock.today_cn()) if birth else ()

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
                elif index.plan == AGE:
                    for turn in self._turns(index, value):
                        exact += self.exact(index, turn)
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
