"""The receipt of a consent: a document in the shape of ISO/IEC TS 27560:2023, and its short code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kexin.regime.types.rulebook import Rulebook

SCHEMA = "kexin-consent-receipt/1 (ISO/IEC TS 27560:2023)"
#: Crockford's base 32: no I, L, O, U, so that a code can be read out over the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def code_of(random: bytes) -> str:
    """Eight letters (40 bits) from five random bytes."""
    number = int.from_bytes(random[:5], "big")
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(35, -1, -5))


def printed_code(code: str) -> str:
    """7F3K29QD as people see it: R-7F3K-29QD."""
    return f"R-{code[:4]}-{code[4:]}"


def plain_code(text: str) -> str:
    """What somebody typed, as it is stored; "" when it cannot be a code."""
    if not isinstance(text, str) or len(text) > 32:
        return ""
    letters = "".join(text.upper().split()).replace("-", "")
    letters = letters[1:] if len(letters) == 9 and letters.startswith("R") else letters
    letters = letters.translate(_READ)
    return letters if len(letters) == 8 and all(letter in ALPHABET for letter in letters) else ""


def instant(value: datetime | None) -> dict[str, str] | None:
    """An instant in UTC and as people in China read it."""
    if value is None:
        return None
    return {"utc": value.isoformat(), "utc+8": value.astimezone(_SHANGHAI).isoformat()}


def document(rulebook: Rulebook, *, code: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt as plain JSON values: header, processing, parties, event (TS 27560 clause 6). ``event`` holds the
    columns of the consent event; the document names the person by pseudonym only."""
    company = rulebook.company
    purpose = rulebook.purposes[event["purpose"]]
    scope = event["scope"]
    recipients = [rulebook.recipients[key] for key in scope["recipients"] if key in rulebook.recipients]
    bound = [one for one in rulebook.attributes.values() if purpose.key in one.purposes]
    return {
        "schema_version": SCHEMA,
        "record_id": str(event["record_id"]),
        "receipt_id": printed_code(code),
        "pii_principal_id": str(event["subject_id"]),
        "processing": {
            "notice": {
                "id": str(event["notice_id"] or ""),
                "version": event["notice_version"],
                "sha256": event["notice_sha256"],
                "language": event["locale"],
            },
            "purpose": purpose.key,
            "purpose_label": dict(purpose.label),
            "lawful_basis": event["basis"],
            "consent_kind": event["kind"],
            "pii": [
                {
                    "type": one.key,
                    "label": dict(one.label),
                    "optional": one.purposes[purpose.key] == "optional",
                    "sensitive": one.sensitive,
                    "retention": _retention(one.retention, purpose.key),
                }
                for one in bound
            ],
            "collection_method": event["method"],
            "processing_method": event["channel"] or "storage",
            "storage_location": "CN",
            "jurisdiction": rulebook.profile.jurisdiction,
            "withdrawal_method": {"portal": True, "email": company.officer_email, "phone": company.phone},
            "scope_sha256": event["scope_sha256"],
            "pia": event["pia"],
        },
        "parties": {
            "controller": {
                "name": company.name,
                "uscc": company.uscc,
                "address": company.address,
                "phone": company.phone,
                "officer": {"name": company.officer_name, "email": company.officer_email},
            },
            "recipients": [
                {"name": one.name, "contact": one.contact, "kind": one.kind, "country": one.country}
                for one in recipients
            ],
        },
        "event": {
            "time": instant(event["occurred_at"]),
            "type": event["kind"],
            "state": event["status"],
            "entity": event["actor_kind"],
            "valid_until": instant(event["valid_until"]),
            "channel": event["channel"],
            "form": event["form"],
            "wording_sha256": event["wording_sha256"],
            "guardian": {"relation": event["guardian_relation"], "method": event["guardian_method"]}
            if event["guardian_relation"]
            else None,
        },
        "rulebook_sha256": event["rulebook_sha256"],
    }


def _retention(retention: Mapping[str, Any], purpose: str) -> dict[str, str] | None:
    found = retention.get(purpose)
    return {"from": found.start, "keep": found.keep, "then": found.then} if found else None
