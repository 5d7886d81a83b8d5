"""Counts that are too many for a line each: refusals of the unauthenticated, and what the seal layer opened.

Both gather in memory for at most a second, then go to a table on the second connection: a process that is killed loses
at most a second of counts, never a line. `reconciling` compares the opens with the lines that announced them.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import re
import threading
import time
import uuid
from collections import Counter
from datetime import datetime

from django.db import DatabaseError, connections, transaction
from django.utils.translation import gettext_lazy as _

from kexin.evidence.operations.noting import SECOND_CONNECTION
from kexin.evidence.types import Noted
from kexin.foundation import clock
from kexin.foundation.ids import uuid7
from kexin.foundation.problems import Unavailable

FLUSH_S = 1.0
#: Reports of opens that a process keeps while they cannot be written: a few hundred kilobytes.
MOST_WAITING = 5_000
_KIND = re.compile(r"[a-z0-9_.-]{1,40}")
_log = logging.getLogger(__name__)

_REFUSED = (
    "INSERT INTO evidence_refusal (minute, kind, count) VALUES (%s, %s, %s)"
    " ON CONFLICT (minute, kind) DO UPDATE SET count = evidence_refusal.count + EXCLUDED.count"
)
_OPENED = (
    "INSERT INTO evidence_opencount (id, intake_id, at, minute, grade, opens) SELECT id, intake_id, at,"
    " date_trunc('minute', at), grade, opens FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::smallint[],"
    " %s::bigint[]) AS w(id, intake_id, at, grade, opens)"
)


class CountsFull(Unavailable):
    """Opens could not be reported for so long that no more can be remembered: until they can, nothing opens."""

    code = "counts-full"
    title = _("暂时无法打开")


class _Gathered:
    """Counters of this process and the moment they were last written."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.refusals: Counter[tuple[datetime, str]] = Counter()
        #: (announcing line, its instant, class of key) -> opens.
        self.opens: Counter[tuple[uuid.UUID, datetime, int]] = Counter()
        #: Held while counts are written, so that what one writer could not write is back before the next one looks.
        self.writing = threading.Lock()
        self.under_way = 0
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

    def full(self) -> bool:
        """Whether no more reports fit, those included that are being written just now."""
        return len(self.opens) + self.under_way >= MOST_WAITING


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


def count_opens(*, noted: Noted, grade: int, opens: int = 1) -> None:
    """The seal layer is about to open ``opens`` envelopes of ``grade`` (or files, by their class of key) under this
    line. Raises CountsFull, before anything is open, when earlier counts could not be written for too long."""
    with _gathered.lock:
        _gathered.opens[noted.intake_id, noted.at, grade] += opens
        full = _gathered.full()
        due = _gathered.due() or full
    if due:
        flush_counts()
    if full and _gathered.full():
        raise CountsFull(remedy=_("稍后再试；数据没有改变"))


def flush_counts() -> None:
    """Write what has gathered. What cannot be written is put back and tried again with the next count."""
    with _gathered.writing:
        with _gathered.lock:
            refusals, opens = _gathered.refusals, _gathered.opens
            _gathered.refusals, _gathered.opens, _gathered.under_way = Counter(), Counter(), len(opens)
            _gathered.written_at, _gathered.timer = time.monotonic(), None
        written = False
        try:
            written = _write(refusals, opens)
        finally:
            with _gathered.lock:
                _gathered.under_way = 0
                if not written:
                    _gathered.refusals.update(refusals)
                    _gathered.opens.update(opens)


def _write(refusals: Counter[tuple[datetime, str]], opens: Counter[tuple[uuid.UUID, datetime, int]]) -> bool:
    """One transaction on the second connection; False when it failed and the counts are to be kept."""
    if not refusals and not opens:
        return True
    try:
        with transaction.atomic(using=SECOND_CONNECTION), connections[SECOND_CONNECTION].cursor() as cursor:
            if refusals:
                # In one order everywhere, so that two processes never wait for each other in a circle.
                cursor.executemany(_REFUSED, [(minute, kind, n) for (minute, kind), n in sorted(refusals.items())])
            if opens:
                rows = [(uuid7(), *what, n) for what, n in opens.items()]
                cursor.execute(_OPENED, [list(column) for column in zip(*rows, strict=True)])
    except DatabaseError:
        _log.warning("counts of refusals and opens could not be written and are kept for the next attempt")
        return False
    return True


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
