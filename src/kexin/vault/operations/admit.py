"""Verbs that bring records in: one by one, or by the thousand."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from django.db import connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Flag
from kexin.foundation import canonical, clock, ids
from kexin.foundation.caller import Caller
from kexin.regime import queries as regime
from kexin.regime.types import Action, Actor, Decision, SubjectFacts
from kexin.vault import bulk, copying, keys, records, subjects, suites
from kexin.vault.bulk import Batch
from kexin.vault.models import SourceAct
from kexin.vault.records import Catalogue, Prepared
from kexin.vault.types import Admitted, AdmittedMany, InvalidValues, RowRefusal, SourceActRef, shown_number

UNPROVEN = "unproven"
#: People per transaction of `admit_many`: small enough for a lock-free intake, large enough for COPY.
BATCH = 1_000
_AUDIT_ITEM = "A02"
_GRADES = (1, 2, 3, 4)
#: Tokens that are looked up without a word to the planner.
_FEW = 50
_WHOLE_TABLE = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan")
_PROBE = "SELECT " + ", ".join(f"set_config('{one}', %s, true)" for one in _WHOLE_TABLE)
_SHARING = (
    "SELECT t.subject_id, t.index, t.gen, t.token FROM vault_tokenexact t"
    " JOIN vault_subject s ON s.id = t.subject_id AND s.visible"
    " WHERE t.index = %s AND t.gen = %s AND t.token = ANY(%s::bytea[])"
)


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
    asker = regime.actor(caller)
    decision = subjects.require_write(
        caller, facts=facts, attributes=tuple(prepared.values), actor=asker, under=catalogue.bundle
    )
    one = bulk.seal(subject_id or ids.uuid7(), prepared, _tools(catalogue, prepared.grades))
    duplicates = _duplicates(caller, facts, prepared, one, asker, catalogue)
    keys.store(one.keys)
    with transaction.atomic():
        source = declare_source(caller, source=source)
        number = _insert_one(one, source=source, kind=kind)
        evidence.note(caller, _entry(decision, [one.audit_id], source))
    return Admitted(
        subject_id=one.id,
        number=shown_number(number),
        source_act_id=source.id,  # type: ignore[arg-type]  # declared by now, and so it has one
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
    the others go in. Memory holds some batches at a time, whatever the length of `rows`."""
    catalogue = Catalogue.now()
    source = declare_source(caller, source=source)
    refused: list[RowRefusal] = []
    made: list[uuid.UUID] = []
    totals: Counter[str] = Counter()

    def write(batch: Batch, decision: Decision) -> None:
        with transaction.atomic():
            totals["duplicates"] += _count_duplicates(batch)
            _insert(batch)
            evidence.note(caller, _entry(decision, batch.audit_ids, source))
        totals.update(admitted=len(batch.ids), batches=1)
        if want_ids:
            made.extend(batch.ids)

    with bulk.KeyLane() as lane:
        waiting: tuple[Batch, Decision, Future[None]] | None = None
        for sealed in _sealed_batches(rows, catalogue, source, kind, lane):
            refused += [RowRefusal(row=row, errors=errors) for row, errors in sealed.refused]
            found = _decided(caller, sealed, source, kind, refused)
            if found is None:
                continue
            # The keys of this batch commit in the other cluster while the batch before it goes into this one.
            begun = (*found, lane.store(found[0].keys))
            if waiting:
                waiting[2].result()
                write(*waiting[:2])
            waiting = begun
        if waiting:
            waiting[2].result()
            write(*waiting[:2])
    return AdmittedMany(
        source_act_id=source.id,  # type: ignore[arg-type]  # declared by now, and so it has one
        admitted=totals["admitted"],
        refused=tuple(refused),
        batches=totals["batches"],
        duplicates=totals["duplicates"],
        subject_ids=tuple(made),
    )


