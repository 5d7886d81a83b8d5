"""The verb that changes values, and the one way in which a record is rewritten (merges use it too)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kexin.evidence.types import Event, Noted
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.regime.types import Bundle
from kexin.vault import envelopes, history, keys, records, subjects
from kexin.vault.envelopes import DISPLAY, IDENTITY, Envelope
from kexin.vault.keys import KeyRef
from kexin.vault.models import Provenance, Subject
from kexin.vault.operations.admit import declare_source, invalid
from kexin.vault.records import Catalogue, Prepared
from kexin.vault.types import DISPLAY_GRADE, HIGH_GRADES, Amended, SourceActRef, StaleVersion


def amend(
    caller: Caller,
    *,
    subject: uuid.UUID,
    values: Mapping[str, str],
    expected_ver: int,
    source: SourceActRef,
    remove: Collection[str] = (),
) -> Amended:
    """Set some values and remove others, if the record is still at `expected_ver`.

    The old envelopes go to the history until the undo window ends. Removing a value seals what is left of its grade
    under the next key generation and burns the old key, so that no older envelope gives the value back. The subject
    is locked throughout: an erasure that came first makes this fail, one that comes later finds the new rows.
    """
    catalogue = Catalogue.now()
    with transaction.atomic():
        [row] = subjects.locked(subject)
        if row.ver != expected_ver:
            raise StaleVersion(remedy=_("重新打开客户，核对后再改一次"))
        new = (
            records.prepare(values, bundle=catalogue.bundle, purpose=source.purpose, kind=row.kind) if values else None
        )
        if new and new.errors:
            raise invalid(new.errors)
        gone = tuple(key for key in remove if key in catalogue.bundle.attributes)
        touched = tuple(dict.fromkeys([*(new.values if new else ()), *gone]))
        if not touched:
            raise invalid([("", "required")])
        decision = subjects.require_write(
            caller,
            facts=subjects.facts_of(caller, row),
            attributes=touched,
            audit_id=row.audit_id,
            context=subjects.AMENDING,
        )
        stored = envelopes.load(subjects=[subject], entity=IDENTITY)
        lost = _lost(gone, catalogue.bundle, stored)
        more = history.to_reseal(subject, grades=lost, skip=_sealed_apart(subject)) if lost else []
        noted = announce(caller, row, [*stored, *more])
        merged = {**envelopes.open_values(stored, noted=noted), **row.facets, **(new.values if new else {})}
        prepared = records.resort({key: merged[key] for key in merged if key not in gone}, bundle=catalogue.bundle)
        rewrite(row, stored, prepared, catalogue, removed=gone, cause="amend", noted=noted)
        if new:
            _provenance(caller, subject, source, tuple(new.values))
        subjects.noted(caller, Event.CUSTOMER_AMENDED, row, decision=decision, count=len(touched))
    return Amended(subject_id=subject, ver=row.ver, changed=tuple(new.values) if new else (), removed=gone)


def announce(caller: Caller, row: Subject, stored: Collection[Envelope]) -> Noted | None:
    """The committed line under which a writing verb opens what it is about to change; none for grades 1 and 2."""
    opens = sum(1 for one in stored if one.grade in HIGH_GRADES)
    return subjects.announced(caller, row, opens=opens) if opens else None


def rewrite(
    row: Subject,
    stored: Collection[Envelope],
    prepared: Prepared,
    catalogue: Catalogue,
    *,
    removed: Collection[str],
    cause: str,
    noted: Noted | None,
    cause_id: uuid.UUID | None = None,
) -> None:
    """Bring a locked subject from its stored envelopes to `prepared`: history, envelopes, tokens, facets, version."""
    row.ver += 1
    display = envelopes.load(subjects=[row.id], entity=DISPLAY)
    rotated = _rotate(row.id, removed, catalogue.bundle, stored, noted)
    # An old envelope of a grade that loses a value would give it back: only the other grades keep theirs.
    history.keep([one for one in (*stored, *display) if one.grade not in rotated], cause=cause, cause_id=cause_id)
    held, gens = _held(row.id, prepared.grades, rotated)
    envelopes.store(records.seal_record(subject_id=row.id, prepared=prepared, ver=row.ver, held=held, gens=gens))
    envelopes.drop([one for one in stored if one.grade not in prepared.by_grade])
    subjects.write_tokens(row.id, records.tokens_of(prepared, catalogue))
    row.facets = dict(prepared.facets)
    if prepared.age_status != "unknown":
        row.age_status = prepared.age_status
    row.save(update_fields=["ver", "facets", "age_status"])
    for old in rotated.values():
        transaction.on_commit(partial(keys.burn_generation, old[0]))


def _rotate(
    subject_id: uuid.UUID,
    removed: Collection[str],
    bundle: Bundle,
    stored: Collection[Envelope],
    noted: Noted | None,
) -> dict[int, tuple[KeyRef, KeyRef]]:
    """New key generations for the grades that lose a value (and for the display envelope, which showed it). The live
    identity and display are sealed by the caller; everything else of the grade is sealed again here."""
    change, skip = partial(_without, frozenset(removed)), _sealed_apart(subject_id)
    return {
        grade: history.reseal_grade(subject_id, grade=grade, change=change, noted=noted, skip=skip)
        for grade in sorted(_lost(removed, bundle, stored))
    }


def _lost(removed: Collection[str], bundle: Bundle, stored: Collection[Envelope]) -> frozenset[int]:
    """The grades that are sealed anew when these values go: theirs, and the display envelope's; none when none has one."""
    grades = {bundle.attributes[key].grade for key in removed if bundle.attributes[key].storage == "sealed"}
    present = grades & {one.grade for one in stored}
    return frozenset(present | {DISPLAY_GRADE}) if present else frozenset()


def _sealed_apart(subject_id: uuid.UUID) -> frozenset[tuple[str, uuid.UUID]]:
    """The records that the caller of a re-seal seals itself."""
    return frozenset({(IDENTITY, subject_id), (DISPLAY, subject_id)})


def _without(removed: frozenset[str], envelope: Envelope, values: dict[str, Any]) -> dict[str, Any]:
    """A hold keeps what the law keeps; identity and display, old versions included, lose the removed values."""
    if envelope.entity not in (IDENTITY, DISPLAY):
        return values
    return {key: value for key, value in values.items() if key not in removed}


def _held(
    subject_id: uuid.UUID, grades: Collection[int], rotated: Mapping[int, tuple[KeyRef, KeyRef]]
) -> tuple[dict[KeyRef, bytes], dict[int, int]]:
    """Keys for sealing these grades: the newest generation of each, made where there is none."""
    gens = {**keys.generations(subject_id), **{grade: new.gen for grade, (_old, new) in rotated.items()}}
    wanted = {grade: gens.get(grade, 1) for grade in grades}
    missing = [KeyRef(subject_id, grade, 1) for grade in grades if grade not in gens]
    held = keys.create(missing) if missing else {}
    held |= keys.fetch([KeyRef(subject_id, grade, gen) for grade, gen in wanted.items() if grade in gens])
    return held, wanted


def _provenance(caller: Caller, subject: uuid.UUID, source: SourceActRef, attributes: tuple[str, ...]) -> None:
    declared = declare_source(caller, source=source)
    assert declared.id is not None  # declaring gives it one
    known, created = Provenance.objects.get_or_create(
        subject_id=subject,
        source_act_id=declared.id,
        defaults={"attributes": list(attributes), "at": clock.now()},
    )
    if not created and known.attributes is not None:
        known.attributes = sorted({*known.attributes, *attributes})
        known.save(update_fields=["attributes"])
