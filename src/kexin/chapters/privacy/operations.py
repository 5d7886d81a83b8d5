"""Verbs of chapter 6: a request to delete is taken and carried out."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta

from django.db import transaction

from kexin.chapters.privacy import models, queries, types
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7
from kexin.regime import queries as regime
from kexin.vault import operations as vault

#: Letters and digits that cannot be mistaken for each other on the phone.
_CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def erase(caller: Caller, *, subject: uuid.UUID, ground: str, door: str) -> types.RequestView:
    """Take a deletion request and start the erasure; the keys burn in the background within seconds.

    ``ground`` and ``door`` are codes of `types.Ground` and `types.Door`. A second request for the same person joins the
    running erasure. Raises UnknownGround, NotPermitted and what `vault.operations.erase` raises; a refusal leaves nothing behind.
    """
    try:
        chosen, way = types.Ground(ground), types.Door(door)
    except ValueError:
        raise types.UnknownGround from None
    regime.require(caller, "privacy:erasure:order")
    now = clock.now()
    with transaction.atomic():
        request = models.ErasureRequest.objects.create(
            id=uuid7(),
            code=_new_code(),
            subject_id=subject,
            ground=chosen.value,
            door=way.value,
            taken_by=caller.id,
            taken_at=now,
            answer_by=now + timedelta(days=types.ANSWER_DAYS),
        )
        erasure = vault.erase(caller, subject=subject, ground=chosen.value, request_ref=request.id)
        request.erasure_id = erasure.id
        request.save(update_fields=["erasure_id"])
    return queries.view(request, erasure)


def _new_code() -> str:
    """A code to quote: the day, and 30 random bits so that codes cannot be walked through."""
    return f"DR-{clock.today_cn():%Y%m%d}-" + "".join(secrets.choice(_CODE_LETTERS) for _place in range(6))
