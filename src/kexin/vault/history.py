"""Superseded envelopes: kept byte for byte until the undo window ends, and re-sealed when one attribute must go."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kexin.evidence.types import Noted
from kexin.foundation import clock
from kexin.vault import envelopes, keys
from kexin.vault.envelopes import Envelope
from kexin.vault.keys import KeyRef
from kexin.vault.models import Sealed, SealedHistory

UNDO_DAYS = 30


def keep(old: Iterable[Envelope], *, cause: str, cause_id: uuid.UUID | None = None) -> None:
    """Put envelopes that are about to be replaced into the history, in the caller's transaction."""
    now = clock.now()
    SealedHistory.objects.bulk_create(
        [
            SealedHistory(
                subject_id=one.subject_id,
                entity=one.entity,
                entity_id=one.entity_id,
                grade=one.grade,
                ver=one.ver,
                suite=one.suite,
                key_gen=one.key_gen,
                ct=one.ct,
                cause=cause,
                cause_id=cause_id,
                superseded_at=now,
                until=now + timedelta(days=UNDO_DAYS),
            )
            for one in old
        ],
        ignore_conflicts=True,
    )


def kept(subject_id: uuid.UUID, *, cause: str, cause_id: uuid.UUID) -> list[Envelope]:
    """The envelopes that one merge or import superseded, still closed."""
    rows = SealedHistory.objects.filter(subject_id=subject_id, cause=cause, cause_id=cause_id)
    return [_envelope(row) for row in rows]


def _envelope(row: SealedHistory | Sealed) -> Envelope:
    return Envelope(
        row.subject_id, row.entity, row.entity_id, row.grade, row.ver, row.suite, row.key_gen, bytes(row.ct)
    )


def reseal_grade(
    subject_id: uuid.UUID,
    *,
    grade: int,
    change: Callable[[Envelope, dict[str, Any]], Mapping[str, Any]],
    noted: Noted | None,
    skip: Collection[tuple[str, uuid.UUID]] = (),
) -> tuple[KeyRef, KeyRef]:
    """Seal everything of one (subject, grade) again under the next key generation, history included, with `change`
    applied to each record's values; `skip` names records (entity, id) that the caller seals itself.

    Answers with the old key and the new one. The caller burns the old key after its transaction commits; then the old
    envelopes, in whatever backup, open no more.
    """
    gen = keys.generations(subject_id).get(grade, 0)
    old, new = KeyRef(subject_id, grade, gen), KeyRef(subject_id, grade, gen + 1)
    key = keys.create([new])[new]
    live, past_rows = _stored(subject_id, grade, skip)
    past = [_envelope(row) for row in past_rows]
    opened = _open_versions([*live, *past], noted)
    fresh = [_again(one, change(one, opened[_version(one)]), key, new.gen) for one in live]
    envelopes.store(fresh)
    for row, one in zip(past_rows, past, strict=True):
        again = _again(one, change(one, opened[_version(one)]), key, new.gen)
        row.key_gen, row.suite, row.ct = again.key_gen, again.suite, again.ct
    SealedHistory.objects.bulk_update(past_rows, ["key_gen", "suite", "ct"])
    return old, new


def to_reseal(
    subject_id: uuid.UUID, *, grades: Collection[int], skip: Collection[tuple[str, uuid.UUID]] = ()
) -> list[Envelope]:
    """What `reseal_grade` will open of these grades, still closed: the line before it has to announce it."""
    found: list[Envelope] = []
    for grade in grades:
        live, past = _stored(subject_id, grade, skip)
        found += [*live, *(_envelope(row) for row in past)]
    return found


def _stored(
    subject_id: uuid.UUID, grade: int, skip: Collection[tuple[str, uuid.UUID]]
) -> tuple[list[Envelope], list[SealedHistory]]:
    live = [_envelope(row) for row in Sealed.objects.filter(subject_id=subject_id, grade=grade)]
    past = list(SealedHistory.objects.filter(subject_id=subject_id, grade=grade))
    return [one for one in live if (one.entity, one.entity_id) not in skip], past


def _version(one: Envelope) -> tuple[Any, ...]:
    return (*one.record, one.grade, one.ver, one.key_gen)


def _open_versions(all_of: Collection[Envelope], noted: Noted | None) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Open several versions of the same records; `open_all` answers with one version per place."""
    by_place: dict[tuple[Any, ...], list[Envelope]] = {}
    for one in all_of:
        by_place.setdefault((*one.record, one.grade), []).append(one)
    opened: dict[tuple[Any, ...], dict[str, Any]] = {}
    depth = max((len(versions) for versions in by_place.values()), default=0)
    for level in range(depth):
        layer = [versions[level] for versions in by_place.values() if len(versions) > level]
        answer = envelopes.open_all(layer, noted=noted)
        opened.update({_version(one): answer[(*one.record, one.grade)] for one in layer})
    return opened


def _again(one: Envelope, values: Mapping[str, Any], key: bytes, gen: int) -> Envelope:
    """The same place and version under another key."""
    made = envelopes.seal(
        subject_id=one.subject_id,
        entity=one.entity,
        entity_id=one.entity_id,
        grade=one.grade,
        ver=one.ver,
        key_gen=gen,
        key=key,
        values=values,
    )
    return replace(made, ver=one.ver)
