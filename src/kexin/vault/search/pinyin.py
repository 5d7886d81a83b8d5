"""Readings of Chinese names: syllables with every common reading of a polyphone, and what a typed pinyin term may mean."""

from __future__ import annotations

import functools
import unicodedata

from kexin.vault.search.surnames import COMPOUND, READINGS

#: Readings kept per character; the dictionary's rarer ones only add noise.
_READINGS_PER_CHAR = 3
#: Ways to cut a typed term into syllables that are tried, and syllables in one.
_CUTS = 12
_TERM_LETTERS = 48
#: Longest run of letters that is also tried as initials alone.
_SPELLED = 6

_INITIALS = ("zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c", "s")


@functools.cache
def _dictionary() -> dict[int, str]:
    """Code point -> comma-separated readings with tone marks. Loaded on first use: the import costs 0.15 s."""
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT


def _plain(reading: str) -> str:
    """lǜ -> lv (as people type it), zhōng -> zhong."""
    text = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(char for char in text if "a" <= char <= "z")


@functools.lru_cache(maxsize=65_536)
def readings(char: str) -> tuple[str, ...]:
    """The common readings of one character without tones, most usual first; () for what is no Chinese character.
    Syllables with ü are given as v and as u (吕: lv, lu), because people type both."""
    raw = _dictionary().get(ord(char), "")
    found: dict[str, None] = {}
    for reading in raw.split(","):
        if plain := _plain(reading):
            found.setdefault(plain)
        if len(found) == _READINGS_PER_CHAR:
            break
    for plain in tuple(found):
        if "v" in plain:
            found.setdefault(plain.replace("v", "u"))
    return tuple(found)


def syllables(name: str, *, person: bool) -> tuple[tuple[str, ...], ...]:
    """Per character its possible syllables. A person's surname is read as a surname; a Latin letter stands for itself."""
    head: tuple[tuple[str, ...], ...] = ()
    if person and name[:2] in COMPOUND and len(name) > 2:
        head = tuple(tuple(spoken.split("/")) for spoken in COMPOUND[name[:2]])
    elif person and name[:1] in READINGS and len(name) > 1:
        head = (READINGS[name[0]],)
    rest = (readings(char) or ((char,) if char.isascii() else ()) for char in name[len(head) :])
    return head + tuple(rest)


@functools.cache
def _known() -> frozenset[str]:
    """Every syllable of the dictionary's common readings."""
    known: set[str] = set()
    for raw in _dictionary().values():
        known.update(_plain(reading) for reading in raw.split(",")[:_READINGS_PER_CHAR])
    known.update(syllable.replace("v", "u") for syllable in tuple(known) if "v" in syllable)
    known.discard("")
    #: Interjections without a vowel (嗯 n, 呣 m) would turn every initial into a syllable.
    return frozenset(syllable for syllable in known if any(vowel in syllable for vowel in "aeiouv"))


def cuts(term: str) -> tuple[tuple[str, ...], ...]:
    """The ways to read letters as syllables and initials: "chenyutong" -> chen yu tong; "cyt" -> c y t;
    "chenyt" -> chen y t. Fewest parts first, at most a dozen. Spaces and apostrophes have been honoured by the caller
    (one call per part). A part of one letter, or zh, ch, sh, is an initial; the last part may be an unfinished syllable.
    """
    letters = term[:_TERM_LETTERS]
    known = _known()
    #: best[i]: cuts of letters[:i], pruned to the shortest ones so that hostile terms stay cheap.
    best: list[list[tuple[str, ...]]] = [[()], *([] for _ in letters)]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - 6), end):
            piece = letters[start:end]
            last = end == len(letters)
            if piece in known or piece in _INITIALS or len(piece) == 1 or (last and _begins(piece)):
                best[end].extend(cut + (piece,) for cut in best[start])
        best[end] = sorted(set(best[end]), key=lambda cut: (len(cut), cut))[:_CUTS]
    spoken = [cut for cut in best[-1] if all(piece in known for piece in cut[:-1]) and _begins(cut[-1])]
    spelled = [tuple(letters)] if 2 <= len(letters) <= _SPELLED else []
    # Where the letters can be read as syllables throughout, mixtures (c hen yu tong) are noise; initials are not.
    return tuple(dict.fromkeys(spoken + spelled)) if spoken else tuple(best[-1])


@functools.lru_cache(maxsize=4096)
def _begins(piece: str) -> bool:
    """Whether some syllable begins with these letters (somebody is still typing)."""
    return any(syllable.startswith(piece) for syllable in _known())


def whole(piece: str) -> bool:
    """Whether a piece of a cut is a complete syllable."""
    return piece in _known()


def matches(name: tuple[tuple[str, ...], ...], cut: tuple[str, ...]) -> bool:
    """Whether a cut reads a run of the name's characters: each piece is a reading of its character or begins one."""
    width = len(cut)
    for start in range(len(name) - width + 1):
        if all(
            any(reading.startswith(piece) for reading in options)
            for piece, options in zip(cut, name[start : start + width], strict=True)
        ):
            return True
    return False
