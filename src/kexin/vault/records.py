"""From what a person typed to what is stored: the catalogue's checks, normal forms, grades, display, age, tokens."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kexin.foundation import clock
from kexin.regime import queries as regime
from kexin.regime.semantic import Invalid as InvalidValue
from kexin.regime.semantic import mask_for, normalise_for
from kexin.regime.types import AttributeDef, Bundle
from kexin.vault import envelopes, keys
from kexin.vault.envelopes import DISPLAY, IDENTITY, Envelope
from kexin.vault.keys import EpochKey, KeyRef
from kexin.vault.search.indexes import all_indexes
from kexin.vault.search.tokens import IndexSecret, Tokeniser, Tokens
from kexin.vault.types import DISPLAY_GRADE

#: Marks of the display envelope: what the catalogue shows in full, and what it shows masked.
FULL, MASKED = "f", "m"
ADULT_YEARS, YOUTH_YEARS = 18, 14


@dataclass(frozen=True, slots=True)
class Prepared:
    """One record, normalised and sorted into where its values will live. Plaintext: never stored, never logged."""

    values: Mapping[str, str]
    facets: Mapping[str, str]
    by_grade: Mapping[int, Mapping[str, str]]
    display: Mapping[str, list[str]]
    age_status: str
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def grades(self) -> tuple[int, ...]:
        """Grades that need a subject key, the display envelope's included."""
        return tuple(sorted({*self.by_grade, DISPLAY_GRADE}))


@dataclass(slots=True)
class Catalogue:
    """The rulebook in force as a writer needs it, with its search keys. One per verb call; holds no decision."""

    bundle: Bundle
    tokeniser: Tokeniser = field(repr=False)
    secrets: tuple[IndexSecret, ...] = field(repr=False)
    house: uuid.UUID
    epochs: dict[int, EpochKey] = field(default_factory=dict, repr=False)

    @classmethod
    def now(cls) -> Catalogue:
        """The rulebook in force, with the index keys that are written now."""
        bundle = regime.bundle()
        tokeniser, secrets = _tokeniser(bundle)
        return cls(bundle, tokeniser, secrets, envelopes.installation())

    def attribute(self, key: str) -> AttributeDef | None:
        """The definition of an attribute, or None."""
        return self.bundle.attributes.get(key)

    def epoch(self, grade: int) -> EpochKey:
        """The epoch that wraps new keys of this grade, looked up once per verb."""
        if grade not in self.epochs:
            self.epochs[grade] = keys.active_epoch(grade)
        return self.epochs[grade]


_kept: dict[tuple[Any, ...], Tokeniser] = {}


def _tokeniser(bundle: Bundle) -> tuple[Tokeniser, tuple[IndexSecret, ...]]:
    """One tokeniser per process and set of keys, so that the tokens of common grams stay cached."""
    secrets = tuple(
        IndexSecret(index.name, gen, key)
        for index in all_indexes(bundle.attributes)
        for gen, key in keys.index_keys(index.name, writing=True)
    )
    house = envelopes.installation().bytes
    stamp = (house, *((secret.index, secret.gen, secret.key) for secret in secrets))
    if stamp not in _kept:
        _kept.clear()
        _kept[stamp] = Tokeniser(secrets, installation=house)
    return _kept[stamp], secrets


def prepare(
    values: Mapping[str, str], *, bundle: Bundle, purpose: str, kind: str, age_status: str | None = None
) -> Prepared:
    """Check and normalise what came in. Errors are (attribute, code) pairs; a code is the semantic type's, or
    ``unknown``, ``not_collected``, ``kind``, ``not_bound``, ``required``. Empty values are absent values."""
    normal: dict[str, str] = {}
    errors: list[tuple[str, str]] = []
    for key, raw in values.items():
        text = raw if isinstance(raw, str) else str(raw)
        if not text.strip(" \t\r\n\u3000\u200b\ufeff"):
            continue
        if refusal := _refusal(bundle.attributes.get(key), purpose=purpose, kind=kind):
            errors.append((key, refusal))
            continue
        try:
            normal[key] = normalise_for(bundle.attributes[key], text)
        except InvalidValue as error:
            errors.append((key, error.args[0] if error.args else "invalid"))
    if not normal and not errors:
        errors.append(("", "required"))
    return _sorted(normal, bundle, age_status, tuple(errors))