def _sealed_batches(
    rows: Iterable[Mapping[str, str]], catalogue: Catalogue, source: SourceActRef, kind: str, lane: bulk.KeyLane
) -> Iterator[Batch]:
    """Sealed batches in the order of the rows. A long input is sealed by processes beside this one, at most two
    batches ahead of each, so that memory stays bounded; its keys are stored by a thread beside this one."""
    numbered = enumerate(rows)
    tools = _tools(catalogue, _GRADES)
    act = bulk.Act(
        id=source.id,  # type: ignore[arg-type]  # declared by now, and so it has one
        purpose=source.purpose,
        kind=kind,
        unproven=source.basis == UNPROVEN,
        named=records.facets_named(catalogue.bundle),
    )
    started: list[bulk.Sealers] = []
    ahead: deque[Future[bytes]] = deque()
    with bulk.stopping(started):
        for count in itertools.count(1):
            batch = list(itertools.islice(numbered, BATCH))
            if not batch:
                break
            if count > bulk.LONG_INPUT_BATCHES and not started:
                given = bulk.Given(
                    catalogue.bundle.attributes, catalogue.secrets, catalogue.house, catalogue.held(_GRADES), tools.suite
                )
                started.append(bulk.Sealers(given, act, count=bulk.processes()))
                lane.widen()
            if not started:
                yield bulk.seal_batch(batch, act, tools)
                continue
            ahead.append(started[0].seal(batch))
            if len(ahead) > 2 * started[0].count:
                yield started[0].opened(ahead.popleft())
        for answer in ahead:
            yield started[0].opened(answer)


def _tools(catalogue: Catalogue, grades: Collection[int]) -> bulk.Tools:
    suite = suites.wanted(catalogue.bundle.rulebook)
    return bulk.Tools(catalogue.bundle.attributes, catalogue.tokeniser, catalogue.house, catalogue.held(grades), suite)


def invalid(errors: Iterable[tuple[str, str]]) -> InvalidValues:
    """The problem that names attributes and reasons, never values."""
    return InvalidValues(errors=tuple({"attribute": key, "code": code} for key, code in errors))


def _decided(
    caller: Caller, batch: Batch, source: SourceActRef, kind: str, refused: list[RowRefusal]
) -> tuple[Batch, Decision] | None:
    """The rows of a batch that may go in, and what allowed them; None when there are none.

    One decision per set of attributes, age and facets that rules name: the facts of a new record say no more than
    that, so the answer is the same for all of them. It is made with the rights and the rulebook of this instant and
    lives no longer than the batch."""
    if not batch.ids:
        return None
    asker, bundle = regime.actor(caller), regime.bundle()
    denied: dict[bulk.Question, list[str]] = {}
    allowed: Decision | None = None
    for question in dict.fromkeys(batch.questions):
        attributes, age_status, named = question
        facts = _facts(kind, age_status, dict(named), source)
        decision = regime.decide(
            caller,
            action=Action.WRITE,
            subject=facts,
            attributes=attributes,
            context=subjects.WRITING,
            actor=asker,
            under=bundle,
        )
        denied[question] = [key for key in attributes if not decision.allowed(key)]
        if len(denied[question]) == len(attributes):
            subjects.deny(caller, decision, denied[question], None)
        if not denied[question]:
            allowed = allowed or decision
    out = {place for place, question in enumerate(batch.questions) if denied[question]}
    refused += [
        RowRefusal(row=batch.rows[place], errors=tuple((key, "refused") for key in denied[batch.questions[place]]))
        for place in sorted(out)
    ]
    return (batch.without(out), allowed) if allowed else None


def _new_facts(kind: str, prepared: Prepared, source: SourceActRef) -> SubjectFacts:
    return _facts(kind, prepared.age_status, prepared.facets, source)


def _facts(kind: str, age_status: str, facets: Mapping[str, str], source: SourceActRef) -> SubjectFacts:
    """A record that does not exist yet: nobody owns it, nobody has consented to anything."""
    return SubjectFacts(
        kind=kind,
        state="active",
        age_status=age_status,
        unproven=source.basis == UNPROVEN,
        facets=facets,
    )


_INSERT = """
WITH subject AS (
    INSERT INTO vault_subject
        (id, kind, state, age_status, unproven, audit_id, facets, freeze_ground, created_at, ver)
    VALUES (%s, %s, 'active', %s, %s, %s, %s::jsonb, '', %s, 1) RETURNING number
), sealed AS (
    INSERT INTO vault_sealed (subject_id, entity, entity_id, grade, ver, suite, key_gen, ct) VALUES {sealed}
), provenance AS (
    INSERT INTO vault_provenance (subject_id, source_act_id, attributes, at) VALUES (%s, %s, NULL, %s)
){tokens} SELECT number FROM subject
"""
_EXACT = ", exact AS (INSERT INTO vault_tokenexact (subject_id, index, gen, token) VALUES {rows})"
_GRAMS = ", grams AS (INSERT INTO vault_tokengram (subject_id, index, gen, tokens) VALUES {rows})"


