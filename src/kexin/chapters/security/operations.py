"""Verbs of this chapter: start a verification, hand out a pack."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.db import transaction

from kexin.chapters.security.queries import EXPORT, VERIFY
from kexin.evidence import operations as evidence
from kexin.evidence import queries as evidence_queries
from kexin.evidence.types import Verdict
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.regime import queries as regime

#: A run that has not ended after this long was lost with its worker; another may be asked for.
STALE = timedelta(hours=1)


def verify(caller: Caller) -> Verdict:
    """Queue a full verification; one that is under way is answered instead of a second one."""
    regime.require(caller, VERIFY)
    last = evidence_queries.verdict()
    if last and last.state in ("queued", "running") and clock.now() - last.started_at < STALE:
        return last
    with transaction.atomic():
        begun = evidence.begin_verification(caller)
        evidence.run_verification.later(caller, verification=begun.id)
    return begun


def pack(caller: Caller, *, first: int | None = None, last: int | None = None) -> Path:
    """Write the pack for `kexin-verify`."""
    regime.require(caller, EXPORT)
    return evidence.export_pack(caller, first=first, last=last)
