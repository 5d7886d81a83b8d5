"""DOOR: rulebooks as stored: which version is in force, its bytes, its parsed form, its signatures."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.foundation.clock import now
from kexin.foundation.database import prepared
from kexin.foundation.problems import NotFound
from kexin.regime.models import RulebookSignature, RulebookVersion
from kexin.regime.rulebook import editing
from kexin.regime.rulebook.parser import parse
from kexin.regime.types import Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The version that speaks now."""

    number: int
    sha256: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version as listed. ``state`` waiting (for a second signature) | overtaken (another came into force while it
    waited) | scheduled | in_force | past. ``base_sha256``: the version that it was compared with."""

    id: uuid.UUID
    number: int
    sha256: str
    state: str
    loosens: bool
    drafted_by: uuid.UUID
    drafted_at: datetime
    signers: tuple[uuid.UUID, ...]
    effective_at: datetime | None
    base_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """One signature: who, when, with which key of the installation."""

    signer: uuid.UUID
    signed_at: datetime
    key_id: str


#: The version in force at ``at``: number, sha256, since. No row before the first one.
IN_FORCE = (
    "SELECT v.number, v.sha256, a.effective_at FROM regime_rulebookactivation a"
    " JOIN regime_rulebookversion v ON v.id = a.version_id WHERE a.effective_at <= %(at)s ORDER BY v.number DESC LIMIT 1"
)


class VersionUnknown(NotFound):
    """There is no such version of the rulebook."""

    code = "rulebook-version-unknown"
    title = _("没有这一版制度")


def in_force() -> InForce | None:
    """The version in force at this instant; None before the first one. Among those whose time has come the newest
    number speaks, so that a loosening which still waited cannot undo a tightening that overtook it."""
    rows = prepared(IN_FORCE, {"at": now()})
    return InForce(number=rows[0][0], sha256=rows[0][1], since=rows[0][2]) if rows else None


def version_in_force() -> tuple[int, str] | None:
    """Number and sha256 of the version in force: what compiled bundles are kept under."""
    current = in_force()
    return (current.number, current.sha256) if current else None


def source(sha256: str) -> bytes:
    """The exact bytes of a version."""
    found = RulebookVersion.objects.filter(sha256=sha256).order_by("number").values_list("source", flat=True).first()
    if found is None:
        raise VersionUnknown()
    return bytes(found)


def source_of(number: int) -> bytes:
    """The exact bytes of a version by its number. Raises VersionUnknown."""
    found = RulebookVersion.objects.filter(number=_numbered(number)).values_list("source", flat=True).first()
    if found is None:
        raise VersionUnknown()
    return bytes(found)


def _numbered(number: int) -> int:
    """A number that the column can hold; whatever else somebody asks for is no version."""
    if not 0 < number < 2**31:
        raise VersionUnknown()
    return number


@lru_cache(maxsize=8)
def load(sha256: str) -> Rulebook:
    """A version parsed; kept per process, because its bytes never change. The bytes are checked against the name."""
    parsed = parse(source(sha256)).rulebook
    if parsed.sha256 != sha256:
        raise VersionUnknown(_("制度原文与摘要不符"))
    return parsed


@lru_cache(maxsize=8)
def plain_of(sha256: str) -> dict[str | int, Any]:
    """A version as plain values in the order of its text; kept per process like `load`. Read it, never change it."""
    return editing.plain(source(sha256))


def rulebook_in_force() -> Rulebook | None:
    """The parsed rulebook in force, None before the first one."""
    current = in_force()
    return load(current.sha256) if current else None


def permitted(roles: Iterable[str], permission: str) -> bool:
    """Whether one of these roles holds a permission (`chapter:noun:verb`) under the rulebook in force; False without."""
    current = rulebook_in_force()
    return current is not None and any(
        permission in current.roles[role].permissions for role in roles if role in current.roles
    )


def versions(*, limit: int = 50) -> list[VersionRow]:
    """The newest versions first."""
    current = in_force()
    rows = RulebookVersion.objects.defer("source").prefetch_related("signatures", "activations").order_by("-number")
    return [_row(version, current) for version in rows[:limit]]


def version(number: int) -> VersionRow:
    """One version by its number. Raises VersionUnknown."""
    rows = RulebookVersion.objects.defer("source").prefetch_related("signatures", "activations").filter(number=_numbered(number))
    found = rows.first()
    if found is None:
        raise VersionUnknown()
    return _row(found, in_force())


def waiting(sha256: str) -> VersionRow | None:
    """The version of exactly these bytes that still waits for its second signature; None when there is none."""
    rows = RulebookVersion.objects.defer("source").prefetch_related("signatures", "activations").filter(sha256=sha256)
    current = in_force()
    return next((row for one in rows.order_by("-number") if (row := _row(one, current)).state == "waiting"), None)


def signatures(number: int) -> tuple[SignatureRow, ...]:
    """Who signed a version and when, the drafter first."""
    rows = RulebookSignature.objects.filter(version__number=number).order_by("signed_at")
    return tuple(SignatureRow(signer=row.signer, signed_at=row.signed_at, key_id=row.key_id) for row in rows)


def _row(version: RulebookVersion, current: InForce | None) -> VersionRow:
    activation = next(iter(version.activations.all()), None)
    effective_at = activation.effective_at if activation else None
    number = current.number if current else 0
    if effective_at is None:
        state = "waiting" if version.base_sha256 == (current.sha256 if current else "") else "overtaken"
    elif effective_at > now():
        state = "scheduled" if version.number > number else "past"
    else:
        state = "in_force" if version.number == number else "past"
    return VersionRow(
        id=version.id,
        number=version.number,
        sha256=version.sha256,
        state=state,
        loosens=version.loosens,
        drafted_by=version.drafted_by,
        drafted_at=version.drafted_at,
        signers=tuple(signature.signer for signature in version.signatures.all()),
        effective_at=effective_at,
        base_sha256=version.base_sha256,
    )
