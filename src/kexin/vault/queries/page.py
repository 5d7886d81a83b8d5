"""One page of a list: governed rows, display envelopes opened in bulk, one evidence line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kexin.foundation.caller import Caller
from kexin.vault.types_views import PAGE_ROWS, FacetCount, Filter, Page, Sort


def page(
    caller: Caller,
    *,
    columns: Iterable[str],
    filters: Iterable[Filter] = (),
    sort: Sort | None = None,
    cursor: str | None = None,
    size: int = PAGE_ROWS,
) -> Page:
    """At most `size` (≤ 50) people with the named attributes, each cell as the rules let this caller see it."""
    raise NotImplementedError


def facet_counts(
    caller: Caller, *, fields: Iterable[str], filters: Iterable[Filter] = ()
) -> Mapping[str, tuple[FacetCount, ...]]:
    """How many people of the filtered list have each value of each field (a facet or an open fact), bounded."""
    raise NotImplementedError
