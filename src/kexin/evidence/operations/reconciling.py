"""Opens held against the lines that announced them, line by line: the one thing that the ledger cannot prove by itself.

The seal layer reports each open under the line that announced it. A line that announced fewer opens than happened, and
an open under a line that does not exist, are findings: each is kept, and named by a line of its own, once.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, transaction

from kexin.evidence.operations.noting import note
from kexin.evidence.types import FILE_CLASS, Entry, Event, Flag
from kexin.foundation import clock
from kexin.foundation.caller import Caller

#: A report is judged once its line is so old: by then every process has reported, and the line has its number.
SETTLED_S = 120
#: Findings that one run names; the next run goes on.
_NAMED = 200

#: Whether a line exists is known only where lines that are younger by `SETTLED_S` have numbers: a sequencer that stands
#: still proves nothing. Files and envelopes are compared apart, so that neither can hide behind the other.
_SILENT = """
WITH newest AS (SELECT at FROM evidence_leaf ORDER BY seq DESC LIMIT 1),
opened AS (
    SELECT intake_id, grade = %(file)s AS file, min(at) AS at, sum(opens) AS opens FROM evidence_opencount
     WHERE intake_id IS NOT NULL AND at < %(until)s GROUP BY 1, 2
),
compared AS (
    SELECT o.*, l.seq, CASE WHEN (l.event = %(file_opened)s) = o.file THEN l.opens ELSE 0 END AS announced
      FROM opened o LEFT JOIN evidence_leaf l USING (intake_id)
     WHERE l.seq IS NOT NULL OR o.at < (SELECT at FROM newest) - %(settled)s
)
INSERT INTO evidence_openfinding AS f (intake_id, file, at, opened, announced, seq, found_at)
SELECT intake_id, file, at, opens, announced, seq, %(now)s FROM compared c
 WHERE opens > announced AND NOT EXISTS (
       SELECT 1 FROM evidence_openfinding k WHERE k.intake_id = c.intake_id AND k.file = c.file AND k.opened >= c.opens)
 ORDER BY at LIMIT %(named)s
ON CONFLICT (intake_id, file) DO UPDATE SET opened = EXCLUDED.opened, found_at = EXCLUDED.found_at
RETURNING intake_id, opened - announced
"""
_TOTALS = """
INSERT INTO evidence_reconciliation AS r (minute, opened, announced, at)
SELECT coalesce(o.minute, l.minute), coalesce(o.opens, 0), coalesce(l.opens, 0), %(now)s
FROM (SELECT minute, sum(opens) AS opens FROM evidence_opencount WHERE minute >= %(since)s AND minute < %(until)s
      GROUP BY minute) o
FULL JOIN (SELECT date_trunc('minute', at) AS minute, sum(opens) AS opens FROM evidence_leaf
           WHERE at >= %(since)s AND at < %(until)s AND opens > 0 GROUP BY 1) l ON l.minute = o.minute
ON CONFLICT (minute) DO UPDATE SET opened = EXCLUDED.opened, announced = EXCLUDED.announced, at = EXCLUDED.at
"""
#: A report is kept for a day, and until it was judged.
_FORGET = """
DELETE FROM evidence_opencount WHERE minute < %(since)s AND (
    intake_id IS NULL OR EXISTS (SELECT 1 FROM evidence_leaf l WHERE l.intake_id = evidence_opencount.intake_id)
    OR EXISTS (SELECT 1 FROM evidence_openfinding f WHERE f.intake_id = evidence_opencount.intake_id))
"""


def reconcile_opens(caller: Caller, *, back_hours: int = 24) -> int:
    """Compare what was opened with what was announced, line by line; answers how many opens were found that no line had
    announced (each counts once, however often the job runs).

    Runs as a timetable job. More announced than opened is ordinary (a key was not there, a process died before its
    report); more opened than announced means that something opened an envelope or a file and did not say so.
    """
    at = clock.now()
    until = at - timedelta(seconds=SETTLED_S)
    span = _span(at, until, back_hours)
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(_SILENT, span)
        found: list[tuple[uuid.UUID, int]] = cursor.fetchall()
        cursor.execute(_TOTALS, {**span, "until": until.replace(second=0, microsecond=0)})
        if len(found) < _NAMED:
            cursor.execute(_FORGET, span)
        for line, excess in found:
            note(
                caller,
                Entry(event=Event.OPENS_RECONCILED, count=excess, flags=(Flag.OPENS_UNANNOUNCED,), ref=f"line:{line}"),
            )
        silent = sum(excess for _line, excess in found)
        note(
            caller,
            Entry(event=Event.OPENS_RECONCILED, count=silent, flags=(Flag.OPENS_UNANNOUNCED,) if silent else ()),
        )
    return silent


def _span(at: datetime, until: datetime, back_hours: int) -> dict[str, Any]:
    return {
        "now": at,
        "until": until,
        "since": (until - timedelta(hours=back_hours)).replace(second=0, microsecond=0),
        "settled": timedelta(seconds=SETTLED_S),
        "file": FILE_CLASS,
        "file_opened": Event.FILE_OPENED.value,
        "named": _NAMED,
    }
