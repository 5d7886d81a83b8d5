"""Verbs that run in the background: queued in the transaction of their cause, carrying ids only, safe to run twice."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Callable
from enum import Enum
from typing import Any

from procrastinate.contrib.django import app as queue

from kexin.foundation.caller import Caller

#: Job arguments are ids, numbers, flags and short codes. Anything longer could be somebody's data: a job row is a
#: table too, and it lives in backups.
#: A code starts with a letter or is the text of a UUID: digits alone could be a phone number.
_CODE = re.compile(r"[a-z][a-z0-9_.:-]{0,63}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PlaintextInJob(TypeError):
    """A job argument that is not an id, a number, a flag or a short code."""


def _wire(name: str, value: Any) -> str | int | bool | None | list[Any]:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Enum):
        return _wire(name, value.value)
    if isinstance(value, (list, tuple)):
        return [_wire(name, item) for item in value]
    if isinstance(value, str) and _CODE.fullmatch(value):
        return value
    raise PlaintextInJob(f"job argument {name!r} must be an id, a number, a flag or a short code")


def job(*, name: str, on: str = "default", retry: int = 3, lock: str | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Make a verb ``fn(caller, **ids)`` queueable: ``fn.later(caller, **ids)``.

    ``name`` is the stable task name (``collection.run_import``), ``on`` the queue, ``lock`` a format string over the
    arguments (``"erase:{erasure}"``): jobs with one lock never run side by side. The worker rebuilds the Caller and
    the verb decides again, so a leaver's queued job is refused. Ids arrive as text and are parsed by the verb.
    """

    def decorate(fn: Callable[..., Any]) -> Any:
        @queue.task(name=name, queue=on, retry=retry)
        @functools.wraps(fn)
        def run(caller: dict[str, Any], **arguments: Any) -> Any:
            return fn(Caller.from_envelope(caller), **arguments)

        def later(caller: Caller, **arguments: Any) -> int:
            wire = {key: _wire(key, value) for key, value in arguments.items()}
            configured = run.configure(lock=lock.format(**wire)) if lock else run
            return int(configured.defer(caller={**caller.envelope()}, **wire))

        fn.later = later  # type: ignore[attr-defined]
        fn.task = run  # type: ignore[attr-defined]
        return fn

    return decorate
