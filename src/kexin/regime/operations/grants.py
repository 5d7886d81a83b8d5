"""DOOR: facts pushed down: who stands in which relation to a subject. Upper rooms write them in their transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from kexin.foundation.caller import Caller
from kexin.regime.types import Relation


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
    raise NotImplementedError


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
    raise NotImplementedError


def end_grant(
    caller: Caller,
    *,
    subject: uuid.UUID | None,
    principal: uuid.UUID | None = None,
    relation: Relation | str | None = None,
    ref: str | None = None,
) -> int:
    """End the grants of a subject that match every word given, now; answers how many. Ended rows stay readable."""
    raise NotImplementedError
