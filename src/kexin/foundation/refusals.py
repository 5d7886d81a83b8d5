"""Whether the refusal that a request ends with stands in the ledger: told by the ledger, asked by the page that shows it."""

from __future__ import annotations

from contextvars import ContextVar

_recorded: ContextVar[bool] = ContextVar("refusal_recorded", default=False)


def begin() -> None:
    """A new request: nothing of the one before it in this thread."""
    _recorded.set(False)


def tell() -> None:
    """A line with a no was written. Called by the ledger alone."""
    _recorded.set(True)


def recorded() -> bool:
    """Whether a line with a no was written in this request."""
    return _recorded.get()
