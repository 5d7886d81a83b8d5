"""Verbs that go through the rows: the dry run and the import itself. Both can be left, cancelled and killed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from kexin.chapters.collection import queries
from kexin.chapters.collection.adapters import tables
from kexin.chapters.collection.models import ImportBatch, ImportRejection, ImportRun
from kexin.chapters.collection.operations.opening import mine
from kexin.chapters.collection.rules.cells import is_serial
from kexin.chapters.collection.rules.repeats import IDENTITY, Seen
from kexin.chapters.collection.types import ImportView, Stage, Verdict, WrongStage
from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.jobs import job
from kexin.foundation.problems import Problem
from kexin.regime.semantic import Invalid as InvalidValue
from kexin.regime.semantic import normalise_for
from kexin.regime.types import AttributeDef
from kexin.vault import operations as vault
from kexin.vault.types import SourceActRef

#: Rows looked at and written together: one transaction, one checkpoint.
BATCH_ROWS = 1_000
#: Reasons kept per import; beyond it the counts go on and the error file says that it was cut.
MAX_REASONS = 100_000
_DATES = frozenset({"birthday", "date"})
#: Advisory lock of batches that write ("import" in ASCII, as a number that nobody else of this product uses).
_WRITING_LOCK = int.from_bytes(b"import", "big")

Progress = Callable[[ImportView], None]


def dry_run(caller: Caller, *, run: uuid.UUID) -> None:
    """Queue a trial of every row; nothing is written to the vault."""
    with transaction.atomic():
        row = mine(caller, run, Stage.DECLARED, Stage.TRIED)
        _begin_trial(caller, row)
        try_out.later(caller.under(row.purpose), run=row.id)


def begin(caller: Caller, *, run: uuid.UUID, write_known: bool = False) -> None:
    """Queue the import itself, or go on with one that stopped. One evidence line says that it started."""
    with transaction.atomic():
        row = mine(caller, run)
        if row.stage != Stage.TRIED and not queries.resumable(row):
            raise WrongStage(_("请先试运行。"))
        _start(caller, row, write_known=write_known)
        perform.later(caller.under(row.purpose), run=row.id)


def run(caller: Caller, *, run: uuid.UUID, write_known: bool = False, progress: Progress | None = None) -> ImportView:
    """The whole import in this process (the shell's way), from where it stands."""
    with transaction.atomic():
        row = mine(caller, run)
        if Stage(row.stage) not in (Stage.DECLARED, Stage.TRIED, Stage.STOPPED, Stage.RUNNING):
            raise WrongStage
        if row.stage != Stage.RUNNING:
            _start(caller, row, write_known=write_known)
    _go(caller.under(row.purpose), row.id, writing=True, progress=progress)
    return queries.view(caller, run=row.id)


def cancel(caller: Caller, *, run: uuid.UUID) -> None:
    """Stop after the batch under way; what is written stays written and is said so."""
    with transaction.atomic():
        row = mine(caller, run)
        if Stage(row.stage).busy:
            row.cancel_asked = True
        elif row.stage in (Stage.DONE, Stage.CANCELLED):
            return
        else:
            row.stage, row.finished_at = Stage.CANCELLED, now()
        row.save(update_fields=["cancel_asked", "stage", "finished_at"])


def try_now(caller: Caller, *, run: uuid.UUID, progress: Progress | None = None) -> ImportView:
    """The trial in this process (the shell's way)."""
    with transaction.atomic():
        row = mine(caller, run, Stage.DECLARED, Stage.TRIED)
        _begin_trial(caller, row)
    _go(caller.under(row.purpose), row.id, writing=False, progress=progress)
    return queries.view(caller, run=row.id)


@job(name="collection.try_out", lock="import:{run}")
def try_out(caller: Caller, *, run: str | uuid.UUID) -> None:
    """Background part of `dry_run`."""
    _go(caller, uuid.UUID(str(run)), writing=False)


@job(name="collection.perform", lock="import:{run}")
def perform(caller: Caller, *, run: str | uuid.UUID) -> None:
    """Background part of `begin`; a second run goes on after the last committed batch."""
    _go(caller, uuid.UUID(str(run)), writing=True)


def _begin_trial(caller: Caller, row: ImportRun) -> None:
    """From the first row; the vault counts how many will be looked up."""
    vault.begin_trial(caller, file=row.file_id, rows=row.rows)
    _reset(row, Stage.TRYING)


def _reset(row: ImportRun, stage: Stage) -> None:
    ImportRejection.objects.filter(run=row).delete()
    row.stage, row.problem, row.cancel_asked = stage, "", False
    row.last_row = row.rows_done = row.new = row.known = row.repeated = row.refused = 0
    row.finished_at = None
    row.save()


def _start(caller: Caller, row: ImportRun, *, write_known: bool) -> None:
    if row.source_act is None:
        _reset(row, Stage.RUNNING)
        act = vault.declare_source(
            caller,
            source=SourceActRef(
                source=row.source, purpose=row.purpose, basis=row.basis, label=row.label, proof_file=row.proof_file
            ),
        )
        row.source_act, row.write_known, row.started_at = act.id, write_known, now()
        evidence.note(caller, Entry(event=Event.IMPORT_STARTED, decision="allow", count=row.rows, ref=f"import:{row.id}"))
    row.stage, row.problem, row.cancel_asked, row.finished_at = Stage.RUNNING, "", False, None
    row.save()


@dataclass(slots=True)
class _Work:
    """What a pass over the rows carries along."""

    caller: Caller
    row: ImportRun
    keys: list[str]
    kind: str
    dates: frozenset[str]
    seen: Seen
    source: SourceActRef
    known: Mapping[str, AttributeDef]


def _go(caller: Caller, run: uuid.UUID, *, writing: bool, progress: Progress | None = None) -> None:
    """Every row from the last checkpoint on, batch by batch; a problem stops the import and names itself."""
    row = queries.row_of(caller, run)
    if row.stage != (Stage.RUNNING if writing else Stage.TRYING):
        return
    try:
        work = _work(caller, row)
        for batch in _batches(work):
            with transaction.atomic():
                if writing:
                    _one_batch_at_a_time()
                fresh = ImportRun.objects.select_for_update().get(id=row.id)
                if fresh.cancel_asked:
                    _finish(caller, fresh, Stage.CANCELLED, writing=writing)
                    return
                if batch[-1].row <= fresh.last_row or fresh.stage != row.stage:
                    return  # another worker has done it
                _batch(work, fresh, batch, writing=writing)
            if progress:
                progress(queries.view(caller, run=run))
        with transaction.atomic():
            fresh = ImportRun.objects.select_for_update().get(id=row.id)
            _finish(caller, fresh, Stage.DONE if writing else Stage.TRIED, writing=writing)
    except Problem as problem:
        code = getattr(problem, "finding", "") or problem.code
        ImportRun.objects.filter(id=run).update(stage=Stage.STOPPED, problem=code[:64], finished_at=now())
        if progress:
            raise
    except Exception:
        # Not our own finding (a full disk, a database that went away): the checkpoint is whole, so it can be taken up.
        with suppress(DatabaseError):
            ImportRun.objects.filter(id=run).update(stage=Stage.STOPPED, problem="interrupted", finished_at=now())
        raise


def _one_batch_at_a_time() -> None:
    """Two imports of the same people at once would both find nobody: until this batch commits, no other one looks.
    Imports still take turns batch by batch, and a batch is the only thing that holds this lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITING_LOCK])


def _work(caller: Caller, row: ImportRun) -> _Work:
    bound = queries.usable_columns(row)
    known = queries.catalogue()
    return _Work(
        caller=caller,
        row=row,
        keys=bound,
        kind="organisation" if "org_name" in bound else "person",
        dates=frozenset(key for key in bound if key and known[key].type in _DATES),
        seen=Seen(row.rows),
        known=known,
        source=SourceActRef(
            source=row.source, purpose=row.purpose, basis=row.basis, label=row.label, proof_file=row.proof_file, id=row.source_act
        ),
    )


def _batches(work: _Work) -> Iterator[list[tables.Line]]:
    """Rows not yet done. Rows before the checkpoint are only marked as seen, so that a repeat is still found."""
    for lines in tables.lines(queries.content(work.caller, work.row.file_id), reading=queries.reading(work.row)):
        for begin_at in range(0, len(lines), BATCH_ROWS):
            batch = lines[begin_at : begin_at + BATCH_ROWS]
            done = [line for line in batch if line.row <= work.row.last_row]
            for line in done:
                work.seen.first(_identity(work, _values(work, line)), line.row)
            if len(done) < len(batch):
                yield batch[len(done) :]


def _identity(work: _Work, values: dict[str, str]) -> dict[str, str]:
    """What tells people of one file apart, in normal form: `138 0000 1234` repeats `13800001234`."""
    identity = {}
    for key in IDENTITY & values.keys():
        try:
            identity[key] = normalise_for(work.known[key], values[key])
        except InvalidValue:
            identity[key] = values[key]
    return identity


def _values(work: _Work, line: tables.Line) -> dict[str, str]:
    return {key: text for key, text in zip(work.keys, line.cells, strict=False) if key and text.strip()}


def _batch(work: _Work, row: ImportRun, batch: list[tables.Line], *, writing: bool) -> None:
    """Judge the rows, write the good ones, and move the checkpoint, all in the transaction that is open."""
    notes: list[ImportRejection] = []
    sound: list[tuple[tables.Line, dict[str, str]]] = []
    for line in batch:
        values = _values(work, line)
        attribute, code, other = _damage(work, line, values)
        if code:
            verdict = Verdict.REPEATED if code == "repeated" else Verdict.REFUSED
            notes.append(_note(row, line, verdict, attribute, code, other))
        else:
            sound.append((line, values))
    trials = vault.try_many(
        work.caller, rows=[values for _line, values in sound], source=work.source, file=row.file_id, kind=work.kind
    )
    good: list[dict[str, str]] = []
    for (line, values), trial in zip(sound, trials, strict=True):
        if trial.errors:
            attribute, code = trial.errors[0]
            notes.append(_note(row, line, Verdict.REFUSED, attribute, code, None))
        elif trial.age_status == "under14":
            notes.append(_note(row, line, Verdict.REFUSED, "", "under14", None))
        elif trial.known and not row.write_known:
            notes.append(_note(row, line, Verdict.KNOWN, "", "known", None))
        else:
            good.append(values)
    counted = [one.verdict for one in notes]
    row.new += len(good)
    row.known += counted.count(Verdict.KNOWN)
    row.repeated += counted.count(Verdict.REPEATED)
    row.refused += counted.count(Verdict.REFUSED)
    if row.known + row.repeated + row.refused <= MAX_REASONS:
        ImportRejection.objects.bulk_create(notes)
    if writing and good:
        admitted = vault.admit_many(work.caller, rows=good, source=work.source, kind=work.kind)
        row.written += admitted.admitted
    if writing:
        ImportBatch.objects.create(
            run=row, first_row=batch[0].row, last_row=batch[-1].row, rows=len(batch), written=len(good), at=now()
        )
    row.rows_done += len(batch)
    row.last_row = batch[-1].row
    row.save()


def _damage(work: _Work, line: tables.Line, values: dict[str, str]) -> tuple[str, str, int | None]:
    """What the file itself did to a row: damaged cells of columns that are imported, serial dates, repeats."""
    for index, code in sorted(line.found.items()):
        key = work.keys[index] if 0 <= index < len(work.keys) else ""
        if index < 0 or key:
            return key, code, None
    for key in work.dates & values.keys():
        if is_serial(values[key]):
            return key, "date_serial", None
    if work.kind == "organisation" and not values.get("org_name"):
        return "org_name", "required", None
    if work.kind == "person" and not values.get("name"):
        return "name", "required", None
    other = work.seen.first(_identity(work, values), line.row)
    return ("", "repeated", other) if other else ("", "", None)


def _note(row: ImportRun, line: tables.Line, verdict: Verdict, key: str, code: str, other: int | None) -> ImportRejection:
    return ImportRejection(
        run=row, row=line.row, verdict=verdict.value, attribute=key[:48], code=code[:32], other_row=other
    )


def _finish(caller: Caller, row: ImportRun, stage: Stage, *, writing: bool) -> None:
    row.stage, row.cancel_asked, row.finished_at = stage, False, now()
    row.save(update_fields=["stage", "cancel_asked", "finished_at"])
    if writing:
        event = Event.IMPORT_FINISHED if stage is Stage.DONE else Event.IMPORT_CANCELLED
        evidence.note(caller, Entry(event=event, decision="allow", count=row.written, ref=f"import:{row.id}"))
