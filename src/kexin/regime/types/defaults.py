"""Rulebooks that ship with the product, and the drafts of their impact assessments, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kexin.regime.types.rulebook import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What an activity does to one side of a person's rights: autonomy, discrimination, reputation, property, safety.
    ``level`` low | medium | high | severe."""

    level: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One protective measure. ``by`` software (done by this product) | people | coming (a function that the product does
    not have yet: until it does, people must do it, and the draft must not be signed before they do)."""

    by: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentDraft:
    """A draft of one impact assessment (影响评估草稿), ready to be checked and signed: what PIPL 56 asks for.

    ``label``, ``scenario``, ``purposes``, ``attributes``, ``necessity``, ``impact``, ``protection`` are those of the
    rulebook's `pias` (signed with it); the rest stands beside it. ``legality``: purpose and method are lawful, proper and
    necessary. ``rights`` dimension -> effect; ``sources`` what could go wrong; ``severity`` the worst of the rights,
    ``likelihood`` low | medium | high | very_high, ``risk`` by the matrix, ``residual`` what is left after ``measures``.
    """

    key: str
    label: Text
    scenario: str
    purposes: tuple[str, ...]
    attributes: tuple[str, ...]
    necessity: Text
    impact: Text
    protection: Text
    legality: Text
    sources: Text
    rights: Mapping[str, Right]
    severity: str
    likelihood: str
    risk: str
    measures: tuple[Measure, ...]
    residual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRow:
    """One scenario of the form for small firms (附件二). Applies: ``pia`` and the three answers (lawful and necessary;
    impact and risk; measures). Does not apply: ``reason`` alone."""

    scenario: str
    pia: str = ""
    lawful: Text = field(default_factory=dict)
    impact: Text = field(default_factory=dict)
    measures: Text = field(default_factory=dict)
    reason: Text = field(default_factory=dict)

    @property
    def applies(self) -> bool:
        """Whether the firm does this at all."""
        return bool(self.pia)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRulebook:
    """One shipped rulebook: its key (what `--rulebook` takes), name, for whom, profile size (small | general), the exact
    bytes, their assessments, and for small firms the filled form (empty otherwise)."""

    key: str
    label: Text
    for_whom: Text
    size: str
    source: bytes
    assessments: tuple[AssessmentDraft, ...]
    form: tuple[FormRow, ...] = ()
