"""What chapter 7 holds on a person: nothing but which keyed request opened the record."""

from __future__ import annotations

import uuid
from typing import Any

from kexin.chapters.crm import models
from kexin.foundation.caller import Caller
from kexin.foundation.holding import ErasedPart, Holding
from kexin.regime import operations as regime


def _export(caller: Caller, subject: uuid.UUID) -> Any:
    del caller
    rows = models.ApiRequest.objects.filter(subject_id=subject).order_by("at")
    return [{"opened_by_api_at": row.at.isoformat()} for row in rows]


def _erase(caller: Caller, subject: uuid.UUID) -> ErasedPart:
    del caller
    removed, _each = models.ApiRequest.objects.filter(subject_id=subject).delete()
    return ErasedPart(removed=removed, remaining=models.ApiRequest.objects.filter(subject_id=subject).count())


def _rebind(caller: Caller, source: uuid.UUID, target: uuid.UUID, merge_id: uuid.UUID) -> int:
    # A retry must go on answering with the record that it opened; the old id redirects.
    del caller, source, target, merge_id
    return 0


API_REQUESTS = Holding(
    key="crm.api_requests",
    label={"zh": "接口新建记录", "en": "API requests"},
    models=("crm.ApiRequest",),
    export=_export,
    erase=_erase,
    keep_until=lambda subject: None,
    rebind=_rebind,
)


def register() -> None:
    """Sign for this room's tables."""
    regime.register_holding(API_REQUESTS)
