"""From what a person typed to what is stored: the catalogue's checks, normal forms, grades, display, age, tokens."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kexin.foundation import clock
from kexin.regime import queries as regime
from kexin.regime.semantic import Invalid as InvalidValue
from kexin.regime.semantic import masker_for, normaliser_for
from kexin.regime.types import AttributeDef, Bundle
from kexin.vault import age, envelopes, index_keys, keys, masks
from kexin.vault.envelopes import DISPLAY, IDENTITY, Envelope
from kexin.vault.keys import EpochKey, KeyRef
from kexin.vault.search.indexes import all_indexes
from kexin.vault.search.tokens import IndexSecret, Tokeniser, Tokens
from kexin.vault.types import DISPLAY_GRADE

#: Marks of the display envelope: what the catalogue shows in full, and what it shows masked.
FULL, MASKED = "f", "m"


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
        return self.held([grade])[grade]

    def held(self, grades: Collection[int]) -> dict[int, EpochKey]:
        """The epochs of these grades; those not looked up yet with one question."""
        missing = [grade for grade in grades if grade not in self.epochs]
        if missing:
            self.epochs.update(keys.active_epochs(missing))
        return {grade: self.epochs[grade] for grade in grades}


def facets_named(bundle: Bundle) -> frozenset[str]:
    """Facets that some condition of the rulebook names: decisions about two rows may differ by these alone."""
    found: set[str] = set()
    waiting: list[Any] = [rule.when for rule in bundle.rulebook.rules]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and part.startswith("facet."):
            found.add(part.removeprefix("facet."))
        elif isinstance(part, Mapping):
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
    return frozenset(found)


_kept: dict[tuple[Any, ...], Tokeniser] = {}


def _tokeniser(bundle: Bundle) -> tuple[Tokeniser, tuple[IndexSecret, ...]]:
    """One tokeniser per process and set of keys, so that the tokens of common grams stay cached."""
    secrets = tuple(
        IndexSecret(index.name, gen, key, suite)
        for index in all_indexes(bundle.attributes)
        for gen, key, suite in index_keys.of(index.name, writing=True)
    )
    house = envelopes.installation().bytes
    stamp = (house, *((secret.index, secret.gen, secret.key) for secret in secrets))
    if stamp not in _kept:
        _kept.clear()
        _kept[stamp] = Tokeniser(secrets, installation=house)
    return _kept[stamp], secrets


@dataclass(slots=True)
class _Column:
    """One attribute of the catalogue as every row needs it: why it is refused, or how it is read and where it lives."""

    refusal: str
    normalise: Callable[[str], str]
    mask: Callable[[str], str] | None
    facet: bool
    grade: int
    birth: bool


class Preparer:
    """Checks and normalises rows of one purpose and kind. What the catalogue says about an attribute is looked up once,
    when its first value comes."""

    def __init__(self, attributes: Mapping[str, AttributeDef], *, purpose: str, kind: str) -> None:
        self._attributes = attributes
        self._purpose, self._kind = purpose, kind
        self._stamp = [masks.MARK, masks.stamp(attributes)]
        self._columns: dict[str, _Column] = {}

    def __call__(self, values: Mapping[str, str], *, age_status: str | None = None) -> Prepared:
        """One row; see `prepare`."""
        normal: dict[str, str] = {}
        errors: list[tuple[str, str]] = []
        for key, raw in values.items():
            text = raw if isinstance(raw, str) else str(raw)
            if not text.strip(" \t\r\n\u3000\u200b\ufeff"):
                continue
            column = self._columns.get(key) or self._column(key)
            if column.refusal:
                errors.append((key, column.refusal))
                continue
            try:
                normal[key] = column.normalise(text)
            except InvalidValue as error:
                errors.append((key, error.args[0] if error.args else "invalid"))
        if not normal and not errors:
            errors.append(("", "required"))
        return self.sort(normal, age_status, tuple(errors))

    def sort(
        self, normal: Mapping[str, str], age_status: str | None, errors: tuple[tuple[str, str], ...] = ()
    ) -> Prepared:
        """Normal values into the places where they will live."""
        facets: dict[str, str] = {}
        by_grade: dict[int, dict[str, str]] = {}
        display: dict[str, list[str]] = {}
        told = False
        for key, value in normal.items():
            column = self._columns.get(key) or self._column(key)
            told = told or column.birth
            if column.facet:
                facets[key] = value
                continue
            by_grade.setdefault(column.grade, {})[key] = value
            display[key] = [FULL, value] if column.mask is None else [MASKED, column.mask(value)]
        display[masks.STAMP] = self._stamp
        known_age = age_status or (age_of(normal, self._attributes) if told else "unknown")
        return Prepared(normal, facets, by_grade, display, known_age, errors)

    def _column(self, key: str) -> _Column:
        attribute = self._attributes.get(key)
        refusal = _refusal(attribute, purpose=self._purpose, kind=self._kind)
        if attribute is None:
            return _Column(refusal, str, None, False, 0, False)
        made = self._columns[key] = _Column(
            refusal,
            normaliser_for(attribute),
            None if attribute.display == "full" else masker_for(attribute),
            attribute.storage == "facet",
            attribute.grade,
            attribute.type in age.BIRTH_TYPES,
        )
        return made


def prepare(
    values: Mapping[str, str], *, bundle: Bundle, purpose: str, kind: str, age_status: str | None = None
) -> Prepared:
    """Check and normalise what came in. Errors are (attribute, code) pairs; a code is the semantic type's, or
    ``unknown``, ``not_collected``, ``kind``, ``not_bound``, ``required``. Empty values are absent values."""
    return Preparer(bundle.attributes, purpose=purpose, kind=kind)(values, age_status=age_status)


def resort(values: Mapping[str, str], *, bundle: Bundle, age_status: str | None = None) -> Prepared:
    """Values that are normal already (read back from envelopes), sorted again by the rulebook in force."""
    known = {key: value for key, value in values.items() if key in bundle.attributes}
    return Preparer(bundle.attributes, purpose="", kind="").sort(known, age_status)


def _refusal(attribute: AttributeDef | None, *, purpose: str, kind: str) -> str:
    if attribute is None:
        return "unknown"
    if not attribute.collect:
        return "not_collected"
    if kind not in attribute.subject_kinds:
        return "kind"
    return "" if purpose in attribute.purposes else "not_bound"


def age_of(values: Mapping[str, str], attributes: Mapping[str, AttributeDef], *, today: date | None = None) -> str:
    """adult, minor, under14 or unknown, from a birthday or an ID number. A missing birthday locks nobody."""
    for key, value in values.items():
        if birth := age.born(attributes[key].type, value):
            return age.status(birth, today or clock.today_cn())
    return "unknown"


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
