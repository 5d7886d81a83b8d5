"""Deletion, from the first mark to the certificate, and the legal holds that delay a part of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from kexin.foundation.caller import Caller
from kexin.vault.types import ErasureView


def erase(
    caller: Caller, *, subject: uuid.UUID, ground: str = "request", request_ref: uuid.UUID | None = None
) -> ErasureView:
    """Mark the record as erasing, write the line, queue the rest (`continue_erasure`)."""
    raise NotImplementedError


def continue_erasure(caller: Caller, *, erasure: uuid.UUID | str) -> ErasureView:
    """Everything after the mark: hold envelope, keys, holdings, reading back, certificate. Safe to run again."""
    raise NotImplementedError


def place_hold(
    caller: Caller,
    *,
    subject: uuid.UUID,
    attributes: Collection[str],
    ground: str,
    article: str = "",
    until: datetime | None = None,
) -> uuid.UUID:
    """法定留存 of some attributes; answers with the hold's id."""
    raise NotImplementedError


def release_hold(caller: Caller, *, hold: uuid.UUID) -> None:
    """End a hold; an erasure that waited for it resumes."""
    raise NotImplementedError