def _insert_one(one: bulk.Sealed, *, source: SourceActRef, kind: str) -> int:
    """Everything about one record in one statement; answers with its number."""
    now = clock.now()
    who, exact, grams = one.id, one.tokens.exact, one.tokens.grams
    unproven = source.basis == UNPROVEN
    facets = canonical.dumps(dict(one.facets)).decode()
    params: list[Any] = [who, kind, one.age_status, unproven, one.audit_id, facets, now]
    for entity, *rest in one.envelopes:
        params += [who, entity, who, *rest]
    params += [who, source.id, now]
    tokens = ""
    if exact:
        tokens += _EXACT.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(exact)))
        params += [value for row in exact for value in (who, *row)]
    if grams:
        tokens += _GRAMS.format(rows=", ".join(["(%s, %s, %s, %s::int[])"] * len(grams)))
        params += [value for index, gen, found in grams for value in (who, index, gen, copying.array(found))]
    sealed = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(one.envelopes))
    with connections["default"].cursor() as cursor:
        cursor.execute(_INSERT.format(sealed=sealed, tokens=tokens), params)
        return int(cursor.fetchone()[0])


def _insert(batch: Batch) -> None:
    """COPY everything about these records; the database gives them their numbers, in order."""
    with connections["default"].cursor() as cursor:
        copying.copy(
            cursor,
            "vault_subject (id, kind, state, age_status, unproven, audit_id, facets, freeze_ground, created_at, ver)",
            batch.subjects,
        )
        columns = "subject_id, entity, entity_id, grade, ver, suite, key_gen, ct"
        copying.copy(cursor, f"vault_sealed ({columns})", batch.envelopes)
        # In the order of the index: neighbours go to the same page while it is in memory.
        exact = sorted(itertools.chain.from_iterable(batch.exact))
        copying.copy(cursor, "vault_tokenexact (index, gen, token, subject_id)", exact)
        copying.copy(cursor, "vault_tokengram (subject_id, index, gen, tokens)", batch.grams)
        copying.copy(cursor, "vault_provenance (subject_id, source_act_id, attributes, at)", batch.provenance)


def _entry(decision: Decision, audit_ids: Sequence[uuid.UUID], source: SourceActRef) -> Entry:
    return Entry(
        event=Event.CUSTOMER_ADMITTED,
        decision="allow",
        action=str(Action.WRITE),
        rule_ids=decision.rule_ids,
        rulebook=decision.rulebook,
        audit_item=_AUDIT_ITEM,
        flags=(Flag.UNPROVEN,) if source.basis == UNPROVEN else (),
        audit_ids=tuple(audit_ids),
        count=len(audit_ids),
        ref=str(source.id),
    )


def _duplicates(
    caller: Caller, facts: SubjectFacts, prepared: Prepared, one: bulk.Sealed, asker: Actor, catalogue: Catalogue
) -> tuple[uuid.UUID, ...]:
    """Visible subjects that share an exact value, through attributes that this caller may search."""
    decision = regime.decide(
        caller,
        action=Action.SEARCH,
        subject=facts,
        attributes=tuple(prepared.values),
        actor=asker,
        under=catalogue.bundle,
    )
    wanted = [row for row in bulk.exact_tokens(one.tokens) if decision.allowed(row[0].partition(":")[0])]
    return tuple(dict.fromkeys(row[0] for row in sharing(wanted)))


def _count_duplicates(batch: Batch) -> int:
    """How many records of a batch share an exact value with a visible subject, or with one another."""
    wanted = list(itertools.chain.from_iterable(batch.tokens))
    known = {(index, gen, bytes(token)) for _id, index, gen, token in sharing(wanted)}
    seen = Counter(wanted)
    if not known and len(seen) == len(wanted):
        return 0
    return sum(1 for one in batch.tokens if any(row in known or seen[row] > 1 for row in one))


def sharing(wanted: Sequence[tuple[str, int, bytes]]) -> list[tuple[Any, ...]]:
    """(subject, index, generation, token) of visible subjects that have one of these tokens."""
    if not wanted:
        return []
    groups: dict[tuple[str, int], list[str]] = {}
    for index, gen, token in wanted:
        groups.setdefault((index, gen), []).append(token.hex())
    sql = " UNION ALL ".join([_SHARING] * len(groups))
    # The array is written out here: a driver that asks every token for its type costs more than the search.
    params = [
        value
        for (index, gen), tokens in groups.items()
        for value in (index, gen, '{"\\\\x' + '","\\\\x'.join(tokens) + '"}')
    ]
    with transaction.atomic(), connections["default"].cursor() as cursor:
        if len(wanted) > _FEW:
            # Thousands of probes into an index: the planner, shy of random reads, would read the whole table instead.
            cursor.execute(_PROBE, ["off"] * len(_WHOLE_TABLE))
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        if len(wanted) > _FEW:
            cursor.execute(_PROBE, ["on"] * len(_WHOLE_TABLE))
        return found
