"""Rows for analysis: pseudonyms and coarse values, no way back to a person."""

from __future__ import annotations

from collections.abc import Iterable

from kexin.foundation.caller import Caller
from kexin.vault.types_views import Features, Filter


def features(caller: Caller, *, columns: Iterable[str], filters: Iterable[Filter] = (), k: int = 5) -> Features:
    """Facet values of the people whom this caller may analyse; groups smaller than `k` are withheld."""
    raise NotImplementedError