def resort(values: Mapping[str, str], *, bundle: Bundle, age_status: str | None = None) -> Prepared:
    """Values that are normal already (read back from envelopes), sorted again by the rulebook in force."""
    known = {key: value for key, value in values.items() if key in bundle.attributes}
    return _sorted(known, bundle, age_status, ())


def _refusal(attribute: AttributeDef | None, *, purpose: str, kind: str) -> str:
    if attribute is None:
        return "unknown"
    if not attribute.collect:
        return "not_collected"
    if kind not in attribute.subject_kinds:
        return "kind"
    return "" if purpose in attribute.purposes else "not_bound"


def _sorted(
    normal: Mapping[str, str], bundle: Bundle, age_status: str | None, errors: tuple[tuple[str, str], ...]
) -> Prepared:
    facets: dict[str, str] = {}
    by_grade: dict[int, dict[str, str]] = {}
    display: dict[str, list[str]] = {}
    for key, value in normal.items():
        attribute = bundle.attributes[key]
        if attribute.storage == "facet":
            facets[key] = value
            continue
        by_grade.setdefault(attribute.grade, {})[key] = value
        display[key] = [FULL, value] if attribute.display == "full" else [MASKED, mask_for(attribute, value)]
    age = age_status or age_of(normal, bundle.attributes)
    return Prepared(normal, facets, by_grade, display, age, errors)


def age_of(values: Mapping[str, str], attributes: Mapping[str, AttributeDef], *, today: date | None = None) -> str:
    """adult, minor, under14 or unknown, from a birthday or an ID number. A missing birthday locks nobody."""
    for key, value in values.items():
        kind = attributes[key].type
        text = f"{value[6:10]}-{value[10:12]}-{value[12:14]}" if kind == "cn_id" and len(value) == 18 else value
        if kind in ("birthday", "cn_id") and (born := _date(text)):
            return _age(born, today or clock.today_cn())
    return "unknown"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _age(born: date, today: date) -> str:
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if years < 0:
        return "unknown"
    if years < YOUTH_YEARS:
        return "under14"
    return "minor" if years < ADULT_YEARS else "adult"


def refs_of(subject_id: uuid.UUID, grades: Iterable[int], gens: Mapping[int, int] | None = None) -> list[KeyRef]:
    """The subject keys that a record of these grades is sealed under."""
    return [KeyRef(subject_id, grade, (gens or {}).get(grade, 1)) for grade in grades]


def seal_record(
    *,
    subject_id: uuid.UUID,
    prepared: Prepared,
    ver: int,
    held: Mapping[KeyRef, bytes],
    gens: Mapping[int, int] | None = None,
    house: uuid.UUID | None = None,
    only: frozenset[int] | None = None,
) -> list[Envelope]:
    """The identity envelopes of a record (all grades, or `only` some) and its display envelope."""
    made: list[Envelope] = []
    contents = [(IDENTITY, grade, values) for grade, values in prepared.by_grade.items()]
    for entity, grade, values in [*contents, (DISPLAY, DISPLAY_GRADE, prepared.display)]:
        if only is not None and entity == IDENTITY and grade not in only:
            continue
        gen = (gens or {}).get(grade, 1)
        made.append(
            envelopes.seal(
                subject_id=subject_id,
                entity=entity,
                entity_id=subject_id,
                grade=grade,
                ver=ver,
                key_gen=gen,
                key=held[KeyRef(subject_id, grade, gen)],
                values=values,
                house=house,
            )
        )
    return made


def tokens_of(prepared: Prepared, catalogue: Catalogue) -> Tokens:
    """Search tokens of a record."""
    return catalogue.tokeniser.tokens_for(prepared.values, catalogue.bundle.attributes)
