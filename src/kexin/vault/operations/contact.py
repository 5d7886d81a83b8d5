"""Use before view: hand a value to a call, a message or a waybill without showing it."""

from __future__ import annotations

import uuid

from kexin.foundation.caller import Caller
from kexin.vault.types_views import Contacted, ContactUse


def contact(
    caller: Caller, *, subject: uuid.UUID, attribute: str, use: ContactUse, ticket: str | None = None
) -> Contacted:
    """Answer the value once for one use (拨打, 短信, 复制到快递单). Action `contact`, one evidence line."""
    raise NotImplementedError
