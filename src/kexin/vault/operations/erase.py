"""Deletion, from the first mark to the certificate, and the legal holds that delay a part of it.

The order is vault.md's: mark and line; hold envelope; keys; every holding; reading back; certificate. Each step is
safe to run again: a process killed anywhere is continued by the next run of the queued job.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connections, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Event
from kexin.foundation import canonical, clock, crypto, ids
from kexin.foundation.caller import Caller
from kexin.foundation.holding import Holding
from kexin.foundation.jobs import job
from kexin.foundation.problems import Conflict, NotFound
from kexin.regime import queries as regime
from kexin.vault import envelopes, keys, subjects
from kexin.vault.envelopes import HOLD, IDENTITY, Envelope
from kexin.vault.keys import KeyRef
from kexin.vault.models import Erasure, ErasureStep, Hold, Sealed, SealedHistory, Subject
from kexin.vault.queries.erasures import view
from kexin.vault.types import HIGH_GRADES, ErasureView

_AUDIT_ITEM = "A17"
CERTIFICATE = "certificate"


class StillThere(RuntimeError):
    """A second reading found something: the erasure stays open and the job runs again."""


def erase(
    caller: Caller, *, subject: uuid.UUID, ground: str = "request", request_ref: uuid.UUID | None = None
) -> ErasureView:
    """Mark the record as erasing, write the line, queue the rest. From here on no purpose may touch it; asked again,
    it answers with the erasure that exists. Records merged into this one are the same person and go with it."""
    with transaction.atomic():
        [row] = subjects.locked(subject, states=("active", "frozen", "erasing", "erased"))
        known = Erasure.objects.filter(subject_id=subject).order_by("-asked_at").first()
        if row.state in ("erasing", "erased") and known:
            return view(known)
        decision = subjects.require_any_write(caller, subject=_as_if_usable(row))
        erasure = Erasure(
            id=ids.uuid7(), subject_id=subject, number=row.number, ground=ground, request_ref=request_ref,
            asked_by=caller.id, asked_at=clock.now(),
        )  # fmt: skip
        erasure.save(force_insert=True)
        family = [subject, *_merged_into(subject)]
        Subject.objects.filter(id__in=family).update(state="erasing")
        subjects.noted(caller, Event.CUSTOMER_ERASING, row, decision=decision, ref=str(erasure.id))
        continue_erasure.later(_service(erasure.id), erasure=erasure.id)
    return view(erasure)


@job(name="vault.continue_erasure", retry=20, lock="erase:{erasure}")
def continue_erasure(caller: Caller, *, erasure: uuid.UUID | str) -> ErasureView:
    """Everything after the mark. Safe to run again, from wherever the last run stopped."""
    row = Erasure.objects.filter(id=uuid.UUID(str(erasure))).first()
    if row is None:
        raise NotFound
    if row.state == "done":
        return view(row)
    family = [row.subject_id, *_merged_into(row.subject_id)]
    holds = list(Hold.objects.filter(subject_id__in=family, released_at__isnull=True))
    if holds:
        _keep_held(caller, row, holds)
    burn_keys(row, family, held=bool(holds))
    for holding in regime.holdings():
        for one in family:
            run_step(caller, row, holding, one)
    if holds:
        Erasure.objects.filter(id=row.id).update(state="held")
        row.refresh_from_db()
        return view(row)
    prove_absence(family)
    return _finish(caller, row, family)


def place_hold(
    caller: Caller,
    *,
    subject: uuid.UUID,
    attributes: Collection[str],
    ground: str,
    article: str = "",
    until: datetime | None = None,
) -> uuid.UUID:
    """法定留存 of some attributes; answers with the hold's id. Nothing moves until an erasure comes."""
    with transaction.atomic():
        [row] = subjects.locked(subject)
        decision = subjects.require_any_write(caller, subject=_as_if_usable(row))
        known = regime.bundle().attributes
        hold = Hold(
            id=ids.uuid7(), subject_id=subject, attributes=sorted(key for key in attributes if key in known),
            ground=ground[:64], article=article[:120], until=until, placed_by=caller.id, placed_at=clock.now(),
        )  # fmt: skip
        if not hold.attributes:
            raise Conflict(_("请指明要留存哪些信息"))
        hold.save(force_insert=True)
        subjects.noted(caller, Event.HOLD_PLACED, row, decision=decision, count=len(hold.attributes), ref=str(hold.id))
    return hold.id


