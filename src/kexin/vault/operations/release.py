"""Loud door: masked rows leave as a watermarked file."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kexin.foundation.caller import Caller
from kexin.vault.types_views import Filter

RELEASE_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A finished file: kept sealed until `expires_at`, opened by `open_file`."""

    file_id: uuid.UUID
    rows: int
    expires_at: datetime


def release(caller: Caller, *, columns: Iterable[str], filters: Iterable[Filter] = ()) -> Released:
    """The caller's own list (≤ `RELEASE_ROWS`) with masked columns as XLSX, watermarked and logged."""
    raise NotImplementedError
