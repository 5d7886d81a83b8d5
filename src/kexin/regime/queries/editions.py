"""DOOR: what the formal document of a version says beside its rulebook: who signed it, and the law of its day."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from kexin.regime.models import RulebookSignature
from kexin.regime.rulebook.obligations import Obligation, obligations
from kexin.regime.rulebook.parser import parse
from kexin.regime.types import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One signature of a version: who, when, with which key of the installation."""

    signer: uuid.UUID
    at: datetime
    key_id: str
    algorithm: str


def signed(number: int) -> tuple[Signed, ...]:
    """Who signed a version, the drafter first; nothing for a number that no version has."""
    rows = RulebookSignature.objects.filter(version__number=number).order_by("signed_at")
    return tuple(Signed(signer=row.signer, at=row.signed_at, key_id=row.key_id, algorithm=row.alg) for row in rows)


def duties(*, on: date) -> tuple[Obligation, ...]:
    """The duties of law in force on that day, as this house keeps them."""
    return tuple(one for one in obligations() if one.in_force(on))


def read(source: bytes) -> Rulebook:
    """A text that nobody has signed, parsed. Raises RulebookInvalid."""
    return parse(source).rulebook
