"""Rows for COPY in PostgreSQL's text format, written out by hand: half the cost of a driver that asks every value for
its type, and at a million people that is a minute. Only ids, numbers, codes and sealed bytes pass through here."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

NULL = r"\N"


def bytea(data: bytes) -> str:
    """A bytea value: ``\\\\x`` and hex."""
    return "\\\\x" + data.hex()


def text(value: str) -> str:
    """A text value with the four characters that COPY would misread escaped."""
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if value.isprintable():
        return value
    return value.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def array(numbers: Iterable[int]) -> str:
    """An int[] value."""
    return "{" + ",".join(map(str, numbers)) + "}"


def copy(cursor: Any, target: str, lines: Iterable[str]) -> None:
    """COPY finished lines into ``table (columns)``."""
    data = "".join(lines)
    if data:
        with cursor.copy(f"COPY {target} FROM STDIN") as stream:
            stream.write(data)


@contextmanager
def no_cycles() -> Iterator[None]:
    """Bulk work makes millions of objects and no cycles: looking for some costs a fifth of the time. What little
    libraries leave behind is collected at the end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect(1)
