"""Rebuilding records when the catalogue changes: masks, display, grades, storage and indexes, page by page.

Queued in the transaction that puts a rulebook in force. One walk over all records by id: each page is locked, its line
is committed, it is opened, sealed where today's catalogue wants something else, and the cursor moves with it in one
transaction. So a walk that is killed goes on where it was, memory holds one page, and "rows behind" is a count.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Noted
from kexin.foundation import clock, ids
from kexin.foundation.caller import Caller
from kexin.foundation.crypto import DoesNotOpen
from kexin.foundation.jobs import job
from kexin.regime import operations as regime_operations
from kexin.regime import queries as regime
from kexin.regime.types import Affected, Rulebook
from kexin.vault import age, envelopes, keys, masks, records, subjects, suites
from kexin.vault.envelopes import DISPLAY, IDENTITY, Envelope
from kexin.vault.models import Rebuild, Subject
from kexin.vault.operations.amend import rewrite
from kexin.vault.records import Catalogue, Prepared
from kexin.vault.types import DISPLAY_GRADE, HIGH_GRADES, KeyMissing

#: People per transaction, line and question to the keyring.
PAGE = 200
LIVING = ("active", "frozen")
#: Of whom nothing is left but what a law keeps (封存); walked for the sake of its seal alone.
HELD = "erasing"
#: What a verb under the rulebook before may have written after the walk passed: looked at once more, a while later.
_LATE = timedelta(hours=6)
_SETTLED = timedelta(minutes=10)
_FIRST = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class _Opened:
    """One record of a page: its row, its envelopes, its values by grade and its renderings."""

    row: Subject
    stored: Sequence[Envelope]
    by_grade: Mapping[int, Mapping[str, Any]]
    shown: Envelope | None
    display: Mapping[str, Any]


def register() -> None:
    """Follow every rulebook that comes into force."""
    regime_operations.register_follower("vault.rebuild", follow)
    regime_operations.register_affected("vault.rebuild", affected_by)


def follow(caller: Caller, before: Rulebook | None, after: Rulebook, effective_at: datetime) -> None:
    """In the publishing transaction: where the catalogue lays a value elsewhere or shows it otherwise, queue a walk."""
    plan = masks.plan(after.attributes)
    if before is not None and masks.plan(before.attributes) == plan:
        return
    wanted = masks.indexes(after.attributes.values())
    tokens = before is None or wanted != masks.indexes(before.attributes.values())
    _queue(after, plan=plan, base=before.sha256 if before else "", tokens=tokens, due_at=effective_at)


def walk_everything(book: Rulebook, *, due_at: datetime) -> None:
    """Queue a walk over all records: what is sealed otherwise than this rulebook wants is sealed again."""
    _queue(book, plan=masks.plan(book.attributes), base="", tokens=False, due_at=due_at)


def affected_by(caller: Caller, before: Rulebook | None, after: Rulebook) -> tuple[Affected, ...]:
    """For the impact preview: how many records the walk of `follow` would bring to another catalogue."""
    same = before is not None and suites.wanted(before) == suites.wanted(after)
    if same and before is not None and masks.plan(before.attributes) == masks.plan(after.attributes):
        return ()
    label = {"zh": "条记录在后台按新目录重新加密", "en": "records are sealed again in the background"}
    return (Affected(kind="vault.rebuild", label=label, count=Subject.objects.filter(state__in=LIVING).count(), stops=False),)


def walk_tokens(*, due_at: datetime) -> None:
    """Queue a walk that writes every search token again, in all generations that are written then."""
    bundle = regime.bundle()
    _queue(bundle.rulebook, plan=masks.plan(bundle.attributes), base="", tokens=True, due_at=due_at)


def _queue(book: Rulebook, *, plan: str, base: str, tokens: bool, due_at: datetime) -> Rebuild:
    run = Rebuild(
        id=ids.uuid7(), plan=plan, stamp=masks.stamp(book.attributes), masks=masks.spoken(book.attributes), base=base,
        tokens=tokens, due_at=due_at,
    )  # fmt: skip
    run.save(force_insert=True)
    _later(run)
    return run


def _later(run: Rebuild) -> None:
    task = rebuild.task.configure(lock="vault.rebuild", schedule_at=run.due_at if run.due_at > clock.now() else None)
    task.defer(caller={**_service(run).envelope()}, run=str(run.id))


def _service(run: Rebuild) -> Caller:
    return Caller.for_service("upkeep", cause=f"rebuild:{run.id}")


@job(name="vault.rebuild", retry=20, lock="vault.rebuild")
def rebuild(caller: Caller, *, run: uuid.UUID | str) -> Mapping[str, int]:
    """Walk from where the walk stands to the end. Safe to run again, and to kill anywhere."""
    row = Rebuild.objects.filter(id=uuid.UUID(str(run)), finished_at__isnull=True).first()
    if row is None or row.due_at > clock.now():
        return {"changed": 0}
    suites.known.clear()
    if row.started_at is None:
        Rebuild.objects.filter(id=row.id).update(started_at=clock.now())
    while _page(caller, row.id):
        pass
    Rebuild.objects.filter(id=row.id, finished_at__isnull=True).update(finished_at=clock.now())
    row.refresh_from_db()
    return {"changed": row.changed, "failed": row.failed}


def resume(caller: Caller) -> int:
    """Hourly: walks whose job was lost go on; a finished one looks once more at what was written while it began; a
    catalogue that no walk was made for (an upgrade of the product) gets one. Answers with how many were queued."""
    bundle = regime.bundle_or_none()
    if bundle is None:
        return 0
    plan, newest = masks.plan(bundle.attributes), Rebuild.objects.order_by("-id").first()
    scheduled = newest is not None and newest.due_at > clock.now()
    if newest is None or (newest.plan != plan and not scheduled):
        _queue(bundle.rulebook, plan=plan, base="", tokens=True, due_at=clock.now())
        return 1
    for row in Rebuild.objects.filter(finished_at__lte=clock.now() - _SETTLED, closed_at__isnull=True):
        _look_again(caller, row)
    waiting = list(Rebuild.objects.filter(finished_at__isnull=True, due_at__lte=clock.now()))
    for row in waiting:
        _later(row)
    return len(waiting)


def _look_again(caller: Caller, row: Rebuild) -> None:
    """Ids are in order of time: everything written since shortly before the walk began comes after this one."""
    begun = (row.started_at or row.due_at) - _LATE
    floor = uuid.UUID(int=max(0, int(begun.timestamp() * 1000)) << 80)
    Rebuild.objects.filter(id=row.id).update(cursor=floor)
    while _page(caller, row.id):
        pass
    Rebuild.objects.filter(id=row.id).update(closed_at=clock.now())


def _page(caller: Caller, run_id: uuid.UUID) -> bool:
    """One page in one transaction, cursor included; False at the end."""
    with transaction.atomic():
        run = Rebuild.objects.select_for_update().get(id=run_id)
        after = Subject.objects.select_for_update().filter(id__gt=run.cursor or _FIRST, state__in=(*LIVING, HELD))
        rows = list(after.order_by("id")[:PAGE])
        if not rows:
            return False
        changed, failed = bring_up(caller, rows, tokens=run.tokens, ref=f"rebuild:{run.id}")
        run.cursor, run.done = rows[-1].id, run.done + len(rows)
        run.changed, run.failed = run.changed + changed, run.failed + failed
        run.save(update_fields=["cursor", "done", "changed", "failed"])
    return True


def bring_up(caller: Caller, rows: Sequence[Subject], *, tokens: bool, ref: str) -> tuple[int, int]:
    """Bring these locked records to the catalogue in force; answers with how many changed and how many did not open."""
    catalogue = Catalogue.now()
    suite = suites.wanted(catalogue.bundle.rulebook)
    changed = _other_suites(caller, rows, suite, ref)
    living = [row for row in rows if row.state in LIVING]
    if not living:
        return changed, 0
    noted, opened = _open(caller, living, ref, catalogue.bundle.sha256)
    fresh: list[tuple[_Opened, Prepared]] = []
    for one in opened:
        prepared = _placed(one, catalogue)
        if _moved(one, prepared) or any(stored.suite != suite for stored in one.stored):
            rewrite(one.row, one.stored, prepared, catalogue, removed=(), cause="rebuild", noted=noted)
            if one.row.merged_into:
                subjects.drop_tokens([one.row.id])
            changed += 1
            continue
        if dict(one.display) != dict(prepared.display) or (one.shown is not None and one.shown.suite != suite):
            fresh.append((one, prepared))
        if tokens and not one.row.merged_into:
            subjects.write_tokens(one.row.id, records.tokens_of(prepared, catalogue))
        _grow(one.row, prepared)
    _show(fresh)
    return changed + len(fresh), len(living) - len(opened)


def _other_suites(caller: Caller, rows: Sequence[Subject], suite: int, ref: str) -> int:
    """What these people have besides identity and display (holds, records of chapters), sealed again in place where it is
    of another suite. Place and key stay: it is the same seal by another cipher. Answers how many."""
    old = envelopes.of_other_suites([row.id for row in rows], suite=suite, but=(IDENTITY, DISPLAY))
    if not old:
        return 0
    high = sum(one.grade in HIGH_GRADES for one in old)
    entry = Entry(event=Event.CUSTOMER_REBUILT, decision="none", count=len(old), opens=high, ref=ref)
    opened = envelopes.open_all(old, noted=evidence.note_now(caller, entry))
    held = keys.fetch({one.key for one in old})
    envelopes.store(
        envelopes.seal(
            subject_id=one.subject_id,
            entity=one.entity,
            entity_id=one.entity_id,
            grade=one.grade,
            ver=one.ver,
            key_gen=one.key_gen,
            key=held[one.key],
            values=opened[(*one.record, one.grade)],
            suite=suite,
        )
        for one in old
    )
    return len(old)


def _open(caller: Caller, rows: Sequence[Subject], ref: str, rulebook: str) -> tuple[Noted, list[_Opened]]:
    """Commit the line, then open everything of these records with one question to the keyring. Where something does
    not open, each record is tried alone, and what is damaged stays as it is."""
    who = [row.id for row in rows]
    stored = [*envelopes.load(subjects=who, entity=IDENTITY), *envelopes.load(subjects=who, entity=DISPLAY)]
    entry = Entry(
        event=Event.CUSTOMER_REBUILT,
        decision="none",
        rulebook=rulebook,
        audit_ids=tuple(row.audit_id for row in rows if row.audit_id),
        count=len(rows),
        opens=sum(1 for one in stored if one.grade in HIGH_GRADES),
        ref=ref,
    )
    noted = evidence.note_now(caller, entry)
    by_subject: dict[uuid.UUID, list[Envelope]] = {one: [] for one in who}
    for envelope in stored:
        by_subject[envelope.subject_id].append(envelope)
    try:
        values = envelopes.open_all(stored, noted=noted)
        return noted, [_opened(row, by_subject[row.id], values) for row in rows]
    except (DoesNotOpen, KeyMissing):
        # What opened until then was counted under the first line: a second one announces the second time.
        again = evidence.note_now(caller, entry)
        found = [_alone(row, by_subject[row.id], again) for row in rows]
        return again, [one for one in found if one is not None]


def _alone(row: Subject, stored: Sequence[Envelope], noted: Noted) -> _Opened | None:
    try:
        return _opened(row, stored, envelopes.open_all(stored, noted=noted))
    except (DoesNotOpen, KeyMissing):
        return None


def _opened(row: Subject, stored: Sequence[Envelope], values: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> _Opened:
    own = [one for one in stored if one.entity == IDENTITY]
    shown = next((one for one in stored if one.entity == DISPLAY), None)
    by_grade = {one.grade: values[(*one.record, one.grade)] for one in own}
    return _Opened(row, own, by_grade, shown, values[(*shown.record, shown.grade)] if shown else {})


def _placed(one: _Opened, catalogue: Catalogue) -> Prepared:
    """The record as today's catalogue places it. Values of attributes that the catalogue no longer names stay where
    they are: ending them is the retention's business, never a side effect."""
    known = catalogue.bundle.attributes
    whole = {**one.row.facets}
    for values in one.by_grade.values():
        whole.update(values)
    prepared = records.resort(whole, bundle=catalogue.bundle)
    by_grade = {grade: dict(values) for grade, values in prepared.by_grade.items()}
    for grade, values in one.by_grade.items():
        if rest := {key: value for key, value in values.items() if key not in known}:
            by_grade.setdefault(grade, {}).update(rest)
    kept = {key: value for key, value in one.row.facets.items() if key not in known}
    return replace(prepared, by_grade=by_grade, facets={**prepared.facets, **kept})


