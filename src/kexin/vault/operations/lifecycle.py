"""Verbs that change what may be done with a record, without opening it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from kexin.evidence.types import Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.regime.types import Decision
from kexin.vault import subjects
from kexin.vault.models import Subject
from kexin.vault.types import WrongState

#: How long the bin (回收站) keeps a record.
BIN_DAYS = 30
_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")


def freeze(caller: Caller, *, subject: uuid.UUID, ground: str) -> None:
    """封存: keep the record, stop its use. `ground` is a short code (request, notice_overdue, …)."""
    if not _CODE.fullmatch(ground):
        raise WrongState(_("封存原因须为代码"))
    with transaction.atomic():
        row, decision = _mine(caller, subject, states=("active",))
        row.state, row.freeze_ground = "frozen", ground
        row.save(update_fields=["state", "freeze_ground"])
        subjects.noted(caller, Event.CUSTOMER_FROZEN, row, decision=decision)


def unfreeze(caller: Caller, *, subject: uuid.UUID) -> None:
    """End a freeze."""
    with transaction.atomic():
        row, decision = _mine(caller, subject, states=("frozen",))
        row.state, row.freeze_ground = "active", ""
        row.save(update_fields=["state", "freeze_ground"])
        subjects.noted(caller, Event.CUSTOMER_UNFROZEN, row, decision=decision)


def discard(caller: Caller, *, subject: uuid.UUID) -> None:
    """Into the bin (回收站): invisible to every purpose; deleted after 30 days."""
    with transaction.atomic():
        row, decision = _mine(caller, subject)
        if row.discarded_at or row.merged_into:
            raise WrongState
        row.discarded_at = clock.now()
        row.save(update_fields=["discarded_at"])
        subjects.noted(caller, Event.CUSTOMER_DISCARDED, row, decision=decision)


def restore(caller: Caller, *, subject: uuid.UUID) -> None:
    """Out of the bin, within 30 days."""
    with transaction.atomic():
        [row] = subjects.locked(subject)
        if row.discarded_at is None or row.discarded_at < clock.now() - timedelta(days=BIN_DAYS):
            raise WrongState
        # Decided as if it were out of the bin: inside it, every purpose is a no.
        row.discarded_at = None
        decision = subjects.require_any_write(caller, subject=row)
        row.save(update_fields=["discarded_at"])
        subjects.noted(caller, Event.CUSTOMER_RESTORED, row, decision=decision)


def touch_contact(caller: Caller, *, subject: uuid.UUID, at: datetime) -> None:
    """The customer got in touch (his own contact, never ours): moves `contact_at` forward, never back."""
    with transaction.atomic():
        row, decision = _mine(caller, subject)
        if at > clock.now() or (row.contact_at and row.contact_at >= at):
            return
        row.contact_at = at
        row.save(update_fields=["contact_at"])
        subjects.noted(caller, Event.CUSTOMER_AMENDED, row, decision=decision, count=0)


def _mine(
    caller: Caller, subject: uuid.UUID, *, states: Collection[str] = ("active", "frozen")
) -> tuple[Subject, Decision]:
    [row] = subjects.locked(subject, states=states)
    return row, subjects.require_any_write(caller, subject=row)
