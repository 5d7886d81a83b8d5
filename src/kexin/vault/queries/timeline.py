"""What happened with one person: collected, looked at, contacted, given away, asked for consent; newest first."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import connections

from kexin.foundation.caller import Caller
from kexin.people import queries as people
from kexin.regime import queries as regime
from kexin.vault.queries.card import sources
from kexin.vault.queries.rows import ask_about
from kexin.vault.queries.subjects import person
from kexin.vault.types_views import Happened

LINES = 50


def timeline(caller: Caller, *, subject: uuid.UUID) -> tuple[Happened, ...]:
    """The newest `LINES` happenings, for whoever may see the card. Nothing is opened; a use of a value that the
    caller may not read is left out with the value. Raises SubjectNotFound, SubjectErased."""
    asking, row = ask_about(caller, subject)
    found = person(asking, subject, row)
    looks = [one for one in _looks(subject) if not found.reading.denied(one[2])]
    departments = people.departments_of(frozenset(actor for _at, _kind, _key, _purpose, actor in looks))
    lines = [Happened(at=act.at, what="collected", purpose=act.purpose, detail=act.source) for act in sources(subject)]
    lines += [
        Happened(at=at, what=kind, purpose=purpose, attribute=key, department=departments.get(actor, ""))
        for at, kind, key, purpose, actor in looks
    ]
    lines += [
        Happened(at=line.at, what=f"consent.{line.status}", purpose=line.purpose, detail=line.receipt)
        for line in regime.consent_strip(subject)
    ]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:LINES])


def _looks(subject: uuid.UUID) -> list[tuple[datetime, str, str, str, uuid.UUID]]:
    """(at, reveal | contact | disclosed.…, attribute, purpose, actor) by the index of the subject."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "(SELECT at, kind, attribute, purpose, actor_id FROM vault_reveal WHERE subject_id = %s"
            " ORDER BY at DESC LIMIT %s) UNION ALL"
            " (SELECT at, 'disclosed.' || kind, attributes[1], purpose, actor_id FROM vault_disclosure"
            " WHERE subject_id = %s ORDER BY at DESC LIMIT %s)",
            [subject, LINES, subject, LINES],
        )
        return list(cursor.fetchall())
