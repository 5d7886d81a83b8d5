"""Who asks, for what, and because of what: the first argument of every verb and question."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from enum import StrEnum

#: Namespace of the ids of service accounts, so that a service has the same id in every installation.
SERVICE_NAMESPACE = uuid.UUID("6f0c6a56-2f0b-5d0e-9a51-6b6578696e00")


class CallerKind(StrEnum):
    """The five kinds of askers. A kind decides where rights are looked up, never what they are."""

    STAFF = "staff"
    SERVICE = "service"
    PORTAL = "portal"
    PARTNER = "partner"
    TOKEN = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One asker at one moment. Made by middleware, token, job envelope or command; never from a request body.

    ``id`` is the person (for tokens: the named person behind the token), ``epoch`` the person's rights epoch
    when the caller was made: a newer epoch in the database makes this caller stale and every question a no.
    ``purpose`` is a purpose code of the rulebook ("" where nothing about a customer is asked).
    ``cause`` names the request, job, command or case; it never holds personal data.
    ``service`` is the service account's name for kind SERVICE, otherwise "".
    ``token_id`` names the API token for kind TOKEN, so that a narrower scope can be looked up.
    """

    kind: CallerKind
    id: uuid.UUID
    epoch: int
    purpose: str = ""
    cause: str = ""
    service: str = ""
    token_id: uuid.UUID | None = None

    @classmethod
    def for_service(cls, service: str, *, purpose: str = "", cause: str = "timetable") -> Caller:
        """A named service account (importer, retention, …); its rights are rules of the rulebook like anyone's."""
        identity = uuid.uuid5(SERVICE_NAMESPACE, service)
        return cls(kind=CallerKind.SERVICE, id=identity, epoch=0, purpose=purpose, cause=cause, service=service)

    def under(self, purpose: str) -> Caller:
        """The same asker under another purpose. Whether that purpose is lawful here is for `regime` to decide."""
        return replace(self, purpose=purpose)

    def because(self, cause: str) -> Caller:
        """The same asker with another cause (a job started by a request names the job)."""
        return replace(self, cause=cause)

    def envelope(self) -> dict[str, str | int]:
        """The caller as it travels in a job: ids and codes only."""
        return {
            "kind": self.kind.value,
            "id": str(self.id),
            "epoch": self.epoch,
            "purpose": self.purpose,
            "cause": self.cause,
            "service": self.service,
            "token_id": str(self.token_id) if self.token_id else "",
        }

    @classmethod
    def from_envelope(cls, envelope: dict[str, str | int]) -> Caller:
        """Rebuild a caller in a worker. Rights are not carried: they are looked up again when it asks."""
        token_id = str(envelope["token_id"])
        return cls(
            kind=CallerKind(str(envelope["kind"])),
            id=uuid.UUID(str(envelope["id"])),
            epoch=int(envelope["epoch"]),
            purpose=str(envelope["purpose"]),
            cause=str(envelope["cause"]),
            service=str(envelope["service"]),
            token_id=uuid.UUID(token_id) if token_id else None,
        )
