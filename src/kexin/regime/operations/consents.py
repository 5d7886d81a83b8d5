"""DOOR: consents as events that are only ever added, each with a signed receipt."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kexin.foundation.caller import Caller
from kexin.regime.types import ReceiptView


def record_consent(
    caller: Caller,
    *,
    subject: uuid.UUID,
    purpose: str,
    channel: str = "",
    status: str = "given",
    kind: str = "",
    notice: uuid.UUID | None = None,
    locale: str = "zh",
    method: str = "web_form",
    form: str = "",
    wording_sha256: str = "",
    occurred_at: datetime | None = None,
    valid_until: datetime | None = None,
    paper_file: uuid.UUID | None = None,
    device_sha256: str = "",
    guardian: Mapping[str, Any] | None = None,
    recipients: Iterable[str] = (),
    audit_ids: Iterable[uuid.UUID] = (),
) -> ReceiptView | None:
    """Add one consent event (shown, given, refused, withdrawn, expired, stale) and move the state; one evidence line.

    ``channel`` "" = the purpose's own. ``kind`` "" = what the rulebook asks for; a weaker kind is refused. ``method``:
    web_form, phone, paper, portal, import, message, system. ``paper_file``: the sealed scan, needed when on paper.
    ``guardian`` {"relation", "method", "subject"}: needed for kind guardian. Answers the receipt of what the person
    decided (given, refused, withdrawn), None for the rest. Raises ConsentInvalid.
    """
    raise NotImplementedError
