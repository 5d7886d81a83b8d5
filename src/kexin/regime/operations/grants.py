"""DOOR: facts pushed down: who stands in which relation to a subject. Upper rooms write them in their transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.ids import uuid7
from kexin.foundation.problems import Invalid
from kexin.regime.models import Grant
from kexin.regime.types import Relation

_RELATIONS = frozenset(relation.value for relation in Relation)
#: Grants are asked about in the audit as authorisation by post and least privilege (AUD A18).
AUDIT_ITEM = "A18"

#: One statement whatever the number of subjects; an open grant keeps the later of two ends (NULL = without end).
_INSERT = """
INSERT INTO regime_grant AS g (id, subject_id, principal_id, relation, purpose, ref, until, granted_by, granted_at)
SELECT n.id, n.subject_id, %(principal)s, %(relation)s, %(purpose)s, %(ref)s, %(until)s, %(by)s, %(at)s
  FROM unnest(%(ids)s::uuid[], %(subjects)s::uuid[]) AS n(id, subject_id)
ON CONFLICT (subject_id, principal_id, relation, purpose, ref) WHERE ended_at IS NULL
DO UPDATE SET until = CASE WHEN g.until <= %(at)s THEN EXCLUDED.until
                           WHEN g.until IS NULL OR EXCLUDED.until IS NULL THEN NULL
                           ELSE GREATEST(g.until, EXCLUDED.until) END
RETURNING g.id, (xmax = 0)
"""


class GrantInvalid(Invalid):
    """A grant that cannot be written: unknown relation, a reference that is too long, an end in the past."""

    code = "grant-invalid"
    title = _("没有授予：授予的内容不完整")


def grant(
    caller: Caller,
    *,
    subject: uuid.UUID | None,
    principal: uuid.UUID,
    relation: Relation | str,
    until: datetime | None = None,
    purpose: str = "",
    ref: str = "",
    audit_ids: Iterable[uuid.UUID] = (),
) -> uuid.UUID:
    """Give a principal (person, department, role principal, EVERYONE) a relation to a subject; answers the grant's id.

    ``subject`` None: a standing relation (exam, PIA). ``purpose`` "" = under every purpose. ``ref`` names the case,
    approval or task behind it. The same grant again moves ``until`` and answers the same id. One evidence line.
    """
    rows = _write(caller, [subject], principal, relation, until, purpose, ref, tuple(audit_ids))
    return rows[0][0]


def grant_many(
    caller: Caller,
    *,
    subjects: Iterable[uuid.UUID],
    principal: uuid.UUID,
    relation: Relation | str,
    until: datetime | None = None,
    purpose: str = "",
    ref: str = "",
) -> int:
    """The same grant for many subjects in one statement and one evidence line; answers how many were new."""
    wanted = list(dict.fromkeys(subjects))
    if not wanted:
        return 0
    return sum(fresh for _id, fresh in _write(caller, wanted, principal, relation, until, purpose, ref, ()))


def _write(
    caller: Caller,
    subjects: list[uuid.UUID] | list[uuid.UUID | None],
    principal: uuid.UUID,
    relation: Relation | str,
    until: datetime | None,
    purpose: str,
    ref: str,
    audit_ids: tuple[uuid.UUID, ...],
) -> list[tuple[uuid.UUID, bool]]:
    at = now()
    _check(str(relation), until, purpose, ref, at)
    values: dict[str, Any] = {
        "ids": [uuid7() for _subject in subjects],
        "subjects": list(subjects),
        "principal": principal,
        "relation": str(relation),
        "purpose": purpose,
        "ref": ref,
        "until": until,
        "by": caller.id,
        "at": at,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        rows: list[tuple[uuid.UUID, bool]] = cursor.fetchall()
        _note(
            caller, Event.GRANT_MADE, relation=str(relation), count=len(rows), ref=str(rows[0][0]), audit_ids=audit_ids
        )
    return rows


def _check(relation: str, until: datetime | None, purpose: str, ref: str, at: datetime) -> None:
    if relation not in _RELATIONS:
        raise GrantInvalid(_("没有这种关系。"), remedy=", ".join(sorted(_RELATIONS)))
    if until is not None and (until.utcoffset() is None or until <= at):
        raise GrantInvalid(_("授权的到期时间必须在将来，并带时区。"))
    if len(ref) > 64 or len(purpose) > 32 or "\x00" in ref + purpose:
        raise GrantInvalid(_("授权的引用或用途太长。"))


def end_grant(
    caller: Caller,
    *,
    subject: uuid.UUID | None,
    principal: uuid.UUID | None = None,
    relation: Relation | str | None = None,
    ref: str | None = None,
    audit_ids: Iterable[uuid.UUID] = (),
) -> int:
    """End the grants of a subject that match every word given, now; answers how many. Ended rows stay readable."""
    at = now()
    wanted = Q(ended_at__isnull=True, subject_id=subject)
    if principal is not None:
        wanted &= Q(principal_id=principal)
    if relation is not None:
        wanted &= Q(relation=str(relation))
    if ref is not None:
        wanted &= Q(ref=ref)
    with transaction.atomic():
        ended = Grant.objects.filter(wanted).update(until=at, ended_at=at, ended_by=caller.id)
        if ended:
            _note(
                caller,
                Event.GRANT_ENDED,
                relation=str(relation or "all"),
                count=ended,
                ref="",
                audit_ids=tuple(audit_ids),
            )
    return ended


def _note(
    caller: Caller, event: Event, *, relation: str, count: int, ref: str, audit_ids: tuple[uuid.UUID, ...]
) -> None:
    evidence.note(
        caller,
        Entry(event=event, action=relation, audit_item=AUDIT_ITEM, count=count, ref=ref, audit_ids=audit_ids),
    )
