"""One person: masked values, facts, where they came from; or 已删除记录."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import connections

from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.database import prepared
from kexin.regime.types import Action
from kexin.vault import flags
from kexin.vault.queries import rows as governed_rows
from kexin.vault.queries.opening import open_displays, settled
from kexin.vault.queries.page import checked_columns
from kexin.vault.queries.rows import ask_about
from kexin.vault.queries.subjects import person
from kexin.vault.types import SubjectErased, shown_number
from kexin.vault.types_views import Card, SourceLine

_REVEALS_DAYS = 30


def card(
    caller: Caller, *, subject: uuid.UUID, columns: Iterable[str] | None = None, history: bool = True
) -> Card:
    """The card of one person (every attribute of the catalogue for its kind, unless `columns` names some).

    ``history``: also where the values came from, and how often they were opened and disclosed (one more query).
    Only the display envelope is opened, after the line `customer.opened`. An erased person answers with ``gone``:
    number and time, nothing else. Raises SubjectNotFound for absent, hidden and forbidden alike.
    """
    named = tuple(columns) if columns is not None else None
    try:
        return settled(lambda: _card(caller, subject, named, history=history))
    except SubjectErased:
        return _gone(subject)


def _card(caller: Caller, subject: uuid.UUID, named: Sequence[str] | None, *, history: bool) -> Card:
    """Ask, decide, commit the line, look again, open. Raises SubjectErased and Moved."""
    asking, row = ask_about(caller, subject)
    asked = checked_columns(asking, named) if named is not None else None
    found = person(asking, subject, row)
    raw = found.raw
    keys = (
        asked
        if asked is not None
        else tuple(key for key, one in asking.attributes.items() if raw.kind in one.subject_kinds)
    )
    usable = [key for key in keys if asking.attributes[key].type in governed_rows.CONTACT_TYPES]
    contacting = asking.decide(Action.CONTACT, raw.facts(found.held), usable)
    noted = governed_rows.note_opened(
        asking, Event.CUSTOMER_OPENED, [raw], relations=[found.relation], rule_ids=found.reading.rule_ids
    )
    displayed = open_displays(asking, [raw], {subject: found.held})
    display = None if subject in displayed.closed else displayed.values.get(subject, {})
    flags.after(asking, Event.CUSTOMER_OPENED, noted, flags.in_full(display or {}))
    reading = found.reading.outcomes
    reveals, disclosures, ver, acts = _history(subject) if history else (0, 0, 0, ())
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
                read=reading[key].outcome.value,
                contact=contacting.outcomes[key].outcome.value if key in contacting.outcomes else "deny",
                facets=raw.facets,
                display=display,
                denial=reading[key],
            )
            for key in keys
        },
        sources=acts,
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


_ACTS = (
    "SELECT coalesce(nullif(a.label, ''), a.source) AS label, a.purpose, a.basis, a.at, a.notice FROM vault_provenance p"
    " JOIN vault_sourceact a ON a.id = p.source_act_id WHERE p.subject_id = %(subject)s"
    " AND (%(attribute)s::text IS NULL OR p.attributes IS NULL OR %(attribute)s::text = ANY(p.attributes))"
    " ORDER BY a.at DESC, a.id LIMIT 50"
)
_HISTORY = f"""
SELECT (SELECT count(*) FROM vault_reveal r WHERE r.subject_id = s.id AND r.kind = 'reveal' AND r.at > %(since)s),
       (SELECT count(*) FROM vault_disclosure d WHERE d.subject_id = s.id), s.ver, act.*
  FROM vault_subject s LEFT JOIN LATERAL ({_ACTS}) AS act ON TRUE WHERE s.id = %(subject)s
"""


def _history(subject: uuid.UUID) -> tuple[int, int, int, tuple[SourceLine, ...]]:
    """Values opened in the last 30 days, disclosures ever, the record's version for an amendment, and the sources."""
    since = clock.now() - timedelta(days=_REVEALS_DAYS)
    rows = prepared(_HISTORY, {"since": since, "subject": subject, "attribute": None})
    reveals, disclosures, ver = rows[0][:3]
    return int(reveals), int(disclosures), int(ver), tuple(_source(row[3:]) for row in rows if row[3] is not None)


def sources(subject: uuid.UUID, *, attribute: str | None = None) -> tuple[SourceLine, ...]:
    """The acts by which a person's values came, newest first; only those behind one value when it is named."""
    return tuple(_source(row) for row in prepared(_ACTS, {"subject": subject, "attribute": attribute}))


def _source(row: Sequence[Any]) -> SourceLine:
    label, purpose, basis, at, notice = row
    return SourceLine(source=label, purpose=purpose, basis=basis, at=at, unproven=basis == "unproven", notice=notice)
