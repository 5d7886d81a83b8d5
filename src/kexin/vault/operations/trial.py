"""A dry run of `admit_many`: what would become of each row, with nothing written and no value handed back.

Whether a row is known already is a search, a thousand rows at a time. So it is done for a kept file only, whose content
stays for whoever asks later what was looked up; each batch leaves a line that names whom it found; and dry runs are
counted. (docs/decisions/0006-trial-imports.md)
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Conflict
from kexin.regime import queries as regime
from kexin.regime.types import Action
from kexin.vault import files, quota, records, subjects
from kexin.vault.bulk import exact_tokens
from kexin.vault.operations.admit import _new_facts, sharing
from kexin.vault.queries.file_rights import refuse_stranger
from kexin.vault.records import Catalogue
from kexin.vault.types import SourceActRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One row: the errors that keep it out (attribute, code), its age status, and whether a visible record shares one
    of its exact values."""

    errors: tuple[tuple[str, str], ...] = ()
    age_status: str = "unknown"
    known: bool = False


class TrialNotBegun(Conflict):
    """Rows are looked up for a declared source act, or for a dry run that `begin_trial` has counted."""

    code = "trial-not-begun"
    title = _("请重新试运行")


def begin_trial(caller: Caller, *, file: uuid.UUID, rows: int) -> None:
    """Reserve the lookups of one dry run of the caller's own kept file. Raises FileGone, FileRefused, SlowDown (too many
    rows were tried within the hour)."""
    refuse_stranger(caller, files.usable(file))
    quota.take_trial(caller, file=file, rows=rows)


def try_many(
    caller: Caller,
    *,
    rows: Sequence[Mapping[str, str]],
    source: SourceActRef,
    file: uuid.UUID,
    kind: str = "person",
) -> list[Trial]:
    """Check, decide and look up every row as `admit_many` would. At most some thousands of rows at a time.

    ``file`` is the kept file that they stand in. Where the source act is not declared yet this is a dry run, and
    uses what `begin_trial` reserved (TrialNotBegun). The line of the batch is committed before anything is answered: how
    many rows were looked up, and whom they found.
    """
    if source.id is None and rows and not quota.use_trial(caller, file=file, rows=len(rows)):
        raise TrialNotBegun
    catalogue = Catalogue.now()
    prepared = [
        records.prepare(values, bundle=catalogue.bundle, purpose=source.purpose, kind=kind) for values in rows
    ]
    denied = _denied(caller, prepared, source, kind)
    tokens = [
        [] if one.errors or refused else exact_tokens(records.tokens_of(one, catalogue))
        for one, refused in zip(prepared, denied, strict=True)
    ]
    known = sharing([token for mine in tokens for token in mine])
    _note(caller, catalogue, file, {row[0] for row in known}, rows=sum(1 for mine in tokens if mine))
    found = {(index, gen, bytes(token)) for _id, index, gen, token in known}
    return [
        Trial(
            errors=one.errors or tuple((key, "refused") for key in refused),
            age_status=one.age_status,
            known=any(token in found for token in mine),
        )
        for one, refused, mine in zip(prepared, denied, tokens, strict=True)
    ]


def _note(caller: Caller, catalogue: Catalogue, file: uuid.UUID, found: Collection[uuid.UUID], *, rows: int) -> None:
    """The line of one batch of lookups; none where nothing could be looked up."""
    if not rows:
        return
    evidence.note_now(
        caller,
        Entry(
            event=Event.CUSTOMER_SEARCHED,
            decision="allow",
            action=Action.SEARCH.value,
            rulebook=catalogue.bundle.sha256,
            audit_item="A06",
            audit_ids=_audit_ids(found),
            count=rows,
            ref=f"file:{file}",
        ),
    )


def _audit_ids(subjects: Collection[uuid.UUID]) -> tuple[uuid.UUID, ...]:
    if not subjects:
        return ()
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT audit_id FROM vault_subject WHERE id = ANY(%s::uuid[]) AND audit_id IS NOT NULL", [list(subjects)]
        )
        return tuple(row[0] for row in cursor.fetchall())


def _denied(
    caller: Caller, prepared: Sequence[records.Prepared], source: SourceActRef, kind: str
) -> list[tuple[str, ...]]:
    """Attributes that this caller may not write, row by row; one decision per set of attributes and age."""
    answers: dict[tuple[frozenset[str], str], tuple[str, ...]] = {}
    refused = []
    for one in prepared:
        question = (frozenset(one.values), one.age_status)
        if question not in answers:
            decision = regime.decide(
                caller,
                action=Action.WRITE,
                subject=_new_facts(kind, one, source),
                attributes=tuple(one.values),
                context=subjects.WRITING,
            )
            answers[question] = tuple(key for key in one.values if not decision.allowed(key))
        refused.append(answers[question])
    return refused
