"""What a semantic type is: normal form, masks, index plan, example and words, together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kexin.regime.semantic import masks


def no_notes(value: str) -> tuple[str, ...]:
    """Nothing worth a remark."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticType:
    """One kind of value. Others add theirs through the entry point group `kexin.semantic_types`.

    ``normalise`` gives the one stored spelling or raises `errors.Invalid`; it must be idempotent. ``masks`` the mask rules
    that make sense, the first is the default. ``searches`` the search plans it can carry. ``singles_out``: one value
    names one person (so it can be no facet). ``notes`` remarks on a valid value that never refuse it.
    ``pattern`` html input hints: inputmode, maxlength, autocomplete.
    """

    key: str
    label: Mapping[str, str]
    normalise: Callable[[str], str]
    example: str
    masks: tuple[str, ...] = ("hidden", "none")
    searches: tuple[str, ...] = ()
    singles_out: bool = False
    notes: Callable[[str], tuple[str, ...]] = no_notes
    input: Mapping[str, str] | None = None

    def mask(self, value: str, rule: str = "") -> str:
        """The masked rendering; a rule that this type does not know hides the value."""
        return masks.apply(value, rule if rule in self.masks else ("hidden" if rule else self.masks[0]))

    @property
    def index_plan(self) -> tuple[str, ...]:
        """The search plans that an attribute of this type may ask for."""
        return self.searches
