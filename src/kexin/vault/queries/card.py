"""One person: masked values, facts, where they came from; or 已删除记录."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from kexin.foundation.caller import Caller
from kexin.vault.types_views import Card


def card(caller: Caller, *, subject: uuid.UUID, columns: Iterable[str] | None = None) -> Card:
    """The card of one person (all attributes of the catalogue unless `columns` names some)."""
    raise NotImplementedError
