"""The row of one subject inside a verb: locked, checked, decided about, and written back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any, NoReturn

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Noted
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Refused
from kexin.regime import queries as regime
from kexin.regime.types import Action, Actor, Bundle, Context, Decision, Standing, SubjectFacts
from kexin.vault.models import Subject
from kexin.vault.search.tokens import Tokens
from kexin.vault.types import SubjectErased, SubjectErasing, SubjectNotFound, WrongState

#: What writing verbs carry out themselves: they log.
WRITING = Context(can_execute=frozenset({"log"}))
#: A change carries its source act, which is the reason that a rule asks for; nothing is shown by it.
AMENDING = Context(can_execute=frozenset({"log", "reason", "watermark"}))
#: Verbs about a whole record (freeze, discard, erase, hold) carry their ground, which is the reason that a rule asks
#: for; nothing is shown by them, so that a watermark has nothing to stand on and is met.
ABOUT_THE_RECORD = Context(can_execute=frozenset({"log", "reason", "watermark"}))


class WriteRefused(Refused):
    """A rule of the rulebook, or the absence of one, keeps this caller from changing this."""

    code = "write-refused"
    title = _("没有执行：制度不允许这样做")


def locked(*ids: uuid.UUID, states: Collection[str] = ("active", "frozen")) -> list[Subject]:
    """These subjects, locked until the end of the transaction, in the order asked for. Locks are taken in the order
    of ids, so that two verbs about the same people never wait for each other in a circle."""
    found = {one.id: one for one in Subject.objects.select_for_update().filter(id__in=ids).order_by("id")}
    return [_in_state(found.get(one), states) for one in ids]


def _in_state(subject: Subject | None, states: Collection[str]) -> Subject:
    if subject is None:
        raise SubjectNotFound
    if subject.state in states:
        return subject
    if subject.state == "erased":
        raise SubjectErased
    if subject.state == "erasing":
        raise SubjectErasing
    raise WrongState


def facts_of(caller: Caller, subject: Subject) -> SubjectFacts:
    """What rules may ask about this subject, for this caller, now."""
    standing = regime.subject_facts(caller, [subject.id]).get(subject.id) or Standing()
    return SubjectFacts(
        id=subject.id,
        kind=subject.kind,
        state=subject.state,
        age_status=subject.age_status,
        unproven=subject.unproven,
        facets=subject.facets,
        grants=standing.grants,
        consents=standing.consents or {},
        discarded=subject.discarded_at is not None,
        contact_at=subject.contact_at,
        created_at=subject.created_at,
    )


def require_write(
    caller: Caller,
    *,
    facts: SubjectFacts,
    attributes: Collection[str],
    audit_id: uuid.UUID | None = None,
    context: Context = WRITING,
    actor: Actor | None = None,
    under: Bundle | None = None,
) -> Decision:
    """Every one of these attributes may be written, or the refusal is on record and raised. ``actor`` and ``under``:
    rights and rulebook that the same verb has read already."""
    decision = regime.decide(
        caller,
        action=Action.WRITE,
        subject=facts,
        attributes=tuple(attributes),
        context=context,
        actor=actor,
        under=under,
    )
    refused = [key for key in attributes if not decision.allowed(key)]
    if refused:
        deny(caller, decision, refused, audit_id)
    return decision


def require_any_write(caller: Caller, *, subject: Subject) -> Decision:
    """For verbs about the whole record: the caller may write at least one attribute of it under this purpose."""
    bundle = regime.bundle()
    attributes = tuple(key for key, one in bundle.attributes.items() if subject.kind in one.subject_kinds)
    decision = regime.decide(
        caller, action=Action.WRITE, subject=facts_of(caller, subject), attributes=attributes, context=ABOUT_THE_RECORD
    )
    if not any(decision.allowed(key) for key in attributes):
        deny(caller, decision, attributes, subject.audit_id)
    return decision


def deny(caller: Caller, decision: Decision, refused: Collection[str], audit_id: uuid.UUID | None) -> NoReturn:
    """Put a refusal on record, outside the transaction that it ends, and raise it."""
    evidence.note_now(
        caller,
        Entry(
            event=Event.ACCESS_DENIED,
            decision="deny",
            action=str(decision.action),
            rule_ids=decision.rule_ids,
            rulebook=decision.rulebook,
            audit_ids=(audit_id,) if audit_id else (),
            count=len(refused),
        ),
    )
    first = decision.outcomes.get(next(iter(refused), ""))
    raise WriteRefused(
        rule=first.rule_ids[0] if first and first.rule_ids else "",
        article=first.article if first else "",
        missing=first.missing if first else (),
        who=first.who if first else "",
        errors=tuple({"attribute": key, "code": "refused"} for key in refused),
    )


def noted(caller: Caller, event: Event, subject: Subject, *, decision: Decision | None = None, **fields: Any) -> Noted:
    """The evidence line of a verb about one subject, in the verb's own transaction."""
    return evidence.note(caller, entry(event, subject, decision=decision, **fields))


def announced(caller: Caller, subject: Subject, *more: Subject, opens: int, decision: Decision | None = None) -> Noted:
    """The line that must be committed before a writing verb opens what it is about to change."""
    return evidence.note_now(
        caller,
        entry(
            Event.CUSTOMER_OPENED,
            subject,
            *more,
            decision=decision,
            action=str(Action.WRITE),
            opens=opens,
        ),
    )


def entry(event: Event, *subjects: Subject, decision: Decision | None = None, **fields: Any) -> Entry:
    """An evidence entry about these subjects, with what the decision said."""
    fields.setdefault("count", len(subjects))
    fields.setdefault("decision", "allow")
    if decision is not None:
        fields.setdefault("action", str(decision.action))
        fields.setdefault("rule_ids", decision.rule_ids)
        fields.setdefault("rulebook", decision.rulebook)
    audit_ids = tuple(subject.audit_id for subject in subjects if subject.audit_id)
    return Entry(event=event, audit_ids=audit_ids, **fields)


def write_tokens(subject_id: uuid.UUID, tokens: Tokens) -> None:
    """Replace the search tokens of one subject."""
    drop_tokens([subject_id])
    with connections["default"].cursor() as cursor:
        cursor.executemany(
            "INSERT INTO vault_tokenexact (index, gen, token, subject_id) VALUES (%s, %s, %s, %s)",
            [(*row, subject_id) for row in tokens.exact],
        )
        cursor.executemany(
            "INSERT INTO vault_tokengram (subject_id, index, gen, tokens) VALUES (%s, %s, %s, %s)",
            [(subject_id, index, gen, list(grams)) for index, gen, grams in tokens.grams],
        )


def drop_tokens(subjects: Collection[uuid.UUID]) -> int:
    """Remove the search tokens of these subjects; answers how many rows there were."""
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM vault_tokenexact WHERE subject_id = ANY(%s::uuid[])", [list(subjects)])
        removed = int(cursor.rowcount)
        cursor.execute("DELETE FROM vault_tokengram WHERE subject_id = ANY(%s::uuid[])", [list(subjects)])
        return removed + int(cursor.rowcount)
