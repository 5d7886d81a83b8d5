"""Writing a line: one INSERT, no lock, no read of the head."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kexin.evidence.keys import ring
from kexin.evidence.rules import body as bodies
from kexin.evidence.types import Entry, Noted
from kexin.foundation import crypto, refusals
from kexin.foundation.caller import Caller
from kexin.foundation.database import prepared
from kexin.foundation.ids import uuid7

SECOND_CONNECTION = "evidence"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSERT = (
    "INSERT INTO evidence_intake (id, at, event, decision, actor, opens, body, audit_ids, payload)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::uuid[], %s)"
)


def pseudonym(actor: uuid.UUID) -> str:
    """The actor as the ledger knows it: 128 bits of HMAC under a secret of this installation, in hex."""
    return crypto.hmac_sha256(ring().pseudonym, b"actor/1" + actor.bytes)[:16].hex()


def row(caller: Caller, entry: Entry) -> tuple[Noted, tuple[Any, ...]]:
    """The values of `INSERT` for one entry. A no refers to its request, whose number the person saw beside it."""
    keys = ring()
    if entry.decision == "deny":
        refusals.tell()
        if not entry.ref and caller.cause.startswith("request:"):
            entry = replace(entry, ref=caller.cause)
    intake_id = uuid7()
    t_us = time.time_ns() // 1000
    at = _EPOCH + timedelta(microseconds=t_us)
    actor = pseudonym(caller.id)
    stored = bodies.build(
        entry,
        intake_id=intake_id,
        t_us=t_us,
        instance=keys.instance,
        origin=keys.origin,
        actor=actor,
        kind=caller.kind.value,
        purpose=entry.purpose or caller.purpose,
    )
    distinct = ",".join(sorted(map(str, set(entry.audit_ids))))
    values = (
        intake_id, at, entry.event.value, entry.decision, actor, entry.opens, stored, f"{{{distinct}}}",
        entry.payload or None,
    )  # fmt: skip
    return Noted(intake_id=intake_id, at=at), values


def note(caller: Caller, entry: Entry, *, using: str = "default") -> Noted:
    """Write one line in the caller's transaction. If it fails, so does the business: nothing happens unrecorded."""
    noted, values = row(caller, entry)
    prepared(INSERT, values, using=using)
    return noted


def note_now(caller: Caller, entry: Entry) -> Noted:
    """Write one line on the second connection, committed when this returns: denials, and before any key is fetched.

    No lock is taken, so a business transaction that is open beside it can neither block it nor be blocked.
    """
    return note(caller, entry, using=SECOND_CONNECTION)
