"""People for tests, made through the room's own verbs."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta
from typing import Any

from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.clock import now
from kexin.people import operations
from kexin.people.models import Person
from kexin.people.rules import posts

SETUP = Caller.for_service("setup", cause="test")
PASSWORD = "苹果树下的第七盏灯 2026 年"

_numbers = itertools.count(1)


def person(role: str | None = "sales", *, password: str | None = None, **fields: Any) -> Person:
    """A member of staff with one post (None: none). ``password`` defaults to unusable: hashing costs time."""
    fields.setdefault("staff_no", f"T{next(_numbers):05d}-{uuid.uuid4().hex[:6]}")
    fields.setdefault("name", "林晓雯")
    identity = operations.create_person(SETUP, password=password, **fields)
    if role:
        until = now() + timedelta(days=30) if role in posts.NEEDS_END else None
        operations.assign_role(SETUP, person=identity, role=role, until=until)
    return Person.objects.get(id=identity)


def caller_for(member: Person, purpose: str | None = None, *, cause: str = "test") -> Caller:
    """That person's Caller with the present epoch; without a purpose, the usual one of their posts."""
    member.refresh_from_db(fields=["epoch"])
    if purpose is None:
        held = member.assignments.filter(revoked_at__isnull=True).values_list("role", flat=True)
        purpose = next(iter(posts.purposes_of(held)), "")
    return Caller(kind=CallerKind.STAFF, id=member.id, epoch=member.epoch, purpose=purpose, cause=cause)
