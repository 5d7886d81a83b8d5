"""Verbs of the ledger: note, sign, verify, export. (Signatures first; bodies follow.)"""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from kexin.evidence.types import Entry, Noted, Signature, Verdict
from kexin.foundation.caller import Caller


def note(caller: Caller, entry: Entry, *, using: str = "default") -> Noted:
    """Write one line in the caller's transaction: one INSERT, no lock, no read."""
    raise NotImplementedError


def note_now(caller: Caller, entry: Entry) -> Noted:
    """Write one line on the second connection, committed before this returns (denials, and before every open)."""
    raise NotImplementedError


def count_refusal(kind: str) -> None:
    """Add one to this minute's refusals of the unauthenticated of this kind (a short code)."""
    raise NotImplementedError


def count_opens(*, at: datetime, grade: int, opens: int = 1) -> None:
    """The seal layer opened ``opens`` envelopes of this grade under the line noted ``at`` (`Noted.at`)."""
    raise NotImplementedError


def create_keys() -> str:
    """Set-up: make signing keys, pseudonym secret and trust file under KEXIN_HOME once; answers the origin."""
    raise NotImplementedError


def sign(kind: str, body: bytes) -> Signature:
    """Sign a document of this kind ("receipt", "certificate", "rulebook", …)."""
    raise NotImplementedError


def verify_signature(kind: str, body: bytes, signature: Signature) -> bool:
    """Whether this signature was made here over exactly these bytes as this kind."""
    raise NotImplementedError


def signed_document(kind: str, body: bytes, signature: Signature, *, intake_id: uuid.UUID | None = None) -> dict[str, Any]:
    """The document as handed out: body, signature and, once sequenced, the proof of its line. Format: docs/formats."""
    raise NotImplementedError


def verify_now(caller: Caller, *, depth: str = "full") -> Verdict:
    """Compare database, mirror and witness now, to the end."""
    raise NotImplementedError


def export_pack(caller: Caller, *, first: int | None = None, last: int | None = None) -> Path:
    """Write the pack for `kexin-verify` (a zip file) and answer where."""
    raise NotImplementedError
