"""What this room holds on a person: relations and the state of consents. The events themselves stay as proof."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Max

from kexin.foundation.caller import Caller
from kexin.foundation.holding import ErasedPart, Holding, impersonal
from kexin.regime.models import ConsentEvent, ConsentState, Grant
from kexin.regime.operations.consents import rebuild_states
from kexin.regime.rules.consent import after

#: Consent records outlive the use by three years (law.md §4.3: burden of proof, PIPL 69).
CONSENT_KEEP = "P3Y"


def _export_consents(caller: Caller, subject: uuid.UUID) -> list[dict[str, Any]]:
    rows = ConsentEvent.objects.filter(subject_id=subject).order_by("seq")
    return [
        {
            "purpose": row.purpose,
            "channel": row.channel,
            "kind": row.kind,
            "status": row.status,
            "at": row.occurred_at.isoformat(),
            "notice_version": row.notice_version,
            "scope": row.scope,
        }
        for row in rows
    ]


def _erase_consents(caller: Caller, subject: uuid.UUID) -> ErasedPart:
    """The state goes; events and receipts name nobody (a pseudonym without a person behind it) and prove that there
    was a consent while it was used."""
    removed, _ = ConsentState.objects.filter(subject_id=subject).delete()
    remaining = ConsentState.objects.filter(subject_id=subject).count()
    kept = ConsentEvent.objects.filter(subject_id=subject).count()
    return ErasedPart(removed=removed, remaining=remaining, note=f"events_kept_as_proof={kept}")


def _keep_consents(subject: uuid.UUID) -> datetime | None:
    last = ConsentEvent.objects.filter(subject_id=subject).aggregate(last=Max("recorded_at"))["last"]
    return after(last, CONSENT_KEEP) if last else None


def _rebind_consents(caller: Caller, source: uuid.UUID, target: uuid.UUID, merge_id: uuid.UUID) -> int:
    """Consents are not moved by a merge: what one record's person agreed to is asked of the other anew. The state of
    the source is only made again from its events, so that an undo finds it whole."""
    return rebuild_states(subject=source)


def _export_grants(caller: Caller, subject: uuid.UUID) -> list[dict[str, Any]]:
    rows = Grant.objects.filter(subject_id=subject).order_by("granted_at")
    return [
        {
            "relation": row.relation,
            "from": row.granted_at.isoformat(),
            "until": row.until.isoformat() if row.until else None,
        }
        for row in rows
    ]


def _erase_grants(caller: Caller, subject: uuid.UUID) -> ErasedPart:
    removed, _ = Grant.objects.filter(subject_id=subject).delete()
    return ErasedPart(removed=removed, remaining=Grant.objects.filter(subject_id=subject).count())


def _rebind_grants(caller: Caller, source: uuid.UUID, target: uuid.UUID, merge_id: uuid.UUID) -> int:
    """Relations stay with their own record: the merged one is invisible, and an undo brings it back with them."""
    return 0


HOLDINGS: tuple[Holding, ...] = (
    Holding(
        key="regime.consents",
        label={"zh": "同意的状态与凭证", "en": "State of consents, and receipts"},
        models=("regime.ConsentState", "regime.ConsentEvent", "regime.Receipt"),
        export=_export_consents,
        erase=_erase_consents,
        keep_until=_keep_consents,
        rebind=_rebind_consents,
        order=800,
    ),
    Holding(
        key="regime.grants",
        label={"zh": "员工与客户的关系", "en": "Relations of staff to the customer"},
        models=("regime.Grant",),
        export=_export_grants,
        erase=_erase_grants,
        keep_until=lambda subject: None,
        rebind=_rebind_grants,
        order=810,
    ),
)

IMPERSONAL = (
    impersonal(("regime.Notice", "regime.NoticeText"), reason="公司发布的告知文本，不含任何客户的信息"),
    impersonal(
        ("regime.RulebookVersion", "regime.RulebookSignature", "regime.RulebookActivation"),
        reason="公司的制度原文、签署和生效时间，不含任何客户的信息",
    ),
    impersonal(
        ("regime.RulebookDraft", "regime.RulebookImpact"),
        reason="公司的制度草案，以及按草案点出的人数；只有数字，不含任何客户的信息",
    ),
)
