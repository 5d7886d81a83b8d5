"""Search: what a person typed, recognised, gated, looked up by tokens, verified after opening."""

from __future__ import annotations

from collections.abc import Iterable

from kexin.foundation.caller import Caller
from kexin.vault.types_views import PAGE_ROWS, Filter, Page


def match(
    caller: Caller,
    *,
    term: str,
    columns: Iterable[str] = (),
    filters: Iterable[Filter] = (),
    cursor: str | None = None,
    size: int = PAGE_ROWS,
) -> Page:
    """People found by one term: phone, surname + last four, part of a name, pinyin, initials, e-mail, 统一社会信用代码,
    ID number or customer number. Logged with purpose and count; never with the term."""
    raise NotImplementedError
