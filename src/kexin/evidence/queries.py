"""Questions to the ledger. (Signatures first; bodies follow.)"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from kexin.evidence.types import Filters, Head, Line, LineProof, Look, Verdict


def head() -> Head:
    """The newest checkpoint and how far it has left the house."""
    raise NotImplementedError


def lines(filters: Filters, *, before: int | None = None, limit: int = 50) -> list[Line]:
    """Newest first, below ``before`` (a seq)."""
    raise NotImplementedError


def line(seq: int) -> LineProof | None:
    """One line with its proof."""
    raise NotImplementedError


def who_looked(audit_id: uuid.UUID) -> list[Look]:
    """Every line that touched this customer, newest first; one index scan."""
    raise NotImplementedError


def proof(of: uuid.UUID | int) -> dict[str, Any] | None:
    """Inclusion proof of a line by intake id or seq; None until it is sequenced and under a checkpoint."""
    raise NotImplementedError


def pseudonyms(ids: Iterable[uuid.UUID]) -> dict[str, uuid.UUID]:
    """Actor pseudonym -> id, for the ids given (a page maps its lines back to departments with it)."""
    raise NotImplementedError


def verdict() -> Verdict | None:
    """The last verification."""
    raise NotImplementedError
