"""The way into force in tests: what is signed was counted before, by a person who proved who they are just now."""

from __future__ import annotations

import uuid

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.regime import operations as regime
from kexin.regime.operations.publishing import Published
from kexin.regime.queries import rulebook as stored


def publish(caller: Caller, source: bytes) -> Published:
    """Draft and sign, as the page does it."""
    seen = regime.assess_now(caller, source=source)
    return regime.publish_rulebook(caller, source=source, impact=seen.digest, signed_in_at=now())


def sign(caller: Caller, version: uuid.UUID) -> Published:
    """The second signature."""
    number = next(row.number for row in stored.versions() if row.id == version)
    seen = regime.assess_now(caller, source=stored.source_of(number))
    return regime.sign_rulebook(caller, version=version, impact=seen.digest, signed_in_at=now())
