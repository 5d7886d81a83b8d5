"""The verb that changes values."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from kexin.foundation.caller import Caller
from kexin.vault.types import Amended, SourceActRef


def amend(
    caller: Caller,
    *,
    subject: uuid.UUID,
    values: Mapping[str, str],
    expected_ver: int,
    source: SourceActRef,
    remove: Collection[str] = (),
) -> Amended:
    """Set some values and remove others, if the record is still at `expected_ver`."""
    raise NotImplementedError
