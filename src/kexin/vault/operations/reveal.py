"""Loud door: one value in the clear on one screen. Evidence is committed before any key is fetched."""

from __future__ import annotations

import uuid

from kexin.foundation.caller import Caller
from kexin.vault.types_views import Revealed


def reveal(caller: Caller, *, subject: uuid.UUID, attribute: str, reason: str, ticket: str | None = None) -> Revealed:
    """Open one value for `REVEAL_S` seconds. ``reason`` is a quick pick's code or at least six characters of words
    (sealed); ``ticket`` names the case or task that is the reason."""
    raise NotImplementedError
