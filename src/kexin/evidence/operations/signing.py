"""Signatures of the product: one key for what is handed to people, domain-separated by kind."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

from kexin.evidence import keys
from kexin.evidence.types import Signature
from kexin.foundation import crypto

DOCUMENT_FORMAT = "kexin-signed/1"
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,39}")


def _message(kind: str, origin: str, body: bytes) -> bytes:
    if not _KIND.fullmatch(kind):
        raise ValueError("a kind of document is a short lower-case code")
    return f"{DOCUMENT_FORMAT}\n{kind}\n{origin}\n".encode() + body


def sign(kind: str, body: bytes) -> Signature:
    """Sign the exact bytes of a document of this kind ("receipt", "certificate", "rulebook", …)."""
    ring = keys.ring()
    sig = crypto.sign(ring.private["receipt"], _message(kind, ring.origin, body))
    return Signature(key_id=ring.key("receipt").id.hex(), sig=sig)


def verify_signature(kind: str, body: bytes, signature: Signature) -> bool:
    """Whether this installation signed exactly these bytes as this kind, with a present or a retired key."""
    message = _message(kind, keys.ring().origin, body)
    return any(
        one.key.id.hex() == signature.key_id and crypto.signature_holds(one.key.public, signature.sig, message)
        for one in keys.trusted("receipt")
    )


def signed_document(
    kind: str, body: bytes, signature: Signature, *, intake_id: uuid.UUID | None = None
) -> dict[str, Any]:
    """The document as handed out: body (exact text), signature and, once its line has a number, the line's proof.

    The line named by ``intake_id`` must have been noted with ``Entry.document`` = sha256 hex of ``body``; `kexin-verify`
    refuses a proof of another line. The format is described in docs/formats.md.
    """
    from kexin.evidence import queries

    return {
        "format": DOCUMENT_FORMAT,
        "kind": kind,
        "origin": keys.ring().origin,
        "body": body.decode("utf-8"),
        "signature": {
            "alg": signature.alg,
            "key_id": signature.key_id,
            "sig": base64.b64encode(signature.sig).decode(),
        },
        "proof": queries.proof(intake_id) if intake_id else None,
    }
