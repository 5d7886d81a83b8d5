"""DOOR: a rulebook's way into force: drafted and signed by one person, signed by another, in force, every step a line."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import canonical
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.clock import now
from kexin.foundation.problems import Conflict, Refused
from kexin.people import queries as people
from kexin.regime.models import RulebookActivation, RulebookSignature, RulebookVersion
from kexin.regime.queries import rulebook as stored
from kexin.regime.register import followers, persons
from kexin.regime.rulebook.check import check, errors
from kexin.regime.rulebook.diff import Difference, difference
from kexin.regime.rulebook.findings import Finding, RulebookInvalid
from kexin.regime.rulebook.parser import parse
from kexin.regime.rulebook.reach import PUBLISH, SIGN
from kexin.regime.rulebook.reading import days
from kexin.regime.types import Rulebook

#: Service accounts of the host's own shell may install the first rulebook, never a second one.
INSTALLERS = frozenset({"setup", "demo"})


class NotPublisher(Refused):
    """Somebody else drafts or signs rulebooks."""

    code = "not-publisher"
    title = _("没有签署：您的岗位不能起草或签署制度")


class SignedBySamePerson(Refused):
    """The second signature is another person's."""

    code = "same-signer"
    title = _("没有签署：起草人和签署人不能是同一人")


class Overtaken(Conflict):
    """Another version came into force since this one was compared, or this one is settled."""

    code = "rulebook-overtaken"
    title = _("没有签署：对照的版本已经变了，请重新对照后再签署")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where a version stands after a step. ``effective_at`` None: it waits for the second signature."""

    id: uuid.UUID
    number: int
    sha256: str
    loosens: bool
    effective_at: datetime | None
    findings: tuple[Finding, ...] = ()
    difference: Difference | None = None


def install_rulebook(caller: Caller, *, source: bytes) -> Published:
    """Put the first rulebook of a new installation in force. Refused as soon as any version exists."""
    if caller.kind is not CallerKind.SERVICE or caller.service not in INSTALLERS:
        raise NotPublisher(who="dpo")
    book, findings = _checked(source)
    with transaction.atomic():
        _one_at_a_time()
        if RulebookVersion.objects.exists():
            raise Overtaken()
        version = _store(caller, source, book, base="", loosens=True)
        effective_at = _activate(caller, version, now())
    return _published(version, effective_at, findings)


def publish_rulebook(caller: Caller, *, source: bytes) -> Published:
    """Draft and sign a version. It waits for another person's signature; where only one person could sign, tightening
    comes into force at once and loosening after the wait of `controls` (24 h), with both written into the evidence.

    Raises RulebookInvalid with every finding, NotPublisher, Overtaken (the same text is in force or waiting).
    """
    _entitled(caller, PUBLISH)
    book, findings = _checked(source)
    current = stored.rulebook_in_force()
    change = difference(current, book)
    with transaction.atomic():
        _one_at_a_time()
        base = stored.in_force()
        if (base.sha256 if base else "") != (current.sha256 if current else "") or book.sha256 == (
            base.sha256 if base else ""
        ):
            raise Overtaken()
        version = _store(caller, source, book, base=base.sha256 if base else "", loosens=change.loosens)
        effective_at = None
        if current is not None and current.profile.size == "small" and not _another_signer(caller):
            wait = timedelta(days=days(current.controls.lone_publisher_wait)) if change.loosens else timedelta(0)
            effective_at = _activate(caller, version, now() + wait)
    return _published(version, effective_at, findings, change)


def sign_rulebook(caller: Caller, *, version: uuid.UUID) -> Published:
    """The second signature; from this instant the version is in force. Raises NotPublisher, SignedBySamePerson,
    Overtaken, VersionUnknown."""
    _entitled(caller, SIGN)
    with transaction.atomic():
        _one_at_a_time()
        row = RulebookVersion.objects.filter(id=version).first()
        if row is None:
            raise stored.VersionUnknown()
        if row.drafted_by == caller.id:
            raise SignedBySamePerson()
        base = stored.in_force()
        if row.activations.exists() or row.base_sha256 != (base.sha256 if base else ""):
            raise Overtaken()
        _sign(caller, row)
        effective_at = _activate(caller, row, now())
    return _published(row, effective_at)


def _checked(source: bytes) -> tuple[Rulebook, tuple[Finding, ...]]:
    parsed = parse(source)
    # Counting costs a look at every record, and only the small profile ends at a number.
    findings = check(parsed, persons=persons() if parsed.rulebook.profile.size == "small" else 0)
    if wrong := errors(findings):
        raise RulebookInvalid(wrong)
    return parsed.rulebook, findings


def _entitled(caller: Caller, permission: str) -> None:
    """Named people only, under the rulebook that is in force now (a draft cannot name its own signers)."""
    if caller.kind not in (CallerKind.STAFF, CallerKind.TOKEN) or not stored.permitted(
        people.principal(caller).roles, permission
    ):
        raise NotPublisher(who="dpo")


def _another_signer(caller: Caller) -> bool:
    """Whether anybody else in the house could sign."""
    return any(row.id != caller.id and stored.permitted(row.roles, SIGN) for row in people.people(caller))


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('regime.rulebook', 0))")


def _store(caller: Caller, source: bytes, book: Rulebook, *, base: str, loosens: bool) -> RulebookVersion:
    newest = RulebookVersion.objects.aggregate(newest=Max("number"))["newest"] or 0
    version = RulebookVersion.objects.create(
        number=newest + 1, sha256=book.sha256, source=source, base_sha256=base, loosens=loosens, drafted_by=caller.id
    )
    _note(caller, Event.RULEBOOK_DRAFTED, version)
    _sign(caller, version)
    return version


def _sign(caller: Caller, version: RulebookVersion) -> None:
    """What is signed names the bytes, the version they replace and the signer, so that no signature fits elsewhere."""
    signed_at = now()
    body = canonical.dumps(
        {
            "kind": "rulebook",
            "number": version.number,
            "sha256": version.sha256,
            "replaces": version.base_sha256,
            "signer": str(caller.id),
            "at": signed_at.isoformat(),
        }
    )
    signature = evidence.sign("rulebook", body)
    RulebookSignature.objects.create(
        version=version,
        signer=caller.id,
        body=body,
        key_id=signature.key_id,
        alg=signature.alg,
        sig=signature.sig,
        signed_at=signed_at,
    )
    _note(caller, Event.RULEBOOK_SIGNED, version)


def _activate(caller: Caller, version: RulebookVersion, effective_at: datetime) -> datetime:
    before, after = stored.rulebook_in_force(), stored.load(version.sha256)
    RulebookActivation.objects.create(version=version, effective_at=effective_at, activated_by=caller.id)
    _note(caller, Event.RULEBOOK_PUBLISHED, version)
    for follow in followers():
        follow(caller, before, after, effective_at)
    return effective_at


def _note(caller: Caller, event: Event, version: RulebookVersion) -> None:
    entry = Entry(
        event=event,
        decision="allow",
        purpose="governance",
        rulebook=version.sha256,
        audit_item="A19",
        ref=str(version.id),
    )
    evidence.note(caller, entry)


def _published(
    version: RulebookVersion,
    effective_at: datetime | None,
    findings: tuple[Finding, ...] = (),
    change: Difference | None = None,
) -> Published:
    return Published(
        id=version.id,
        number=version.number,
        sha256=version.sha256,
        loosens=version.loosens,
        effective_at=effective_at,
        findings=findings,
        difference=change,
    )
