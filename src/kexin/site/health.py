"""Whether each part of the installation is alive, for people, `kexin doctor` and monitoring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from kexin.foundation import clock

#: A process that has been silent for longer than this counts as down. Heartbeats come every 5 seconds.
SILENCE = timedelta(seconds=20)
#: The sequencer signs a checkpoint within a second; a line waiting longer than this means that it is stuck.
WAITING = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part's state: ok or down, and what is known about it."""

    ok: bool
    facts: Mapping[str, Any]


def _asked(question: Callable[[], Part]) -> Part:
    try:
        return question()
    except DatabaseError as error:
        return Part(ok=False, facts={"error": type(error).__name__})


def _database(alias: str) -> Part:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
    return Part(ok=True, facts={})


def _keyring() -> Part:
    """The keyring, and whether it has a server of its own: if not, data backups decide when an erased person is gone."""
    from kexin.vault import queries

    _database("keyring")
    return Part(ok=True, facts={"own_server": not queries.keys_beside_data()})


def _process(name: str) -> Part:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT beat_at FROM site_heartbeat WHERE process = %s", [name])
        row = cursor.fetchone()
    if row is None:
        return Part(ok=False, facts={"beat_at": None})
    return Part(ok=clock.now() - row[0] < SILENCE, facts={"beat_at": row[0].isoformat()})


def _evidence() -> Part:
    from kexin.evidence import queries

    head = queries.head()
    facts = {name: getattr(head, name, None) for name in ("size", "witness_size", "mirror_size")}
    at = getattr(head, "at", None)
    facts["undelivered"] = head.undelivered
    return Part(ok=not head.overdue, facts={**facts, "at": at.isoformat() if at else None})


def parts() -> dict[str, Part]:
    """Every part by name. Only the web's own answer is certain; the others are asked."""
    return {
        "web": Part(ok=True, facts={}),
        "database": _asked(lambda: _database("default")),
        "keyring": _asked(_keyring),
        "worker": _asked(lambda: _process("worker")),
        "sequencer": _asked(lambda: _process("sequencer")),
        "evidence": _asked(_evidence),
    }


def document(found: Mapping[str, Part]) -> dict[str, Any]:
    """``status`` is ok, degraded (people can read, some work waits) or down (no main database)."""
    status = "ok" if all(part.ok for part in found.values()) else "degraded"
    if not found["database"].ok:
        status = "down"
    rows = {name: {"status": "ok" if part.ok else "down", **part.facts} for name, part in found.items()}
    return {"status": status, "parts": rows}


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """503 only where nothing can be answered; a degraded installation still serves."""
    answer = document(parts())
    return JsonResponse(answer, status=503 if answer["status"] == "down" else 200)
