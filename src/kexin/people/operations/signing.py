"""Signing in and out: limited tries, sessions, passwords."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from kexin.evidence.operations import count_refusal, note_now
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.clock import now
from kexin.foundation.problems import Refused
from kexin.people import queries
from kexin.people.models import Person, SignIn
from kexin.people.operations.decisions import bump_epoch, line, locked
from kexin.people.types import WeakPassword

#: reliability.md §5: at most three live sessions of one person; the oldest gives way.
MOST_SESSIONS = 3

#: One statement decides and counts, under the row's lock: 64 parallel guesses are counted exactly.
_ATTEMPT = """
INSERT INTO people_attempt AS a (bucket, hits) VALUES (%(bucket)s, ARRAY[%(at)s::timestamptz])
ON CONFLICT (bucket) DO UPDATE
   SET hits = ARRAY(SELECT h FROM unnest(a.hits) h WHERE h > %(since)s::timestamptz) || %(at)s::timestamptz
 WHERE (SELECT count(*) FROM unnest(a.hits) h WHERE h > %(since)s::timestamptz) < %(limit)s
RETURNING 1
"""
_FORGIVE = "UPDATE people_attempt SET hits = hits[1:cardinality(hits) - 1] WHERE bucket = %s"
_FORGET = "DELETE FROM people_attempt WHERE bucket = %s"


def _bucket(kind: str, key: str) -> str:
    return salted_hmac(f"kexin.people.attempt.{kind}", key, algorithm="sha256").hexdigest()


def attempt(kind: str, key: str, *, limit: int, window: timedelta) -> bool:
    """Count one try and say whether it may be evaluated. At most ``limit`` in any ``window``; committed at once.

    Runs on the autocommit connection, so that a rolled-back request has still been counted and no row lock is held
    while a password is hashed.
    """
    at = now()
    with connections["evidence"].cursor() as cursor:
        cursor.execute(_ATTEMPT, {"bucket": _bucket(kind, key), "at": at, "since": at - window, "limit": limit})
        return cursor.fetchone() is not None


def forgive(kind: str, key: str, *, all_of_them: bool = False) -> None:
    """Take back the last try (or all) after a success: only failures use up a limit."""
    with connections["evidence"].cursor() as cursor:
        cursor.execute(_FORGET if all_of_them else _FORGIVE, [_bucket(kind, key)])


def refuse_sign_in(*, person: uuid.UUID | None, limited: bool) -> None:
    """Write down a failed sign-in. The same work for known and unknown names: time must not tell them apart."""
    if limited:
        count_refusal("signin.limited")
        return
    caller = Caller.for_service("signin", cause="signin")
    if person is not None:
        caller = Caller(kind=CallerKind.STAFF, id=person, epoch=0, cause="signin")
    note_now(caller, Entry(event=Event("signin.failed"), decision="deny"))


def begin_session(person: uuid.UUID, *, session_key: str, way: str, place: str, device: str) -> None:
    """Record a session that just began and end the oldest ones beyond the limit. The caller is the person."""
    with transaction.atomic():
        row = locked(person)
        caller = Caller(kind=CallerKind.STAFF, id=person, epoch=row.epoch, cause="signin")
        sign_in = SignIn.objects.create(
            person_id=person, session_key=session_key, way=way[:16], place=place[:64], device=device[:64]
        )
        live = SignIn.objects.filter(person_id=person, ended_at__isnull=True).order_by("-at", "-id")
        surplus = list(live.values_list("id", flat=True)[MOST_SESSIONS:])
        end_all_sessions(SignIn.objects.filter(id__in=surplus), ending="replaced")
        line(caller, "signin.succeeded", ref=sign_in.id, action=way)


def end_session(caller: Caller, *, session_key: str, ending: str) -> None:
    """A session is over: signed out, timed out, or its rights changed."""
    with transaction.atomic():
        row = SignIn.objects.filter(session_key=session_key, ended_at__isnull=True).first()
        if row is None:
            return
        end_all_sessions(SignIn.objects.filter(id=row.id), ending=ending)
        line(caller, "signout" if ending == "signed_out" else "session.ended", ref=row.id, action=ending)


def end_all_sessions(which: QuerySet[SignIn], *, ending: str) -> None:
    """Delete the sessions themselves and mark their records. Runs inside the caller's transaction."""
    live = which.filter(ended_at__isnull=True)
    Session.objects.filter(session_key__in=[key for key in live.values_list("session_key", flat=True) if key]).delete()
    live.update(ended_at=now(), ending=ending, session_key=None)


def change_password(caller: Caller, *, old: str, new: str) -> None:
    """Change one's own password; every session (this one too) ends with its next request. Raises WeakPassword."""
    with transaction.atomic():
        person = locked(caller.id)
        if caller.kind is not CallerKind.STAFF or not queries.principal(caller).is_current:
            raise Refused(_("没有修改：登录状态已变化。"), remedy=_("请重新登录后再改。"))
        if not person.check_password(old):
            raise WeakPassword(_("原密码不对。"), errors=({"field": "old", "message": _("原密码不对。")},))
        set_password(person, new)
        end_all_sessions(SignIn.objects.filter(person_id=person.id), ending="password")
        line(caller, "password.changed", ref=person.id)


def set_password(person: Person, new: str) -> None:
    """Store a new password that meets the rules, and make every session stale. Raises WeakPassword."""
    try:
        validate_password(new, person)
    except ValidationError as error:
        raise WeakPassword(
            " ".join(error.messages), errors=tuple({"field": "new", "message": text} for text in error.messages)
        ) from error
    person.set_password(new)
    Person.objects.filter(id=person.id).update(password=person.password)
    bump_epoch(person.id)
