"""Verbs that bring records in: one by one, or by the thousand."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Flag
from kexin.foundation import clock, ids
from kexin.foundation.caller import Caller
from kexin.foundation.canonical import dumps
from kexin.regime import queries as regime
from kexin.regime.types import Action, Bundle, Decision, SubjectFacts
from kexin.vault import copying, envelopes, keys, records, subjects
from kexin.vault.models import SourceAct
from kexin.vault.records import Catalogue, Prepared
from kexin.vault.search.tokens import Tokens
from kexin.vault.types import Admitted, AdmittedMany, InvalidValues, RowRefusal, SourceActRef, shown_number

UNPROVEN = "unproven"
#: People per transaction of `admit_many`: small enough for a lock-free intake, large enough for COPY.
BATCH = 1_000
_AUDIT_ITEM = "A02"


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
    one = _seal(subject_id or ids.uuid7(), prepared, catalogue)
    duplicates = _duplicates(caller, facts, prepared, one.tokens)
    keys.create_many(one.keys)
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
    numbered = enumerate(rows)
    while batch := list(itertools.islice(numbered, BATCH)):
        with copying.no_cycles():
            good = list(_acceptable(caller, batch, catalogue.bundle, source, kind, refused))
            if not good:
                continue
            sealed = [_seal(ids.uuid7(), prepared, catalogue) for prepared, _decision in good]
            totals["duplicates"] += _count_duplicates(sealed)
            keys.create_many([key for one in sealed for key in one.keys])
            with transaction.atomic():
                _insert(sealed, source=source, kind=kind)
                evidence.note(caller, _entry(good[0][1], sealed, source))
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


def invalid(errors: Iterable[tuple[str, str]]) -> InvalidValues:
    """The problem that names attributes and reasons, never values."""
    return InvalidValues(errors=tuple({"attribute": key, "code": code} for key, code in errors))


@dataclass(frozen=True, slots=True)
class _Sealed:
    """One record, ready to be stored."""

    id: uuid.UUID
    audit_id: uuid.UUID
    age_status: str
    facets: Mapping[str, str]
    keys: Sequence[keys.Wrapped]
    envelopes: Sequence[envelopes.Envelope]
    tokens: Tokens


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


def _seal(subject_id: uuid.UUID, prepared: Prepared, catalogue: Catalogue) -> _Sealed:
    """Mint keys, seal, tokenise. Touches no table of records."""
    refs = records.refs_of(subject_id, prepared.grades)
    held, rows = keys.mint(refs, {grade: catalogue.epoch(grade) for grade in prepared.grades})
    made = records.seal_record(subject_id=subject_id, prepared=prepared, ver=1, held=held, house=catalogue.house)
    tokens = records.tokens_of(prepared, catalogue)
    return _Sealed(subject_id, uuid.uuid4(), prepared.age_status, prepared.facets, rows, made, tokens)


def _insert(sealed: Sequence[_Sealed], *, source: SourceActRef, kind: str) -> list[int]:
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
                f"{copying.text(dumps(dict(one.facets)).decode())}\t\t{now}\t1\n"
                for one, number in zip(sealed, numbers, strict=True)
            ),
        )
        copying.copy(
            cursor,
            "vault_sealed (subject_id, entity, entity_id, grade, ver, suite, key_gen, ct)",
            (
                f"{e.subject_id.hex}\t{e.entity}\t{e.entity_id.hex}\t{e.grade}\t{e.ver}\t{e.suite}\t{e.key_gen}\t"
                f"{copying.bytea(e.ct)}\n"
                for one in sealed
                for e in one.envelopes
            ),
        )
        copying.copy(
            cursor,
            "vault_tokenexact (subject_id, index, gen, token)",
            (
                f"{one.id.hex}\t{index}\t{gen}\t{copying.bytea(token)}\n"
                for one in sealed
                for index, gen, token in one.tokens.exact
            ),
        )
        copying.copy(
            cursor,
            "vault_tokengram (subject_id, index, gen, tokens)",
            (
                f"{one.id.hex}\t{index}\t{gen}\t{copying.array(grams)}\n"
                for one in sealed
                for index, gen, grams in one.tokens.grams
            ),
        )
        act = source.id.hex if source.id else copying.NULL
        copying.copy(
            cursor,
            "vault_provenance (subject_id, source_act_id, attributes, at)",
            (f"{one.id.hex}\t{act}\t{copying.NULL}\t{now}\n" for one in sealed),
        )
    return numbers


def _entry(decision: Decision, sealed: Sequence[_Sealed], source: SourceActRef) -> Entry:
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


def _duplicates(caller: Caller, facts: SubjectFacts, prepared: Prepared, tokens: Tokens) -> tuple[uuid.UUID, ...]:
    """Visible subjects that share an exact value, through attributes that this caller may search."""
    decision = regime.decide(caller, action=Action.SEARCH, subject=facts, attributes=tuple(prepared.values))
    wanted = [row for row in _exact(tokens) if decision.allowed(row[0].partition(":")[0])]
    return tuple(dict.fromkeys(row[0] for row in _sharing(wanted)))


def _count_duplicates(sealed: Sequence[_Sealed]) -> int:
    """How many records of a batch share an exact value with a visible subject, or with one another."""
    wanted = [row for one in sealed for row in _exact(one.tokens)]
    known = {(index, gen, bytes(token)) for _id, index, gen, token in _sharing(wanted)}
    seen = Counter(wanted)
    return sum(1 for one in sealed if any(row in known or seen[row] > 1 for row in _exact(one.tokens)))


def _exact(tokens: Tokens) -> list[tuple[str, int, bytes]]:
    return [row for row in tokens.exact if row[0].endswith(":exact")]


def _sharing(wanted: Sequence[tuple[str, int, bytes]]) -> list[tuple[Any, ...]]:
    if not wanted:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (t.subject_id, t.index, t.gen, t.token) t.subject_id, t.index, t.gen, t.token"
            " FROM unnest(%s::text[], %s::smallint[], %s::bytea[]) AS w(index, gen, token)"
            " JOIN vault_tokenexact t ON t.index = w.index AND t.gen = w.gen AND t.token = w.token"
            " JOIN vault_subject s ON s.id = t.subject_id AND s.visible",
            [[row[0] for row in wanted], [row[1] for row in wanted], [row[2] for row in wanted]],
        )
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
