"""Counts that are too many for a line each: refusals of the unauthenticated, and envelopes opened by the seal layer.

Both gather in memory for at most a second, then go to a table on the second connection.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import re
import threading
import time
from collections import Counter
from datetime import datetime, timedelta

from django.db import DatabaseError, connections, transaction

from kexin.evidence.operations.noting import SECOND_CONNECTION, note
from kexin.evidence.types import Entry, Event, Flag
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7

FLUSH_S = 1.0
#: A minute is compared once it has been over for this long: by then every process has reported it.
SETTLED_S = 120
_KIND = re.compile(r"[a-z0-9_.-]{1,40}")
_log = logging.getLogger(__name__)

_REFUSED = (
    "INSERT INTO evidence_refusal (minute, kind, count) VALUES (%s, %s, %s)"
    " ON CONFLICT (minute, kind) DO UPDATE SET count = evidence_refusal.count + EXCLUDED.count"
)
_OPENED = "INSERT INTO evidence_opencount (id, minute, grade, opens) VALUES (%s, %s, %s, %s)"


class _Gathered:
    """Counters of this process and the moment they were last written."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.refusals: Counter[tuple[datetime, str]] = Counter()
        self.opens: Counter[tuple[datetime, int]] = Counter()
        self.written_at = 0.0
        self.timer: threading.Timer | None = None

    def due(self) -> bool:
        """Whether to write at once; otherwise a timer is set so that the last counts of a burst are not forgotten."""
        if time.monotonic() - self.written_at >= FLUSH_S:
            return True
        if self.timer is None:
            self.timer = threading.Timer(FLUSH_S, _flush_from_timer)
            self.timer.daemon = True
            self.timer.start()
        return False


_gathered = _Gathered()


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def count_refusal(kind: str) -> None:
    """Add one to this minute's refusals of this kind (a short code: ``signin``, ``csrf``, ``token``)."""
    if not _KIND.fullmatch(kind):
        raise ValueError("a kind of refusal is a short lower-case code")
    with _gathered.lock:
        _gathered.refusals[_minute(clock.now()), kind] += 1
        due = _gathered.due()
    if due:
        flush_counts()


def count_opens(*, at: datetime, grade: int, opens: int = 1) -> None:
    """The seal layer opened ``opens`` envelopes of ``grade`` under the line noted ``at`` (`Noted.at`).

    Counting by the line's own minute, not the clock's, makes the comparison exact at the turn of a minute.
    """
    with _gathered.lock:
        _gathered.opens[_minute(at), grade] += opens
        due = _gathered.due()
    if due:
        flush_counts()


def flush_counts() -> None:
    """Write what has gathered. What cannot be written is put back and tried again with the next count."""
    with _gathered.lock:
        refusals, opens = _gathered.refusals, _gathered.opens
        _gathered.refusals, _gathered.opens = Counter(), Counter()
        _gathered.written_at, _gathered.timer = time.monotonic(), None
    if not refusals and not opens:
        return
    try:
        with transaction.atomic(using=SECOND_CONNECTION), connections[SECOND_CONNECTION].cursor() as cursor:
            if refusals:
                # In one order everywhere, so that two processes never wait for each other in a circle.
                cursor.executemany(_REFUSED, [(minute, kind, n) for (minute, kind), n in sorted(refusals.items())])
            if opens:
                cursor.executemany(_OPENED, [(uuid7(), minute, grade, n) for (minute, grade), n in opens.items()])
    except DatabaseError:
        with _gathered.lock:
            _gathered.refusals.update(refusals)
            _gathered.opens.update(opens)
        _log.warning("counts of refusals and opens could not be written and are kept for the next attempt")


def _flush_from_timer() -> None:
    try:
        flush_counts()
    except Exception:  # noqa: BLE001 - a timer has no caller who could hear of it
        _log.exception("counts of refusals and opens could not be written")
    finally:
        connections[SECOND_CONNECTION].close()


def _flush_at_exit() -> None:
    """The last counts of a process that ends. A database that is gone already cannot take them; nobody can be told."""
    if not (_gathered.refusals or _gathered.opens):
        return
    _log.disabled = True
    with contextlib.suppress(Exception):
        flush_counts()


atexit.register(_flush_at_exit)

_COMPARE = """
SELECT coalesce(o.minute, l.minute), coalesce(o.opens, 0), coalesce(l.opens, 0)
FROM (SELECT minute, sum(opens) AS opens FROM evidence_opencount WHERE minute >= %(since)s AND minute < %(until)s
      GROUP BY minute) o
FULL JOIN (SELECT date_trunc('minute', at) AS minute, sum(opens) AS opens FROM evidence_leaf
           WHERE at >= %(since)s AND at < %(until)s AND opens > 0 GROUP BY 1) l ON l.minute = o.minute
ORDER BY 1
"""
_KEEP = (
    "INSERT INTO evidence_reconciliation (minute, opened, announced, at) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (minute) DO UPDATE SET opened = EXCLUDED.opened, announced = EXCLUDED.announced, at = EXCLUDED.at"
)


def reconcile_opens(caller: Caller, *, back_hours: int = 24) -> int:
    """Compare what was opened with what was announced, minute by minute; answers how many opens have no line.

    Runs as a timetable job. More announced than opened is ordinary (a key was not there, a process died before its
    report); more opened than announced means that something opened an envelope and said nothing.
    """
    until = _minute(clock.now() - timedelta(seconds=SETTLED_S))
    span = {"since": until - timedelta(hours=back_hours), "until": until}
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(_COMPARE, span)
        minutes = cursor.fetchall()
        cursor.executemany(_KEEP, [(minute, opened, told, clock.now()) for minute, opened, told in minutes])
        silent = sum(max(0, int(opened) - int(told)) for _, opened, told in minutes)
        flags = (Flag.OPENS_UNANNOUNCED,) if silent else ()
        note(caller, Entry(event=Event.OPENS_RECONCILED, count=silent, flags=flags))
    return silent
