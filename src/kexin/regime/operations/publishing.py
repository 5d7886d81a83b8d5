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
from kexin.regime.operations.assessing import shown
from kexin.regime.operations.drafting import mine
from kexin.regime.operations.entitling import NotPublisher, entitled, proved_lately
from kexin.regime.queries import rulebook as stored
from kexin.regime.register import followers, persons
from kexin.regime.rulebook.check import check, errors
from kexin.regime.rulebook.diff import Difference, difference
from kexin.regime.rulebook.findings import Finding, RulebookInvalid
from kexin.regime.rulebook.parser import parse
from kexin.regime.rulebook.reach import PUBLISH, SIGN
from kexin.regime.rulebook.reading import days
from kexin.regime.types import Rulebook

__all__ = [
    "ImpactUnseen", "NotPublisher", "Overtaken", "Published", "SignedBySamePerson", "install_rulebook", "publish_draft",
    "publish_rulebook", "sign_rulebook",
]  # fmt: skip

#: Service accounts of the host's own shell may install the first rulebook, never a second one.
INSTALLERS = frozenset({"setup", "demo"})


class SignedBySamePerson(Refused):
    """The second signature is another person's."""

    code = "same-signer"
    title = _("没有签署：起草人和签署人不能是同一人")


class ImpactUnseen(Conflict):
    """Nobody signs what they did not see counted: exactly these bytes, against the version in force (I10)."""

    code = "impact-unseen"
    title = _("没有签署：先看这份草案会影响谁")


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


def publish_rulebook(
    caller: Caller, *, source: bytes, impact: str, signed_in_at: datetime | None = None
) -> Published:
    """Draft and sign a version. It waits for another person's signature; where only one person could sign, tightening
    comes into force at once and loosening after the wait of `controls` (24 h), with both written into the evidence.

    ``impact`` is the digest of the finished counting of exactly these bytes, as its page told it; ``signed_in_at`` comes
    from the session, never from a body. Raises RulebookInvalid with every finding, NotPublisher, FreshProofNeeded,
    ImpactUnseen, Overtaken (the same text is in force or waiting).
    """
    entitled(caller, PUBLISH)
    proved_lately(caller, signed_in_at)
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
        _saw(caller, book.sha256, base.sha256 if base else "", impact)
        version = _store(caller, source, book, base=base.sha256 if base else "", loosens=change.loosens, impact=impact)
        effective_at = None
        if current is not None and current.profile.size == "small" and not _another_signer(caller):
            wait = timedelta(days=days(current.controls.lone_publisher_wait)) if change.loosens else timedelta(0)
            effective_at = _activate(caller, version, now() + wait)
    return _published(version, effective_at, findings, change)


def publish_draft(
    caller: Caller, *, draft: uuid.UUID, impact: str, signed_in_at: datetime | None = None
) -> Published:
    """Sign one's own draft: it becomes a version, and there is no draft any more. Raises as `publish_rulebook`, and
    DraftUnknown, NotAuthor."""
    entitled(caller, PUBLISH)
    with transaction.atomic():
        row = mine(caller, draft)
        published = publish_rulebook(caller, source=bytes(row.source), impact=impact, signed_in_at=signed_in_at)
        row.delete()
    return published


def sign_rulebook(
    caller: Caller, *, version: uuid.UUID, impact: str, signed_in_at: datetime | None = None
) -> Published:
    """The second signature; from this instant the version is in force. Raises NotPublisher, FreshProofNeeded,
    SignedBySamePerson, ImpactUnseen, Overtaken, VersionUnknown."""
    entitled(caller, SIGN)
    proved_lately(caller, signed_in_at)
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
        _saw(caller, row.sha256, row.base_sha256, impact)
        _sign(caller, row, impact)
        effective_at = _activate(caller, row, now())
    return _published(row, effective_at)


def _saw(caller: Caller, sha256: str, base_sha256: str, impact: str) -> None:
    if not shown(caller, sha256=sha256, base_sha256=base_sha256, digest=impact):
        raise ImpactUnseen(_("签署须针对正在看的这一次影响预览。"), remedy=_("请打开影响预览，看完后在同一页签署。"))


def _checked(source: bytes) -> tuple[Rulebook, tuple[Finding, ...]]:
    parsed = parse(source)
    # Counting costs a look at every record, and only the small profile ends at a number.
    findings = check(parsed, persons=persons() if parsed.rulebook.profile.size == "small" else 0)
    if wrong := errors(findings):
        raise RulebookInvalid(wrong)
    return parsed.rulebook, findings


def _another_signer(caller: Caller) -> bool:
    """Whether anybody else in the house could sign."""
    return any(row.id != caller.id and stored.permitted(row.roles, SIGN) for row in people.people(caller))


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('regime.rulebook', 0))")


def _store(
    caller: Caller, source: bytes, book: Rulebook, *, base: str, loosens: bool, impact: str = ""
) -> RulebookVersion:
    newest = RulebookVersion.objects.aggregate(newest=Max("number"))["newest"] or 0
    version = RulebookVersion.objects.create(
        number=newest + 1, sha256=book.sha256, source=source, base_sha256=base, loosens=loosens, drafted_by=caller.id
    )
    _note(caller, Event.RULEBOOK_DRAFTED, version)
    _sign(caller, version, impact)
    return version


def _sign(caller: Caller, version: RulebookVersion, impact: str) -> None:
    """What is signed names the bytes, the version they replace, what the signer saw of their effect and the signer, so
    that no signature fits elsewhere."""
    signed_at = now()
    body = canonical.dumps(
        {
            "kind": "rulebook",
            "number": version.number,
            "sha256": version.sha256,
            "replaces": version.base_sha256,
            "impact": impact,
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
