"""What a room holds on a person. Each model is claimed by one Holding or declared impersonal, or the process does not
start; erasure, access export, merge, retention and the data map all walk these declarations (register: `regime`)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kexin.foundation.caller import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPart:
    """What one holding did for one erasure: how many items it removed, and how many a second reading still found."""

    removed: int
    remaining: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One place where a room keeps something about a person.

    ``key`` is stable (``vault.identity``), ``label`` the words of the certificate, ``models`` the Django model
    labels (``vault.Sealed``) that this holding claims. The four verbs take the subject's id:

    - ``export(caller, subject)``: what is held, as plain JSON values, for an access request;
    - ``erase(caller, subject)``: remove it, read back, answer with an `ErasedPart`; idempotent and resumable;
    - ``keep_until(subject)``: the latest instant a law or contract keeps it, None when nothing does;
    - ``rebind(caller, source, target, merge_id)``: move it when two records become one, undoable by ``merge_id``.
    """

    key: str
    label: Mapping[str, str]
    models: tuple[str, ...]
    export: Callable[[Caller, uuid.UUID], Any]
    erase: Callable[[Caller, uuid.UUID], ErasedPart]
    keep_until: Callable[[uuid.UUID], datetime | None]
    rebind: Callable[[Caller, uuid.UUID, uuid.UUID, uuid.UUID], int]
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonal:
    """Models that say nothing about a customer, with the reason in one sentence."""

    models: tuple[str, ...]
    reason: str


def impersonal(models: Iterable[str], *, reason: str) -> Impersonal:
    """Declare models free of customer information. The reason is printed in the data map."""
    return Impersonal(models=tuple(models), reason=reason)
