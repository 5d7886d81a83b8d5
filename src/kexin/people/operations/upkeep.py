"""Upkeep on the timetable: records of signing in leave when nobody may or need keep them any longer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import QuerySet

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people.models import SignIn
from kexin.people.operations.decisions import demand
from kexin.people.rules.posts import Act

#: 网络安全法 第二十三条: not shorter than six months, of which the longest has 184 days; the law asks for no more, so we
#: keep no more. Who signed in stays proved by the ledger, without place and device.
SIGN_INS_KEPT = timedelta(days=184)
#: No limit looks back longer than five minutes (`sign_in.ACCOUNT_WINDOW`); a day leaves room for longer ones.
ATTEMPTS_KEPT = timedelta(days=1)
#: Rows deleted in one transaction: short locks, short replication, and a stop in between loses nothing.
BATCH = 2_000

#: The condition stands twice on purpose: a try that is counted meanwhile makes the row young again, and the outer
#: condition is the one that PostgreSQL reads again.
_OLD_ATTEMPTS = """
DELETE FROM people_attempt a WHERE a.bucket = ANY(ARRAY(
    SELECT o.bucket FROM people_attempt o WHERE NOT EXISTS (SELECT 1 FROM unnest(o.hits) h WHERE h > %(before)s) LIMIT %(batch)s
)) AND NOT EXISTS (SELECT 1 FROM unnest(a.hits) h WHERE h > %(before)s)
"""


def forget_old_sign_ins(caller: Caller, *, batch: int = BATCH) -> Mapping[str, int]:
    """Delete sign-ins, sessions and counted tries that are past their time; answers with counts. Safe to run again."""
    demand(caller, Act.FORGET)
    at = now()
    return {
        "sign_ins": _in_batches(SignIn.objects.filter(at__lt=at - SIGN_INS_KEPT), batch),
        "sessions": _in_batches(Session.objects.filter(expire_date__lt=at), batch),
        "attempts": _old_attempts(batch),
    }


def _in_batches(old: QuerySet[Any], batch: int) -> int:
    gone = 0
    while True:
        with transaction.atomic():
            keys = list(old.order_by("pk").values_list("pk", flat=True)[:batch])
            gone += old.filter(pk__in=keys).delete()[0]
        if len(keys) < batch:
            return gone


def _old_attempts(batch: int) -> int:
    gone = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_OLD_ATTEMPTS, {"before": now() - ATTEMPTS_KEPT, "batch": batch})
            found = int(cursor.rowcount)
        gone += found
        if found < batch:
            return gone
