"""Verbs that change what may be done with a record, without opening it."""

from __future__ import annotations

import uuid
from datetime import datetime

from kexin.foundation.caller import Caller


def freeze(caller: Caller, *, subject: uuid.UUID, ground: str) -> None:
    """封存: keep the record, stop its use. `ground` is a short code."""
    raise NotImplementedError


def unfreeze(caller: Caller, *, subject: uuid.UUID) -> None:
    """End a freeze."""
    raise NotImplementedError


def discard(caller: Caller, *, subject: uuid.UUID) -> None:
    """Into the bin (回收站): invisible to every purpose; deleted after 30 days."""
    raise NotImplementedError


def restore(caller: Caller, *, subject: uuid.UUID) -> None:
    """Out of the bin, within 30 days."""
    raise NotImplementedError


def touch_contact(caller: Caller, *, subject: uuid.UUID, at: datetime) -> None:
    """The customer got in touch (his own contact, never ours): moves `contact_at` forward, never back."""
    raise NotImplementedError
