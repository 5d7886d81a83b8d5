"""Verification: resumable, in bounded steps, against the mirror and the witness. Also the job behind 立即核对."""

from __future__ import annotations

import uuid

from django.db import connections

from kexin.evidence import checking
from kexin.evidence.models import Checkpoint, Verification
from kexin.evidence.operations.noting import note, pseudonym
from kexin.evidence.queries import as_verdict
from kexin.evidence.rules.merkle import Frontier
from kexin.evidence.types import Damage, Entry, Event, Flag, Verdict
from kexin.foundation import clock
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.ids import uuid7
from kexin.foundation.jobs import job

DEPTHS = ("full", "new")


def begin_verification(caller: Caller, *, depth: str = "full") -> Verdict:
    """Open a run. ``full`` reads every line; ``new`` starts where the last passed run ended."""
    if depth not in DEPTHS:
        raise ValueError("depth is full or new")
    asked_by = "" if caller.kind is CallerKind.SERVICE else pseudonym(caller.id)
    run = Verification(id=uuid7(), asked_by=asked_by, depth=depth, started_at=clock.now())
    if depth == "new":
        last = Verification.objects.filter(state="passed").order_by("-started_at").first()
        if last:
            run.checked, run.frontier = last.checked, last.frontier
    run.save(force_insert=True)
    return as_verdict(run)


@job(name="evidence.verify", retry=2, lock="evidence.verify")
def run_verification(caller: Caller, *, verification: str | uuid.UUID) -> Verdict:
    """Carry a run to its end, from wherever it stopped; a finished run is answered as it is."""
    run = Verification.objects.get(id=verification)
    if run.finished_at:
        return as_verdict(run)
    damage: Damage | None = None
    outside = None
    try:
        outside = checking.ask()
        damage = _work(run, outside)
    except checking.Found as found:
        damage = found.damage
        if damage.kind in ("changed", "missing") and outside:
            damage = checking.blame_mirror(outside) or damage
    except checking.NoKeeper as error:
        return _finish(caller, run, "impossible", Damage(kind="witness", detail=str(error)))
    return _finish(caller, run, "failed" if damage else "passed", damage)


def verify_now(caller: Caller, *, depth: str = "full") -> Verdict:
    """Compare database, mirror and witness now, to the end, and note the outcome as a line."""
    verdict: Verdict = run_verification(caller, verification=begin_verification(caller, depth=depth).id)
    return verdict


def _work(run: Verification, outside: checking.Outside) -> Damage | None:
    newest = Checkpoint.objects.order_by("-size").first()
    run.size = newest.size if newest else 0
    run.witness_size, run.mirror_size = outside.witness_size, outside.mirror_size
    run.undelivered = max(0, run.size - min(run.witness_size, run.mirror_size))
    run.state = "running"
    run.save()
    if run.size and not outside.marks:
        raise checking.NoKeeper("nothing has been delivered outside yet")
    frontier = Frontier.load(bytes(run.frontier))
    with connections["default"].cursor() as cursor:
        # A database that is behind its keepers was cut or restored: the missing line is named by the walk below.
        end = max(run.size, outside.mirror_size, outside.witness_size)
        if frontier.size % checking.STEP:
            frontier = _back_to_step(frontier)
        while frontier.size < end:
            checking.step(cursor, outside, frontier, min(end, frontier.size - frontier.size % checking.STEP + checking.STEP))
            run.checked, run.frontier = frontier.size, frontier.dump()
            run.save(update_fields=["checked", "frontier"])
        checking.upper_tiles(cursor, run.size)
    return None


def _back_to_step(frontier: Frontier) -> Frontier:
    """A frontier at the last whole step before this one: its larger subtrees are the same, the smaller ones are read again."""
    size = frontier.size - frontier.size % checking.STEP
    return Frontier(size, frontier.hashes[: size.bit_count()])


def _finish(caller: Caller, run: Verification, state: str, damage: Damage | None) -> Verdict:
    run.state, run.finished_at = state, clock.now()
    if damage:
        run.damage_kind, run.damage_seq, run.damage_detail = damage.kind, damage.seq, damage.detail
    run.save()
    flags = (Flag.DAMAGE,) if state == "failed" else ()
    note(caller, Entry(event=Event.EVIDENCE_VERIFIED, count=run.checked, flags=flags, ref=f"verification:{run.id}"))
    return as_verdict(run)