def release_hold(caller: Caller, *, hold: uuid.UUID) -> None:
    """End a hold; an erasure that waited for the last one resumes."""
    with transaction.atomic():
        row = Hold.objects.select_for_update().filter(id=hold, released_at__isnull=True).first()
        if row is None:
            raise NotFound
        [subject] = subjects.locked(row.subject_id, states=("active", "frozen", "erasing"))
        decision = subjects.require_any_write(caller, subject=_as_if_usable(subject))
        row.released_by, row.released_at = caller.id, clock.now()
        row.save(update_fields=["released_by", "released_at"])
        subjects.noted(caller, Event.HOLD_RELEASED, subject, decision=decision, ref=str(hold))
        waiting = Erasure.objects.filter(subject_id__in=_lives_in(row.subject_id), state="held").first()
        if waiting:
            ErasureStep.objects.filter(erasure_id=waiting.id).update(done_at=None)
            continue_erasure.later(_service(waiting.id), erasure=waiting.id)


def _service(erasure: uuid.UUID) -> Caller:
    """The erasure was decided when it was marked; what follows must not stop because its author left the company."""
    return Caller.for_service("erasure", cause=f"erasure:{erasure}")


def _as_if_usable(row: Subject) -> Subject:
    """For deciding who may end a record: a freeze or the bin keeps it from use, never from deletion."""
    seen = Subject.objects.get(id=row.id)
    seen.state, seen.discarded_at = "active", None
    return seen


def _merged_into(subject: uuid.UUID) -> list[uuid.UUID]:
    """Records that live inside this one, and inside those."""
    found: list[uuid.UUID] = []
    layer = [subject]
    while layer:
        layer = list(Subject.objects.filter(merged_into__in=layer).exclude(id__in=found).values_list("id", flat=True))
        found += layer
    return found


def _lives_in(subject: uuid.UUID) -> list[uuid.UUID]:
    """This record and those that it was merged into: an erasure stands on the outermost one."""
    found = [subject]
    while (outer := Subject.objects.filter(id=found[-1]).values_list("merged_into", flat=True).first()) is not None:
        if outer in found:
            break
        found.append(outer)
    return found


# --- holds ----------------------------------------------------------------------------------------------------------


def _keep_held(caller: Caller, erasure: Erasure, holds: Collection[Hold]) -> None:
    """Move held values into hold envelopes under the next key generation (封存). The identity itself then dies with
    its old keys: the hold envelope alone is left, and only legal purposes may ask for it."""
    for subject_id, own in _by_subject(holds).items():
        stored = envelopes.load(subjects=[subject_id], entity=IDENTITY)
        if not stored:
            continue
        [row] = Subject.objects.filter(id=subject_id)
        opens = sum(1 for one in stored if one.grade in HIGH_GRADES)
        noted = subjects.announced(caller, row, opens=opens)
        values = envelopes.open_values(stored, noted=noted)
        grades = {one.grade: one for one in stored}
        gens = keys.generations(subject_id)
        fresh = [KeyRef(subject_id, grade, gens[grade] + 1) for grade in grades]
        held = keys.create(fresh)
        with transaction.atomic():
            for hold in own:
                envelopes.store(_hold_envelopes(hold, values, fresh, held))
            envelopes.drop(stored)
            SealedHistory.objects.filter(subject_id=subject_id).delete()


def _by_subject(holds: Collection[Hold]) -> dict[uuid.UUID, list[Hold]]:
    grouped: dict[uuid.UUID, list[Hold]] = defaultdict(list)
    for hold in holds:
        grouped[hold.subject_id].append(hold)
    return grouped


def _hold_envelopes(
    hold: Hold, values: dict[str, Any], refs: Collection[KeyRef], held: dict[KeyRef, bytes]
) -> list[Envelope]:
    known = regime.bundle().attributes
    made = []
    for ref in refs:
        part = {k: v for k, v in values.items() if k in hold.attributes and known[k].grade == ref.grade}
        if part:
            made.append(
                envelopes.seal(
                    subject_id=ref.subject_id,
                    entity=HOLD,
                    entity_id=hold.id,
                    grade=ref.grade,
                    ver=1,
                    key_gen=ref.gen,
                    key=held[ref],
                    values=part,
                )
            )
    return made


# --- keys, holdings, proof ------------------------------------------------------------------------------------------


