"""Log lines without values: where and what kind of error, never the sentence an error carries (it may quote a row)."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

from kexin.foundation import clock


class WithoutValues(logging.Formatter):
    """``time level logger message [request]``; of an exception its type and the places it passed, not its text.

    PostgreSQL puts the offending row into the message of a broken constraint, parsers put the line they could not
    read into theirs: printing those would copy customer information into files that no erasure reaches.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = f"{clock.now():%Y-%m-%dT%H:%M:%SZ} {record.levelname} {record.name} {record.getMessage()}"
        number = getattr(getattr(record, "request", None), "number", "")
        line += f" [{number}]" if number else ""
        if record.exc_info and record.exc_info[1] is not None:
            line += "\n" + describe(record.exc_info[1])
        return line


def describe(error: BaseException) -> str:
    """An exception and its causes as types and places."""
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 5:
        parts.append(f"  {type(current).__module__}.{type(current).__qualname__}{_places(current.__traceback__)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n  caused by\n".join(parts)


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-12:]
    return "".join(f"\n    {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
