"""What a person typed, recognised: a number, a tail with a surname, a part of a name, pinyin, or a value of its own kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from kexin.regime.semantic import Invalid, normalise_for
from kexin.regime.types import AttributeDef
from kexin.vault.search import pinyin
from kexin.vault.search.indexes import EXACT, NGRAM, SURNAME4, IndexDef, indexes_of
from kexin.vault.search.normal import digits, has_cjk, searchable
from kexin.vault.search.surnames import surnames_of
from kexin.vault.types_views import BadTerm

#: Longest term. Nobody types more; a longer one is a paste or an attack.
TERM_CHARS = 120

_NUMBER = re.compile(r"K-?(\d{1,15})", re.IGNORECASE | re.ASCII)
_TAIL = re.compile(r"\d{4}", re.ASCII)
_SURNAME_TAIL = re.compile(r"(\D{1,12}?)[-_ *]{0,8}(\d{4})", re.ASCII)
_SPOKEN = re.compile(r"[A-Za-z][A-Za-z' ]*")


class Form(StrEnum):
    """What a term can be."""

    NUMBER = "number"  # K-204817
    TAIL = "tail"  # a bare 5678: not searchable alone
    SINGLE = "single"  # one character or one syllable: only among one's own customers
    VALUES = "values"  # exact values, parts of names and addresses, surname and tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """A whole value to look up by its exact token."""

    index: IndexDef
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a name or address: characters (``text``), or ways to read it aloud (``cuts``)."""

    index: IndexDef
    text: str = ""
    cuts: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A recognised term. ``name`` must be part of the names found by surname and tail."""

    form: Form
    number: int = 0
    text: str = ""
    name: str = ""
    exact: tuple[Exact, ...] = ()
    parts: tuple[Part, ...] = field(default=())

    @property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute that answering this term looks into."""
        return tuple(dict.fromkeys(one.index.attribute for one in _both(self.exact, self.parts)))


def _both(exact: tuple[Exact, ...], parts: tuple[Part, ...]) -> list[Exact | Part]:
    return [*exact, *parts]


def clean(term: object) -> str:
    """A term as one line of text without invisible characters; raises BadTerm for what cannot be a term."""
    if not isinstance(term, str):
        raise BadTerm(_("查询词应当是一行文字"))
    if len(term) > TERM_CHARS:
        raise BadTerm(_("查询词太长，请只输入姓名、电话或编号"))
    if "\x00" in term or any(0xD800 <= ord(char) <= 0xDFFF for char in term):
        raise BadTerm(_("查询词里有无法识别的字符"))
    folded = unicodedata.normalize("NFKC", term)[: TERM_CHARS * 2]
    visible = "".join(
        " " if char.isspace() else char for char in folded if unicodedata.category(char)[0] != "C" or char.isspace()
    )
    text = " ".join(visible.split())
    if not searchable(text):
        raise BadTerm(_("请输入姓名、电话、拼音或客户编号"))
    return text


def recognise(term: object, attributes: Mapping[str, AttributeDef]) -> Term:
    """What a typed term is, against the indexes of the catalogue."""
    text = clean(term)
    if found := _NUMBER.fullmatch(text):
        return Term(form=Form.NUMBER, number=int(found[1]), text=text)
    if _TAIL.fullmatch(text):
        return Term(form=Form.TAIL, text=text)
    indexes = [index for attribute in attributes.values() for index in indexes_of(attribute)]
    if (found := _SURNAME_TAIL.fullmatch(text)) and (name := searchable(found[1])) and has_cjk(name):
        return _surname_tail(name, found[2], text, indexes)
    bare = searchable(text)
    if len(bare) < 2:
        return Term(form=Form.SINGLE, text=bare)
    exact = tuple(one for index in indexes if index.plan == EXACT for one in _exact(index, text, attributes))
    if has_cjk(bare):
        parts = tuple(Part(index=index, text=bare) for index in indexes if index.plan == NGRAM)
        return Term(form=Form.VALUES, text=bare, exact=exact, parts=parts)
    if _SPOKEN.fullmatch(text):
        return _spoken(text, bare, exact, indexes)
    parts = tuple(Part(index=index, text=bare) for index in indexes if index.plan == NGRAM and digits(bare) != bare)
    return Term(form=Form.VALUES, text=bare, exact=exact, parts=parts)


def _surname_tail(name: str, tail: str, text: str, indexes: list[IndexDef]) -> Term:
    """陈 5678, 陈雨桐5678: the compound token of surname and tail; an address may also look like that (中山路1234)."""
    surnames = surnames_of(name)
    exact = tuple(
        Exact(index=index, value=f"{surname}|{tail}")
        for index in indexes
        if index.plan == SURNAME4
        for surname in surnames
    )
    bare = searchable(text)
    parts = tuple(Part(index=index, text=bare) for index in indexes if index.plan == NGRAM and not index.person)
    return Term(form=Form.VALUES, text=bare, name=name, exact=exact, parts=parts)


def _exact(index: IndexDef, text: str, attributes: Mapping[str, AttributeDef]) -> tuple[Exact, ...]:
    """The term as a whole value of this attribute, if it can be one."""
    try:
        return (Exact(index=index, value=normalise_for(attributes[index.attribute], text)),)
    except Invalid:
        return ()


def _spoken(text: str, bare: str, exact: tuple[Exact, ...], indexes: list[IndexDef]) -> Term:
    """Latin letters: pinyin of a name (a single syllable is a single character), or a Latin name."""
    pieces = [searchable(piece) for piece in re.split(r"[' ]+", text) if searchable(piece)]
    cuts = ((),) if len(pieces) > 1 else pinyin.cuts(bare)
    if len(pieces) > 1:
        for piece in pieces[:12]:
            cuts = tuple(before + cut for before in cuts for cut in pinyin.cuts(piece)[:4])[:24]
    long_enough = tuple(cut for cut in cuts if len(cut) >= 2)
    parts = tuple(
        Part(index=index, cuts=long_enough) for index in indexes if index.plan == NGRAM and index.pinyin and long_enough
    )
    latin = tuple(Part(index=index, text=bare) for index in indexes if index.plan == NGRAM)
    return Term(form=Form.VALUES, text=bare, exact=exact, parts=parts + latin)
