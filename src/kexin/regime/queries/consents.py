"""DOOR: the state of consents, their receipts, and whether a person may be asked again."""

from __future__ import annotations

import uuid

from kexin.foundation.caller import Caller
from kexin.regime.types import ConsentLine, ReceiptView


def consent_strip(subject_id: uuid.UUID) -> tuple[ConsentLine, ...]:
    """The present state of every purpose and channel that this subject was asked about, by purpose and channel."""
    raise NotImplementedError


def receipts(caller: Caller, *, subject: uuid.UUID) -> tuple[ReceiptView, ...]:
    """Every signed receipt of a subject, newest first."""
    raise NotImplementedError


def receipt(code: str) -> ReceiptView | None:
    """The receipt with this short code (R-7F3K-29QD; case and dashes do not matter), or None."""
    raise NotImplementedError
