"""DOOR: what a rulebook would change for people who are really there, counted once for exactly these bytes (I10).

Asked for in the background (`assess_draft`, `assess_version`) or done at once (`assess_now`, the shell's way). The
numbers come from the atoms of the changed rules, compiled to SQL and asked of the living records in one walk; about two
hundred people are decided again singly, before and after, and one difference fails the whole counting."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import canonical
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.jobs import job
from kexin.foundation.problems import Problem, Unavailable
from kexin.regime import register
from kexin.regime.models import ConsentState, RulebookDraft, RulebookImpact, RulebookVersion
from kexin.regime.operations.askers import Askers
from kexin.regime.operations.entitling import entitled
from kexin.regime.queries import rulebook as stored
from kexin.regime.queries.askers import bundle_or_none
from kexin.regime.queries.drafts import DraftUnknown, impact_view
from kexin.regime.queries.notices import major_version
from kexin.regime.rulebook.check import check, errors
from kexin.regime.rulebook.diff import Difference, difference
from kexin.regime.rulebook.findings import RulebookInvalid
from kexin.regime.rulebook.parser import parse
from kexin.regime.rulebook.reach import PUBLISH, SIGN
from kexin.regime.rules import consent, impact, matrix
from kexin.regime.rules.bundle import compile_bundle
from kexin.regime.types import Bundle, ImpactView, Rulebook

FORMAT = 1
#: People decided again singly, before and after.
SAMPLE = 200
#: A counting that has not ended after this long was lost with its worker; another may be asked for.
LOST = timedelta(minutes=15)
#: Countings of texts that nobody signed are kept this long.
KEEP = timedelta(days=30)

Progress = Callable[[int, int], None]


class CountsDiffer(Unavailable):
    """A sampled person whom the single decision sees otherwise than the counting (I6): no number is believed."""

    code = "counts-differ"
    title = _("没有算完：逐人复核与批量点数不一致，已停下")


def assess_draft(caller: Caller, *, draft: uuid.UUID, again: bool = False) -> ImpactView:
    """Queue the counting of a draft as it stands now. Raises RulebookInvalid while the check finds errors."""
    entitled(caller, PUBLISH, SIGN)
    source = RulebookDraft.objects.filter(id=draft).values_list("source", flat=True).first()
    if source is None:
        raise DraftUnknown()
    return _queued(caller, bytes(source), again=again)


def assess_version(caller: Caller, *, number: int, again: bool = False) -> ImpactView:
    """Queue the counting of a version that waits for its signature."""
    entitled(caller, PUBLISH, SIGN)
    return _queued(caller, stored.source_of(number), again=again)


def assess_now(caller: Caller, *, source: bytes, progress: Progress = lambda done, total: None) -> ImpactView:
    """Count in this process and answer with the result (the shell's way)."""
    entitled(caller, PUBLISH, SIGN)
    row = _row(caller, source)
    row.save(force_insert=True)
    _count(caller, row, progress)
    return impact_view(row, stored.in_force())


def measure_use(caller: Caller) -> None:
    """Queue a measuring of how much each attribute is really used. Raises NotPermitted."""
    register.measuring().begin(caller)


def _queued(caller: Caller, source: bytes, *, again: bool) -> ImpactView:
    """The newest counting of these bytes that is still good or under way; otherwise a new one in the queue."""
    row = _row(caller, source)
    with transaction.atomic():
        same = RulebookImpact.objects.filter(sha256=row.sha256, base_sha256=row.base_sha256)
        newest = same.order_by("-asked_at").first()
        waiting = newest is not None and newest.state in ("queued", "running") and newest.asked_at > now() - LOST
        if newest is not None and (waiting or (newest.state == "done" and not again)):
            return impact_view(newest, stored.in_force())
        signed = RulebookVersion.objects.values("sha256")
        RulebookImpact.objects.filter(asked_at__lt=now() - KEEP).exclude(sha256__in=signed).delete()
        row.save(force_insert=True)
        count_impact.later(caller, impact=row.id)
    return impact_view(row, stored.in_force())


def _row(caller: Caller, source: bytes) -> RulebookImpact:
    """A counting of these bytes against the version in force. Raises RulebookInvalid with every error."""
    if wrong := errors(check(parse(source))):
        raise RulebookInvalid(wrong)
    current = stored.in_force()
    return RulebookImpact(
        sha256=hashlib.sha256(source).hexdigest(),
        source=source,
        base_number=current.number if current else 0,
        base_sha256=current.sha256 if current else "",
        asked_by=caller.id,
    )


@job(name="regime.count_impact", retry=0, lock="impact:{impact}")
def count_impact(caller: Caller, *, impact: str | uuid.UUID) -> None:
    """Background part of `assess_draft` and `assess_version`. Safe to run twice: what is done stays done."""
    row = RulebookImpact.objects.filter(id=uuid.UUID(str(impact))).exclude(state="done").first()
    if row is None:
        return
    try:
        entitled(caller, PUBLISH, SIGN)
        _count(caller, row, lambda done, total: None)
    except Problem as problem:
        row.state, row.problem, row.finished_at = "failed", problem.code, now()
        row.save()
    except Exception:
        row.state, row.problem, row.finished_at = "failed", "fault", now()
        row.save()
        raise


def _count(caller: Caller, row: RulebookImpact, progress: Progress) -> None:
    row.state, row.started_at = "running", now()
    row.save()

    def noted(done: int, total: int) -> None:
        RulebookImpact.objects.filter(id=row.id).update(done=done, total=total)
        progress(done, total)

    result = _result(caller, row, noted)
    body = canonical.dumps(result)
    with transaction.atomic():
        row.refresh_from_db(fields=["done", "total"])
        row.state, row.finished_at = "done", now()
        row.result, row.digest = body, hashlib.sha256(body).hexdigest()
        row.save()
        evidence.note(
            caller,
            Entry(
                event=Event.RULEBOOK_ASSESSED,
                purpose="governance",
                rulebook=row.base_sha256,
                audit_item="A19",
                count=result["touched"],
                ref=str(row.id),
                document=row.digest,
            ),
        )


def _result(caller: Caller, row: RulebookImpact, progress: Progress) -> dict[str, Any]:
    """Everything that the page shows, as plain JSON values."""
    old = stored.load(row.base_sha256) if row.base_sha256 else None
    new = parse(bytes(row.source)).rulebook
    before, after = _in_force(old), compile_bundle(new)
    told, cells = difference(old, new), matrix.diff(before, after)
    counts = _people(caller, before, after, cells, progress)
    consents = _consents(new, stored.rulebook_in_force())
    return {
        "format": FORMAT,
        "sha256": row.sha256,
        "base": {"number": row.base_number, "sha256": row.base_sha256},
        "counted_at": now().isoformat(),
        "loosens": told.loosens,
        "gains": cells.gains,
        "losses": cells.losses,
        "roles": len(cells.by_role),
        "matrix": cells.cells,
        **counts,
        "consents": consents,
        "stale": sum(one["count"] for one in consents),
        "affected": [
            {"kind": one.kind, "label": dict(one.label), "count": one.count, "stops": one.stops, "names": list(one.names)}
            for one in register.affected_by(caller, old, new)
        ],
        "changes": [
            {"kind": one.kind, "key": one.key, "what": one.what, "fields": list(one.fields), "loosens": one in told.loosening}
            for one in told.changes
        ],
        "notice": _notice(told),
    }  # fmt: skip


def _in_force(old: Rulebook | None) -> Bundle | None:
    """The compiled bundle that is kept for deciding, where it is this one; its index is filled already."""
    kept = bundle_or_none()
    if old is None or (kept is not None and kept.sha256 == old.sha256):
        return kept if old else None
    return compile_bundle(old)


def _people(
    caller: Caller, before: Bundle | None, after: Bundle, cells: matrix.MatrixDiff, progress: Progress
) -> dict[str, Any]:
    """People per changed cell, in all, and those whom a fact that nobody knows would stop."""
    asked = impact.questions(before, after, cells.changes)
    atoms = impact.atoms_of(asked) or (impact.OPEN,)
    askers = Askers.of(asked, at=now())
    counted = register.counting()(caller, [askers.sql(atom) for atom in atoms], SAMPLE if asked else 0, progress)
    effect = impact.effect(asked, atoms, counted.groups)
    sampled = _judge_again(askers, before, after, asked, atoms, counted.sample)
    rules = {rule.id: rule for rule in after.rulebook.rules}
    return {
        "people": counted.people,
        "sampled": sampled,
        "touched": effect.touched,
        "cells": [
            {
                "role": one.role, "purpose": one.purpose, "action": one.action.value, "attribute": one.attribute,
                "gains": one.gains, "loses": one.loses, "conditional": one.conditional, "duties": one.duties,
                "people": effect.people[one.role, one.purpose, one.action.value, one.attribute],
            }
            for one in cells.changes
        ],
        "stopped": [
            {"rule": rule, "article": rules[rule].article, "missing": sorted(effect.missing[rule]), "people": count}
            for rule, count in sorted(effect.stopped.items(), key=lambda item: -item[1])
        ],
    }  # fmt: skip


def _judge_again(
    askers: Askers, before: Bundle | None, after: Bundle, asked: tuple[impact.Question, ...],
    atoms: tuple[impact.Asked, ...], sample: Any,
) -> int:  # fmt: skip
    """Decide the sampled people singly, under both rulebooks; answers how many. People who were given a relation or
    gave a consent while the counting ran are left out. Raises CountsDiffer."""
    people = askers.standing(subject for subject, _values in sample)
    for subject, values in sample:
        held = people.get(subject.id)
        if held is None:
            continue
        truth = dict(zip(atoms, values, strict=True))
        for question in asked:
            if impact.answers(question, truth) != (
                held.bound(before, question, subject), held.bound(after, question, subject),
            ):  # fmt: skip
                raise CountsDiffer(rule=f"{question.role}:{question.purpose}:{question.action.value}")
    return len(people)


def _consents(new: Rulebook, old: Rulebook | None) -> list[dict[str, Any]]:
    """Given consents whose scope is another one under the new text: they end and must be asked for again (PIPL 14)."""
    major, at = major_version("general"), now()
    found: list[dict[str, Any]] = []
    given = ConsentState.objects.filter(status="given").exclude(valid_until__lte=at)
    for purpose in dict.fromkeys((*(old.purposes if old else ()), *new.purposes)):
        rows = given.filter(purpose=purpose)
        if purpose in new.purposes:
            scope = consent.scope_of(new, purpose, notice_major=major)
            rows = rows.exclude(scope_sha256=consent.scope_sha256(scope))
        found += [
            {"purpose": purpose, "channel": one["channel"], "count": one["count"]}
            for one in rows.values("channel").annotate(count=Count("id")).order_by("channel")
        ]
    return found


def _notice(told: Difference) -> Mapping[str, int]:
    """What of the notice's two lists changes (NDR 21): information, purposes, recipients."""
    return {
        kind: sum(change.kind == kind for change in told.changes) for kind in ("attributes", "purposes", "recipients")
    }


def shown(caller: Caller, *, sha256: str, base_sha256: str, digest: str) -> bool:
    """Whether there is a finished counting of exactly these bytes against that version whose digest the signer names:
    only the page (or the shell) that showed it tells the digest."""
    return bool(digest) and RulebookImpact.objects.filter(
        sha256=sha256, base_sha256=base_sha256, state="done", digest=digest
    ).exists()  # fmt: skip