def burn_keys(erasure: Erasure, family: Collection[uuid.UUID], *, held: bool) -> None:
    """From here on nothing opens: tombstone and delete. Under a hold only the hold envelope's keys are spared."""
    for subject_id in family:
        if held and Sealed.objects.filter(subject_id=subject_id, entity=HOLD).exists():
            spared = set(Sealed.objects.filter(subject_id=subject_id, entity=HOLD).values_list("grade", "key_gen"))
            keys.burn_all_but(subject_id, spared)
        elif not held:
            keys.burn(subject_id)
    if not held and erasure.keys_burned_at is None:
        erasure.keys_burned_at = clock.now()
        erasure.save(update_fields=["keys_burned_at"])


def run_step(caller: Caller, erasure: Erasure, holding: Holding, subject_id: uuid.UUID) -> None:
    """Let one holding erase its own, once; what it answers is kept. Merged records have steps of their own."""
    key = holding.key if subject_id == erasure.subject_id else f"{holding.key}:{str(subject_id)[-12:]}"
    step, _made = ErasureStep.objects.get_or_create(erasure_id=erasure.id, key=key, defaults={"order": holding.order})
    if step.done_at is not None:
        return
    with transaction.atomic():
        part = holding.erase(caller, subject_id)
        ErasureStep.objects.filter(erasure_id=erasure.id, key=key).update(
            removed=F("removed") + part.removed,
            remaining=part.remaining,
            note=part.note[:120],
            attempts=F("attempts") + 1,
            done_at=clock.now() if part.remaining == 0 else None,
        )
    if part.remaining:
        raise StillThere(f"{holding.key}: {part.remaining} left")


_TABLES = ("vault_sealed", "vault_sealedhistory", "vault_tokenexact", "vault_tokengram", "vault_provenance")


def prove_absence(family: Collection[uuid.UUID]) -> None:
    """Read everything back from both databases; anything found keeps the erasure open."""
    with connections["default"].cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE subject_id = ANY(%s::uuid[])", [list(family)])
            if found := cursor.fetchone()[0]:
                raise StillThere(f"{table}: {found} rows")
    if left := [one for one in family if keys.generations(one)]:
        raise StillThere(f"keys of {len(left)} records")
    if keys.tombstoned(family) != set(family):
        raise StillThere("no tombstone")


def _finish(caller: Caller, erasure: Erasure, family: Collection[uuid.UUID]) -> ErasureView:
    """The end: the state, the line, the certificate, in one transaction."""
    with transaction.atomic():
        erasure = Erasure.objects.select_for_update().get(id=erasure.id)
        if erasure.state == "done":
            return view(erasure)
        rows = subjects.locked(*family, states=("erasing",))
        erasure.state, erasure.done_at = "done", clock.now()
        body = certificate(erasure)
        signature = evidence.sign(CERTIFICATE, body)
        noted = evidence.note(
            caller,
            subjects.entry(
                Event.CUSTOMER_ERASED,
                *rows,
                audit_item=_AUDIT_ITEM,
                ref=str(erasure.id),
                document=crypto.sha256(body).hex(),
            ),
        )
        Subject.objects.filter(id__in=list(family)).update(
            state="erased", audit_id=None, facets={}, contact_at=None, freeze_ground=""
        )
        erasure.certificate, erasure.signature, erasure.signing_key = body, signature.sig, signature.key_id
        erasure.intake_id = noted.intake_id
        erasure.save()
    return view(erasure)


def certificate(erasure: Erasure) -> bytes:
    """What is signed: which record, when, what each room removed and that nothing was found again. No personal data."""
    steps = ErasureStep.objects.filter(erasure_id=erasure.id).order_by("order", "key")
    return canonical.dumps(
        {
            "document": "kexin.erasure/1",
            "installation": str(envelopes.installation()),
            "erasure": str(erasure.id),
            "record": f"K-{erasure.number}",
            "ground": erasure.ground,
            "request": str(erasure.request_ref) if erasure.request_ref else "",
            "asked_at": erasure.asked_at.isoformat(timespec="microseconds"),
            "keys_destroyed_at": erasure.keys_burned_at.isoformat(timespec="microseconds")
            if erasure.keys_burned_at
            else "",
            "finished_at": erasure.done_at.isoformat(timespec="microseconds") if erasure.done_at else "",
            "parts": [{"part": one.key, "removed": one.removed, "found_again": one.remaining} for one in steps],
        }
    )
