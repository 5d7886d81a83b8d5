"""One person: masked values, facts, where they came from; or 已删除记录."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db import connections

from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.regime.types import Action
from kexin.vault.queries import rows as governed_rows
from kexin.vault.queries.asking import ask
from kexin.vault.queries.page import checked_columns
from kexin.vault.queries.subjects import person
from kexin.vault.types import SubjectErased, shown_number
from kexin.vault.types_views import Card, SourceLine

_REVEALS_DAYS = 30


def card(caller: Caller, *, subject: uuid.UUID, columns: Iterable[str] | None = None) -> Card:
    """The card of one person (every attribute of the catalogue for its kind, unless `columns` names some).

    Only the display envelope is opened, after the line `customer.opened`. An erased person answers with ``gone``:
    number and time, nothing else. Raises SubjectNotFound for absent, hidden and forbidden alike.
    """
    asking = ask(caller)
    asked = checked_columns(asking, columns) if columns is not None else None
    try:
        found = person(asking, subject)
    except SubjectErased:
        return _gone(subject)
    raw = found.raw
    keys = (
        asked
        if asked is not None
        else tuple(key for key, one in asking.attributes.items() if raw.kind in one.subject_kinds)
    )
    usable = [key for key in keys if asking.attributes[key].type in governed_rows.CONTACT_TYPES]
    contacting = asking.decide(Action.CONTACT, raw.facts(found.held), usable)
    governed_rows.note_opened(
        asking, Event.CUSTOMER_OPENED, [raw], relations=[found.relation], rule_ids=found.reading.rule_ids
    )
    try:
        displayed = governed_rows.open_displays([subject])
    except SubjectErased:
        return _gone(subject)
    display = None if subject in displayed.closed else displayed.values.get(subject, {})
    outcomes = found.outcomes()
    reveals, disclosures, ver = _counted(subject)
    return Card(
        id=subject,
        number=shown_number(raw.number),
        gone=False,
        kind=raw.kind,
        state=raw.state,
        age_status=raw.age_status,
        unproven=raw.unproven,
        relation=found.relation,
        ver=ver,
        cells={
            key: governed_rows.cell(
                asking,
                asking.attributes[key],
                read=outcomes[key],
                contact=contacting.outcomes[key].outcome.value if key in contacting.outcomes else "deny",
                facets=raw.facets,
                display=display,
                denial=found.reading.outcomes[key],
            )
            for key in keys
        },
        sources=sources(subject),
        reveals_30d=reveals,
        disclosures=disclosures,
        contact_at=raw.contact_at,
        created_at=raw.created_at,
        unavailable=bool(displayed.closed),
    )


def _gone(subject: uuid.UUID) -> Card:
    """已删除记录: what is left is a number and when it ended."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT s.number, s.state, max(e.done_at) FROM vault_subject s"
            " LEFT JOIN vault_erasure e ON e.subject_id = s.id WHERE s.id = %s GROUP BY s.number, s.state",
            [subject],
        )
        number, state, done_at = cursor.fetchone()
    return Card(id=subject, number=shown_number(number), gone=True, state=state, erased_at=done_at)


def _counted(subject: uuid.UUID) -> tuple[int, int, int]:
    """Values opened in the last 30 days, disclosures ever, and the record's version for an amendment."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM vault_reveal WHERE subject_id = s.id AND kind = 'reveal' AND at > %s),"
            " (SELECT count(*) FROM vault_disclosure WHERE subject_id = s.id), s.ver FROM vault_subject s WHERE s.id = %s",
            [clock.now() - timedelta(days=_REVEALS_DAYS), subject],
        )
        reveals, disclosures, ver = cursor.fetchone()
    return int(reveals), int(disclosures), int(ver)


def sources(subject: uuid.UUID, *, attribute: str | None = None) -> tuple[SourceLine, ...]:
    """The acts by which a person's values came, newest first; only those behind one value when it is named."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(a.label, ''), a.source), a.purpose, a.basis, a.at, a.notice FROM vault_provenance p"
            " JOIN vault_sourceact a ON a.id = p.source_act_id WHERE p.subject_id = %s"
            " AND (%s::text IS NULL OR p.attributes IS NULL OR %s = ANY(p.attributes)) ORDER BY a.at DESC, a.id LIMIT 50",
            [subject, attribute, attribute],
        )
        rows = cursor.fetchall()
    return tuple(
        SourceLine(source=label, purpose=purpose, basis=basis, at=at, unproven=basis == "unproven", notice=notice)
        for label, purpose, basis, at, notice in rows
    )
