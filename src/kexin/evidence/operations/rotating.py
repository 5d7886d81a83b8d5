"""Changing a signing key: the old one hands over, a line says so, and what it signed stays signed."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _

from kexin.evidence import keys
from kexin.evidence.models import Checkpoint
from kexin.evidence.operations.noting import note
from kexin.evidence.types import Entry, Event, Rotated
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Invalid


class UnknownKey(Invalid):
    """There are two signing keys: of checkpoints, and of what is handed to people."""

    code = "unknown-signing-key"


def rotate_key(caller: Caller, *, purpose: str) -> Rotated:
    """Replace the signing key of ``checkpoint`` or ``receipt``. Serving processes take the new one by themselves.

    The line carries the SHA-256 of the new public key (its vkey) as its document. Raises UnknownKey.
    """
    if purpose not in keys.PURPOSES:
        raise UnknownKey(_("签名密钥只有两种：checkpoint（存证摘要）和 receipt（回执与证明）。"))
    old = keys.ring().key(purpose)
    with transaction.atomic():
        new = keys.rotate(purpose, after=_signed_lines)
        digest = hashlib.sha256(new.vkey().encode()).hexdigest()
        # The line comes last: were it not written, the trust file would still say what happened.
        note(caller, Entry(event=Event.KEYS_ROTATED, ref=f"signing:{purpose}", document=digest))
    [entry] = [one for one in keys.trusted(purpose) if one.key == new]
    return Rotated(purpose=purpose, old=old.id.hex(), new=new.id.hex(), vkey=new.vkey(), after=entry.after)


def _signed_lines() -> int:
    """Lines under the newest signed head. Read committed: what the sequencer signed before the lock is seen."""
    newest = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first()
    return int(newest or 0)
