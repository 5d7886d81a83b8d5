"""DOOR: the state of consents, their receipts, and whether a person may be asked again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from kexin.evidence import operations as evidence
from kexin.evidence.types import Signature
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.regime.models import ConsentEvent, ConsentState, Receipt
from kexin.regime.queries.askers import bundle
from kexin.regime.rules.consent import State, may_ask
from kexin.regime.rules.receipt import plain_code, printed_code
from kexin.regime.types import ConsentLine, ReceiptView


def consent_strip(subject_id: uuid.UUID) -> tuple[ConsentLine, ...]:
    """The present state of every purpose and channel that this subject was asked about, by purpose and channel."""
    states = list(ConsentState.objects.filter(subject_id=subject_id).order_by("purpose", "channel"))
    codes = dict(
        Receipt.objects.filter(subject_id=subject_id).order_by("event__seq").values_list("event__record_id", "code")
    )
    notices = dict(
        ConsentEvent.objects.filter(seq__in=[state.event_seq for state in states]).values_list("seq", "notice_sha256")
    )
    at = now()
    return tuple(
        ConsentLine(
            purpose=state.purpose,
            channel=state.channel,
            kind=state.kind,
            status="expired" if _over(state, at) else state.status,
            at=state.at,
            valid_until=state.valid_until,
            notice=notices.get(state.event_seq, ""),
            receipt=printed_code(codes[state.record_id]) if state.record_id in codes else "",
        )
        for state in states
    )


def consent_states(
    subject_ids: Iterable[uuid.UUID], *, purposes: Iterable[str]
) -> dict[tuple[uuid.UUID, str], str]:
    """(subject, purpose) -> status for the people of one page, in one query; never asked is left out."""
    at = now()
    rows = ConsentState.objects.filter(subject_id__in=list(subject_ids), purpose__in=list(purposes))
    return {(row.subject_id, row.purpose): "expired" if _over(row, at) else row.status for row in rows}


def _over(state: ConsentState, at: datetime) -> bool:
    return state.status == "given" and state.valid_until is not None and state.valid_until <= at


def receipts(caller: Caller, *, subject: uuid.UUID) -> tuple[ReceiptView, ...]:
    """Every signed receipt of a subject, newest first. Whether the caller may ask is decided by the room that shows
    them; a receipt names no one."""
    rows = Receipt.objects.filter(subject_id=subject).select_related("event").order_by("-event__seq")
    return tuple(receipt_view(row) for row in rows)


def receipt(code: str) -> ReceiptView | None:
    """The receipt with this short code (R-7F3K-29QD; case and dashes do not matter), or None."""
    plain = plain_code(code)
    row = Receipt.objects.filter(code=plain).select_related("event").first() if plain else None
    return receipt_view(row) if row else None


def signed_receipt(code: str) -> dict[str, Any] | None:
    """The receipt as a document for `kexin-verify`: body, signature and, once its line has a number, the proof."""
    plain = plain_code(code)
    row = Receipt.objects.filter(code=plain).first() if plain else None
    if row is None:
        return None
    signature = Signature(key_id=row.key_id, sig=bytes(row.signature), alg=row.algorithm)
    return evidence.signed_document("receipt", bytes(row.document), signature, intake_id=row.intake_id)


def receipt_view(row: Receipt) -> ReceiptView:
    """A row as its frozen answer."""
    return ReceiptView(
        code=printed_code(row.code),
        subject_id=row.subject_id,
        purpose=row.event.purpose,
        channel=row.event.channel,
        status=row.event.status,
        at=row.event.occurred_at,
        document=bytes(row.document),
        key_id=row.key_id,
        signature=bytes(row.signature),
        algorithm=row.algorithm,
    )


def may_be_asked(subject_id: uuid.UUID, *, purpose: str, channel: str = "") -> bool:
    """Whether a person may be asked for a consent now: not while they consent, and not soon after a no."""
    row = ConsentState.objects.filter(subject_id=subject_id, purpose=purpose, channel=channel).first()
    delay = bundle().rulebook.controls.ask_again_after
    return may_ask(state_of(row) if row else None, at=now(), ask_again_after=delay)


def state_of(row: ConsentState) -> State:
    """A row as the state that the pure rules work on."""
    return State(
        status=row.status,
        kind=row.kind,
        valid_until=row.valid_until,
        scope_sha256=row.scope_sha256,
        notice_version=row.notice_version,
        record_id=row.record_id,
        event_seq=row.event_seq,
        at=row.at,
        refused_at=row.refused_at,
    )
