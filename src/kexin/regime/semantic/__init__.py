"""Semantic types: normaliser, validator, masks and index plan of each kind of value, by key. Entry points may add more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata

from kexin.regime.semantic.builtin import BUILTIN
from kexin.regime.semantic.errors import Invalid
from kexin.regime.semantic.types import SemanticType
from kexin.regime.types import AttributeDef

GROUP = "kexin.semantic_types"

__all__ = [
    "GROUP",
    "Invalid",
    "SemanticType",
    "mask_for",
    "masker_for",
    "normalise_for",
    "normaliser_for",
    "registry",
    "semantic_type",
]


@cache
def registry() -> Mapping[str, SemanticType]:
    """All semantic types by key. The built-in ones are always there; an entry point may add a key, never replace one."""
    types = {entry.key: entry for entry in BUILTIN}
    for point in metadata.entry_points(group=GROUP):
        loaded = point.load()
        for entry in loaded if isinstance(loaded, tuple) else (loaded,):
            types.setdefault(entry.key, entry)
    return types


def semantic_type(key: str) -> SemanticType:
    """The type of that key; KeyError names an unknown one."""
    return registry()[key]


@cache
def _choices(attribute: str, spelled: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, str]:
    """Every accepted spelling of a choice -> its code; codes themselves and both labels count."""
    return {word.casefold(): code for code, words in spelled for word in (code, *words)}


def normaliser_for(attribute: AttributeDef) -> Callable[[str], str]:
    """What `normalise_for` does for this attribute, made ready once for many values."""
    normalise = semantic_type(attribute.type).normalise
    if attribute.type != "choice":
        return normalise
    choices = _choices(attribute.key, tuple((code, tuple(words.values())) for code, words in attribute.choices.items()))

    def chosen(value: str) -> str:
        code = choices.get(normalise(value).casefold())
        if code is None:
            raise Invalid("choice")
        return code

    return chosen


def normalise_for(attribute: AttributeDef, value: str) -> str:
    """The stored spelling of a value of this attribute: that of its type, and for choices the code of its own list
    (a label in either language is understood). Raises `Invalid`."""
    return normaliser_for(attribute)(value)


def masker_for(attribute: AttributeDef) -> Callable[[str], str]:
    """What `mask_for` does for this attribute, made ready once for many values."""
    mask, rule = semantic_type(attribute.type).mask, attribute.mask
    return lambda value: mask(value, rule)


def mask_for(attribute: AttributeDef, value: str) -> str:
    """The masked rendering of a value by the attribute's own mask rule."""
    return semantic_type(attribute.type).mask(value, attribute.mask)
