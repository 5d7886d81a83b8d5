"""Deletions: where one stands, and its certificate."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kexin.evidence import operations as evidence
from kexin.evidence.types import Signature
from kexin.regime import queries as regime
from kexin.vault.models import Erasure, ErasureStep
from kexin.vault.types import ErasureView, StepResult, shown_number


def erasure(*, id: uuid.UUID) -> ErasureView | None:
    """One deletion by its id."""
    row = Erasure.objects.filter(id=id).first()
    return view(row) if row else None


def erasures(*, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, ErasureView]:
    """Those deletions by id, in two statements however many they are; unknown ids are absent."""
    rows = list(Erasure.objects.filter(id__in=list(ids)))
    return {one.id: one for one in _views(rows)}


def erasure_of(*, subject: uuid.UUID) -> ErasureView | None:
    """The newest deletion of one record."""
    row = Erasure.objects.filter(subject_id=subject).order_by("-asked_at").first()
    return view(row) if row else None


def certificate(*, erasure: uuid.UUID) -> dict[str, Any] | None:
    """The certificate as it is handed out: signed body and, once the line is sequenced, its inclusion proof."""
    row = Erasure.objects.filter(id=erasure, state="done").first()
    if row is None or row.signature is None or row.certificate is None:
        return None
    signature = Signature(key_id=row.signing_key, sig=bytes(row.signature))
    return evidence.signed_document("certificate", bytes(row.certificate), signature, intake_id=row.intake_id)


def view(row: Erasure) -> ErasureView:
    """A row as the doors answer it."""
    return _views([row])[0]


def _views(rows: Sequence[Erasure]) -> list[ErasureView]:
    """Rows with their steps, which are read for all of them at once."""
    steps: dict[uuid.UUID, list[ErasureStep]] = {row.id: [] for row in rows}
    for step in ErasureStep.objects.filter(erasure_id__in=list(steps)).order_by("order", "key"):
        steps[step.erasure_id].append(step)
    labels = {one.key: one.label for one in regime.holdings()}
    return [_view(row, steps[row.id], labels) for row in rows]


def _view(row: Erasure, steps: Iterable[ErasureStep], labels: Mapping[str, Mapping[str, str]]) -> ErasureView:
    return ErasureView(
        id=row.id,
        subject_id=row.subject_id,
        number=shown_number(row.number),
        state=row.state,
        ground=row.ground,
        request_ref=row.request_ref,
        asked_at=row.asked_at,
        keys_burned_at=row.keys_burned_at,
        done_at=row.done_at,
        steps=tuple(
            StepResult(
                key=one.key,
                label=labels.get(one.key.split(":")[0], {}),
                removed=one.removed,
                remaining=one.remaining,
                note=one.note,
                done_at=one.done_at,
            )
            for one in steps
        ),
        certificate=bytes(row.certificate) if row.certificate else None,
        signature=bytes(row.signature) if row.signature else None,
        signing_key=row.signing_key,
    )
