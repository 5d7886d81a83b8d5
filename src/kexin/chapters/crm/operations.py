"""Verbs of chapter 7: a customer is opened, and given to somebody."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from kexin.chapters.crm import models, types
from kexin.foundation import clock
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.ids import uuid7
from kexin.regime import operations as regime
from kexin.vault import operations as vault
from kexin.vault.types import SourceActRef

#: How long a retry of a keyed request is answered from memory.
KEY_KEPT_DAYS = 7
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


def open_customer(
    caller: Caller,
    *,
    values: Mapping[str, str],
    source: SourceActRef,
    kind: str = "person",
    key: str | None = None,
    body: bytes = b"",
) -> types.Opened:
    """Bring in one customer and make the asker its owner, so that whoever enters a lead can work on it.

    ``key`` and ``body`` make the request repeatable: the same key with the same body gives the same customer, also
    when 64 of them arrive at once (the unique row waits for the first to commit). Raises KeyReused, KeyMalformed and
    what `vault.operations.admit` raises.
    """
    with transaction.atomic():
        claim = _claim(caller, key=key, body=body) if key is not None else None
        if claim is not None and claim.subject_id is not None:
            return types.Opened(id=claim.subject_id, number=claim.number, repeated=True)
        admitted = vault.admit(caller, values=values, source=source, kind=kind)
        if caller.kind in (CallerKind.STAFF, CallerKind.TOKEN):
            regime.grant(caller, subject=admitted.subject_id, principal=caller.id, relation="owner")
        if claim is not None:
            claim.subject_id, claim.number = admitted.subject_id, admitted.number
            claim.save(update_fields=["subject_id", "number"])
    return types.Opened(id=admitted.subject_id, number=admitted.number, duplicates=admitted.duplicates)


def _claim(caller: Caller, *, key: str, body: bytes) -> models.ApiRequest:
    """Take the key for this request, or find the request that has it. Raises KeyReused for another body."""
    if not _KEY.fullmatch(key):
        raise types.KeyMalformed
    digest = salted_hmac("kexin.crm.api-request", body, algorithm="sha256").digest()
    row, _created = models.ApiRequest.objects.get_or_create(
        actor_id=caller.id,
        key_hash=hashlib.sha256(key.encode("ascii")).digest(),
        defaults={"id": uuid7(), "body_hmac": digest, "at": clock.now()},
    )
    if not constant_time_compare(bytes(row.body_hmac).hex(), digest.hex()):
        raise types.KeyReused
    return row


def assign(caller: Caller, *, subject: uuid.UUID, owner: uuid.UUID) -> None:
    """Make somebody the owner of a customer; the grant is what every rule reads."""
    regime.grant(caller, subject=subject, principal=owner, relation="owner")


def forget_old_requests(caller: Caller) -> int:
    """Remove keyed requests whose retry window is over; answers with how many. Runs by the timetable."""
    del caller
    removed, _each = models.ApiRequest.objects.filter(at__lt=clock.now() - timedelta(days=KEY_KEPT_DAYS)).delete()
    return removed
