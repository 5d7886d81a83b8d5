"""Putting a watch on a record, and ending it."""

from __future__ import annotations

import uuid

from django.db import transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller, CallerKind
from kexin.regime import queries as regime
from kexin.vault import envelopes, subjects, watch

#: A post that looks after alarms and sees no customer.
PERMISSION = "vault:watch:mark"
#: The demo company watches one record of its own.
_TELLERS = frozenset({"demo"})


def watch_record(caller: Caller, *, subject: uuid.UUID) -> None:
    """诱饵数据: whoever opens this record raises an alarm. What was marked stands in the sealed half of the line."""
    _set(caller, subject, on=True)


def unwatch_record(caller: Caller, *, subject: uuid.UUID) -> None:
    """End the watch on a record."""
    _set(caller, subject, on=False)


def _set(caller: Caller, subject: uuid.UUID, *, on: bool) -> None:
    if not (caller.kind is CallerKind.SERVICE and caller.service in _TELLERS):
        regime.require(caller, PERMISSION)
    with transaction.atomic():
        [row] = subjects.locked(subject)
        changed = watch.mark(row.id) if on else watch.unmark(row.id)
        if changed:
            payload = envelopes.seal_payload(subject, {"watch": "on" if on else "off", "subject": str(subject)})
            # Without the person's audit id: a search of the ledger by it must not tell that the record is watched.
            entry = Entry(event=Event.SETTING_CHANGED, decision="allow", ref="watch", count=1, payload=payload)
            evidence.note(caller, entry)
