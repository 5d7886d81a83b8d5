"""任务: long work as the person who began it sees it. Rooms register theirs; the page asks them all."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.urls import reverse

from kexin.foundation.caller import Caller

#: Newest pieces of work of one kind that the page shows.
LIMIT = 20


class State(StrEnum):
    """Where a piece of work stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    #: Ended by a problem.
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A button or link: its words, the name of its address and what stands in it. A POST is a button."""

    label: Any
    name: str
    arguments: tuple[Any, ...] = ()
    is_post: bool = False

    @property
    def address(self) -> str:
        """Where it leads."""
        return reverse(self.name, args=self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work. ``title`` says what it is and ``sentence`` how far, in words and counts and without personal
    data; ``done`` of ``total`` in the work's own unit (rows, places, lines). ``page`` is where it lives, ``cancel`` how
    it is stopped (None where it cannot be), ``results`` what comes of it. ``note`` says what can be undone."""

    kind: str
    id: uuid.UUID
    title: Any
    state: State
    sentence: Any
    began_at: datetime
    ended_at: datetime | None = None
    done: int = 0
    total: int = 0
    page: Way
    cancel: Way | None = None
    results: tuple[Way, ...] = ()
    note: Any = ""

    @property
    def is_busy(self) -> bool:
        """Whether something is still to come."""
        return self.state in (State.WAITING, State.RUNNING)


Mine = Callable[[Caller], Iterable[Task]]
_kinds: dict[str, Mine] = {}


def register(*, kind: str, mine: Mine) -> None:
    """Announce a room's long work: ``mine(caller)`` answers the caller's own, newest first, at most `LIMIT`.

    ``kind`` is a noun of addresses (``imports``). Somebody else's work looks like none.
    """
    _kinds[kind] = mine


def of(caller: Caller) -> list[Task]:
    """Everything that this caller began: what is under way first, then the newest."""
    found = [task for mine in _kinds.values() for task in mine(caller)]
    return sorted(found, key=lambda task: (not task.is_busy, -task.began_at.timestamp()))


def one(caller: Caller, *, kind: str, task: uuid.UUID) -> Task | None:
    """One of them by its id, None where the caller began no such work."""
    mine = _kinds.get(kind)
    return next((found for found in mine(caller) if found.id == task), None) if mine else None
