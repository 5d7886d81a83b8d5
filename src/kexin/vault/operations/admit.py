"""Verbs that bring records in: one by one, or by the thousand."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from django.db import connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Flag
from kexin.foundation import clock, ids
from kexin.foundation.caller import Caller
from kexin.regime import queries as regime
from kexin.regime.types import Action, Bundle, Decision, SubjectFacts
from kexin.vault import bulk, copying, keys, records, subjects
from kexin.vault.models import SourceAct
from kexin.vault.records import Catalogue, Prepared
from kexin.vault.types import Admitted, AdmittedMany, InvalidValues, RowRefusal, SourceActRef, shown_number

UNPROVEN = "unproven"
#: People per transaction of `admit_many`: small enough for a lock-free intake, large enough for COPY.
BATCH = 1_000
_AUDIT_ITEM = "A02"
_WHOLE_TABLE_JOINS = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")


def declare_source(caller: Caller, *, source: SourceActRef) -> SourceActRef:
    """Write a source act down once (an import names it for all its rows); answers with its id filled in."""
    if source.id is not None:
        return source
    act = SourceAct(
        id=ids.uuid7(),
        source=source.source,
        label=source.label[:120],
        purpose=source.purpose,
        basis=source.basis,
        notice=source.notice,
        proof_file=source.proof_file,
        declared_by=caller.id,
        at=clock.now(),
    )
    act.save(force_insert=True)
    return replace(source, id=act.id)


def admit(
    caller: Caller,
    *,
    values: Mapping[str, str],
    source: SourceActRef,
    kind: str = "person",
    age_status: str | None = None,
    subject_id: uuid.UUID | None = None,
) -> Admitted:
    """Seal one new record.

    Every value must be defined in the catalogue and bound to the source's purpose, and the caller must be allowed to
    write it. Duplicates by exact value are reported, never merged; they are looked for only through attributes that
    the caller may search.
    """
    catalogue = Catalogue.now()
    prepared = records.prepare(
        values, bundle=catalogue.bundle, purpose=source.purpose, kind=kind, age_status=age_status
    )
    if prepared.errors:
        raise invalid(prepared.errors)
    facts = _new_facts(kind, prepared, source)
    decision = subjects.require_write(caller, facts=facts, attributes=tuple(prepared.values))
    one = bulk.seal(subject_id or ids.uuid7(), prepared, _tools(catalogue, prepared.grades), clock.now())
    duplicates = _duplicates(caller, facts, prepared, one.tokens)
    keys.create_many([one.keys])
    with transaction.atomic():
        source = declare_source(caller, source=source)
        number = _insert([one], source=source, kind=kind)[0]
        evidence.note(caller, _entry(decision, [one], source))
    return Admitted(
        subject_id=one.id,
        number=shown_number(number),
        source_act_id=source.id,  # type: ignore[arg-type]
        duplicates=duplicates,
    )


def admit_many(
    caller: Caller,
    *,
    rows: Iterable[Mapping[str, str]],
    source: SourceActRef,
    kind: str = "person",
    want_ids: bool = False,
) -> AdmittedMany:
    """Seal many new records by COPY, in batches of `BATCH` with one evidence line each; refused rows are reported,
    the others go in. Memory holds one batch at a time, whatever the length of `rows`."""
    catalogue = Catalogue.now()
    source = declare_source(caller, source=source)
    refused: list[RowRefusal] = []
    made: list[uuid.UUID] = []
    totals: Counter[str] = Counter()
    for decision, sealed in _sealed_batches(caller, rows, catalogue, source, kind, refused):
        totals["duplicates"] += _count_duplicates(sealed)
        keys.create_many(one.keys for one in sealed)
        with transaction.atomic():
            _insert(sealed, source=source, kind=kind)
            evidence.note(caller, _entry(decision, sealed, source))
        totals.update(admitted=len(sealed), batches=1)
        if want_ids:
            made += [one.id for one in sealed]
    return AdmittedMany(
        source_act_id=source.id,  # type: ignore[arg-type]
        admitted=totals["admitted"],
        refused=tuple(refused),
        batches=totals["batches"],
        duplicates=totals["duplicates"],
        subject_ids=tuple(made),
    )


def _sealed_batches(
    caller: Caller,
    rows: Iterable[Mapping[str, str]],
    catalogue: Catalogue,
    source: SourceActRef,
    kind: str,
    refused: list[RowRefusal],
) -> Iterator[tuple[Decision, list[bulk.Sealed]]]:
    """Sealed batches, not always in the order of the rows. A long input is sealed by processes beside this one, at
    most two batches ahead of each, so that memory stays bounded."""
    numbered = enumerate(rows)
    tools = _tools(catalogue, (1, 2, 3, 4))
    started: list[bulk.Sealers] = []
    ahead: deque[tuple[Decision, Future[bytes]]] = deque()
    with bulk.stopping(started):
        for count in itertools.count(1):
            batch = list(itertools.islice(numbered, BATCH))
            if not batch:
                break
            good = list(_acceptable(caller, batch, catalogue.bundle, source, kind, refused))
            if not good:
                continue
            prepared = [one for one, _decision in good]
            if count > bulk.LONG_INPUT_BATCHES and not started:
                started.append(bulk.Sealers(tools, catalogue.secrets, count=bulk.processes()))
            full = bool(started) and len(ahead) >= 2 * started[0].count
            if not started or (full and not ahead[0][1].done()):
                # Nobody is free: rather than wait, this process seals the batch itself.
                yield good[0][1], bulk.seal_batch(prepared, tools)
                continue
            ahead.append((good[0][1], started[0].seal(prepared)))
            while ahead and (full or ahead[0][1].done()):
                full = False
                decision, answer = ahead.popleft()
                yield decision, started[0].opened(answer)
        for decision, answer in ahead:
            yield decision, started[0].opened(answer)


def _tools(catalogue: Catalogue, grades: Iterable[int]) -> bulk.Tools:
    epochs = {grade: catalogue.epoch(grade) for grade in grades}
    return bulk.Tools(catalogue.bundle.attributes, catalogue.tokeniser, catalogue.house, epochs)


def invalid(errors: Iterable[tuple[str, str]]) -> InvalidValues:
    """The problem that names attributes and reasons, never values."""
    return InvalidValues(errors=tuple({"attribute": key, "code": code} for key, code in errors))


def _acceptable(
    caller: Caller,
    batch: Sequence[tuple[int, Mapping[str, str]]],
    bundle: Bundle,
    source: SourceActRef,
    kind: str,
    refused: list[RowRefusal],
) -> Iterator[tuple[Prepared, Decision]]:
    """The rows of a batch that may go in. One decision per set of attributes and age: the facts of a new record say
    no more than that, so the answer is the same for all of them; it lives no longer than the batch."""
    decisions: dict[tuple[frozenset[str], str], Decision] = {}
    for row, values in batch:
        prepared = records.prepare(values, bundle=bundle, purpose=source.purpose, kind=kind)
        if prepared.errors:
            refused.append(RowRefusal(row=row, errors=prepared.errors))
            continue
        question = (frozenset(prepared.values), prepared.age_status)
        if question not in decisions:
            decisions[question] = regime.decide(
                caller,
                action=Action.WRITE,
                subject=_new_facts(kind, prepared, source),
                attributes=tuple(prepared.values),
                context=subjects.WRITING,
            )
        decision = decisions[question]
        denied = [key for key in prepared.values if not decision.allowed(key)]
        if len(denied) == len(prepared.values):
            subjects.deny(caller, decision, denied, None)
        if denied:
            refused.append(RowRefusal(row=row, errors=tuple((key, "refused") for key in denied)))
            continue
        yield prepared, decision


def _new_facts(kind: str, prepared: Prepared, source: SourceActRef) -> SubjectFacts:
    """A record that does not exist yet: nobody owns it, nobody has consented to anything."""
    return SubjectFacts(
        kind=kind,
        state="active",
        age_status=prepared.age_status,
        unproven=source.basis == UNPROVEN,
        facets=prepared.facets,
    )


def _insert(sealed: Sequence[bulk.Sealed], *, source: SourceActRef, kind: str) -> list[int]:
    """COPY everything about these records; answers with their numbers, in order."""
    now = clock.now().isoformat()
    unproven = "t" if source.basis == UNPROVEN else "f"
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT nextval('vault_subject_number_seq') FROM generate_series(1, %s)", [len(sealed)])
        numbers = [int(row[0]) for row in cursor.fetchall()]
        copying.copy(
            cursor,
            "vault_subject (id, number, kind, state, age_status, unproven, audit_id, facets, freeze_ground,"
            " created_at, ver)",
            (
                f"{one.id.hex}\t{number}\t{kind}\tactive\t{one.age_status}\t{unproven}\t{one.audit_id.hex}\t"
                f"{one.facets}\t\t{now}\t1\n"
                for one, number in zip(sealed, numbers, strict=True)
            ),
        )
        columns = "subject_id, entity, entity_id, grade, ver, suite, key_gen, ct"
        copying.copy(cursor, f"vault_sealed ({columns})", (one.envelopes for one in sealed))
        copying.copy(cursor, "vault_tokenexact (subject_id, index, gen, token)", (one.exact for one in sealed))
        copying.copy(cursor, "vault_tokengram (subject_id, index, gen, tokens)", (one.grams for one in sealed))
        act = source.id.hex if source.id else copying.NULL
        copying.copy(
            cursor,
            "vault_provenance (subject_id, source_act_id, attributes, at)",
            (f"{one.id.hex}\t{act}\t{copying.NULL}\t{now}\n" for one in sealed),
        )
    return numbers


def _entry(decision: Decision, sealed: Sequence[bulk.Sealed], source: SourceActRef) -> Entry:
    return Entry(
        event=Event.CUSTOMER_ADMITTED,
        decision="allow",
        action=str(Action.WRITE),
        rule_ids=decision.rule_ids,
        rulebook=decision.rulebook,
        audit_item=_AUDIT_ITEM,
        flags=(Flag.UNPROVEN,) if source.basis == UNPROVEN else (),
        audit_ids=tuple(one.audit_id for one in sealed),
        count=len(sealed),
        ref=str(source.id),
    )


def _duplicates(
    caller: Caller, facts: SubjectFacts, prepared: Prepared, tokens: Sequence[tuple[str, int, bytes]]
) -> tuple[uuid.UUID, ...]:
    """Visible subjects that share an exact value, through attributes that this caller may search."""
    decision = regime.decide(caller, action=Action.SEARCH, subject=facts, attributes=tuple(prepared.values))
    wanted = [row for row in tokens if decision.allowed(row[0].partition(":")[0])]
    return tuple(dict.fromkeys(row[0] for row in _sharing(wanted)))


def _count_duplicates(sealed: Sequence[bulk.Sealed]) -> int:
    """How many records of a batch share an exact value with a visible subject, or with one another."""
    wanted = [row for one in sealed for row in one.tokens]
    known = {(index, gen, bytes(token)) for _id, index, gen, token in _sharing(wanted)}
    seen = Counter(wanted)
    return sum(1 for one in sealed if any(row in known or seen[row] > 1 for row in one.tokens))


def _sharing(wanted: Sequence[tuple[str, int, bytes]]) -> list[tuple[Any, ...]]:
    if not wanted:
        return []
    with transaction.atomic(), connections["default"].cursor() as cursor:
        # Thousands of probes into an index: the planner, shy of random reads, would read the whole table instead.
        for method in _WHOLE_TABLE_JOINS:
            cursor.execute(f"SET LOCAL {method} = off")
        cursor.execute(
            "SELECT DISTINCT ON (t.subject_id, t.index, t.gen, t.token) t.subject_id, t.index, t.gen, t.token"
            " FROM unnest(%s::text[], %s::smallint[], %s::bytea[]) AS w(index, gen, token)"
            " JOIN vault_tokenexact t ON t.index = w.index AND t.gen = w.gen AND t.token = w.token"
            " JOIN vault_subject s ON s.id = t.subject_id AND s.visible",
            [[row[0] for row in wanted], [row[1] for row in wanted], [row[2] for row in wanted]],
        )
        found: list[tuple[Any, ...]] = cursor.fetchall()
        for method in _WHOLE_TABLE_JOINS:
            cursor.execute(f"SET LOCAL {method} TO DEFAULT")
        return found
