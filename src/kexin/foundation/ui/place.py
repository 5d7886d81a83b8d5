"""Where a person stands decides under which purpose they ask: a page declares the purposes it serves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def place(*purposes: str) -> Callable[[View], View]:
    """Declare the purposes a page serves, its usual one first: ``@place("presale", "service")``.

    The middleware gives ``request.caller`` the first of them that the person's posts work under, or the one the
    person chose among several. A page without a declaration takes the person's usual purpose.
    """

    def declare(view: View) -> View:
        view.kx_purposes = purposes  # type: ignore[attr-defined]
        return view

    return declare


def purposes_at(view: Any) -> tuple[str, ...]:
    """The declaration of a view, () when it makes none."""
    return tuple(getattr(view, "kx_purposes", ()))
