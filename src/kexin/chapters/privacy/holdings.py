"""What chapter 6 holds on a person: that a deletion was asked for. It is the proof that the request was answered."""

from __future__ import annotations

import uuid
from typing import Any

from kexin.chapters.privacy import models
from kexin.foundation.caller import Caller
from kexin.foundation.holding import ErasedPart, Holding
from kexin.regime import operations as regime


def _export(caller: Caller, subject: uuid.UUID) -> Any:
    del caller
    rows = models.ErasureRequest.objects.filter(subject_id=subject).order_by("taken_at")
    return [{"code": row.code, "taken_at": row.taken_at.isoformat(), "answer_by": row.answer_by.isoformat()} for row in rows]


def _erase(caller: Caller, subject: uuid.UUID) -> ErasedPart:
    # The row says that a record without a name was deleted; with the keys gone it leads to nobody (PIPL 69 asks the
    # company to prove that it answered).
    del caller, subject
    return ErasedPart(removed=0, remaining=0, note="kept as proof, without a name")


def _rebind(caller: Caller, source: uuid.UUID, target: uuid.UUID, merge_id: uuid.UUID) -> int:
    del caller, source, target, merge_id
    return 0


REQUESTS = Holding(
    key="privacy.erasure_requests",
    label={"zh": "删除请求记录", "en": "Deletion requests"},
    models=("privacy.ErasureRequest",),
    export=_export,
    erase=_erase,
    keep_until=lambda subject: None,
    rebind=_rebind,
)


def register() -> None:
    """Sign for this room's tables."""
    regime.register_holding(REQUESTS)
