"""Verbs that bring records in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from kexin.foundation.caller import Caller
from kexin.vault.types import Admitted, AdmittedMany, SourceActRef


def declare_source(caller: Caller, *, source: SourceActRef) -> SourceActRef:
    """Write a source act down once (an import names it for all its rows); answers with its id filled in."""
    raise NotImplementedError


def admit(
    caller: Caller,
    *,
    values: Mapping[str, str],
    source: SourceActRef,
    kind: str = "person",
    age_status: str | None = None,
    subject_id: uuid.UUID | None = None,
) -> Admitted:
    """Seal one new record."""
    raise NotImplementedError


def admit_many(
    caller: Caller,
    *,
    rows: Iterable[Mapping[str, str]],
    source: SourceActRef,
    kind: str = "person",
    want_ids: bool = False,
) -> AdmittedMany:
    """Seal many new records by COPY, in batches; refused rows are reported, the others go in."""
    raise NotImplementedError
