"""A dry run of `admit_many`: what would become of each row, with nothing written and no value handed back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kexin.foundation.caller import Caller
from kexin.regime import queries as regime
from kexin.regime.types import Action
from kexin.vault import records, subjects
from kexin.vault.bulk import exact_tokens
from kexin.vault.operations.admit import _new_facts, sharing
from kexin.vault.records import Catalogue
from kexin.vault.types import SourceActRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One row: the errors that keep it out (attribute, code), its age status, and whether a visible record shares one
    of its exact values."""

    errors: tuple[tuple[str, str], ...] = ()
    age_status: str = "unknown"
    known: bool = False


def try_many(
    caller: Caller, *, rows: Sequence[Mapping[str, str]], source: SourceActRef, kind: str = "person"
) -> list[Trial]:
    """Check, decide and look up every row as `admit_many` would. At most some thousands of rows at a time."""
    catalogue = Catalogue.now()
    prepared = [
        records.prepare(values, bundle=catalogue.bundle, purpose=source.purpose, kind=kind) for values in rows
    ]
    denied = _denied(caller, prepared, source, kind)
    tokens = [
        [] if one.errors or refused else exact_tokens(records.tokens_of(one, catalogue))
        for one, refused in zip(prepared, denied, strict=True)
    ]
    found = {(index, gen, bytes(token)) for _id, index, gen, token in sharing([t for ts in tokens for t in ts])}
    return [
        Trial(
            errors=one.errors or tuple((key, "refused") for key in refused),
            age_status=one.age_status,
            known=any(token in found for token in mine),
        )
        for one, refused, mine in zip(prepared, denied, tokens, strict=True)
    ]


def _denied(
    caller: Caller, prepared: Sequence[records.Prepared], source: SourceActRef, kind: str
) -> list[tuple[str, ...]]:
    """Attributes that this caller may not write, row by row; one decision per set of attributes and age."""
    answers: dict[tuple[frozenset[str], str], tuple[str, ...]] = {}
    refused = []
    for one in prepared:
        question = (frozenset(one.values), one.age_status)
        if question not in answers:
            decision = regime.decide(
                caller,
                action=Action.WRITE,
                subject=_new_facts(kind, one, source),
                attributes=tuple(one.values),
                context=subjects.WRITING,
            )
            answers[question] = tuple(key for key in one.values if not decision.allowed(key))
        refused.append(answers[question])
    return refused