def _moved(one: _Opened, prepared: Prepared) -> bool:
    """Whether a value must lie under another grade, or cross between the open and the sealed half."""
    before = {grade: dict(values) for grade, values in one.by_grade.items() if values}
    after = {grade: dict(values) for grade, values in prepared.by_grade.items() if values}
    return before != after or dict(one.row.facets) != dict(prepared.facets)


def _grow(row: Subject, prepared: Prepared) -> None:
    """What a birthday says today, where the nightly run could not know it yet."""
    if age.older(row.age_status, prepared.age_status):
        row.age_status = prepared.age_status
        row.save(update_fields=["age_status"])


def _show(fresh: Collection[tuple[_Opened, Prepared]]) -> None:
    """Seal new display envelopes under the keys of the old ones; the version moves, so that no old one fits its place."""
    held = keys.fetch({one.shown.key for one, _prepared in fresh if one.shown})
    made = []
    for one, prepared in fresh:
        if one.shown is None:
            continue
        one.row.ver += 1
        made.append(
            envelopes.seal(
                subject_id=one.row.id,
                entity=DISPLAY,
                entity_id=one.row.id,
                grade=DISPLAY_GRADE,
                ver=one.row.ver,
                key_gen=one.shown.key_gen,
                key=held[one.shown.key],
                values=prepared.display,
            )
        )
    envelopes.store(made)
    Subject.objects.bulk_update([one.row for one, _prepared in fresh], ["ver"])
