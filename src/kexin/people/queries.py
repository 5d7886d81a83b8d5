"""Questions about staff: who is this, what may they be, what do they hold."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.clock import now
from kexin.foundation.database import prepared
from kexin.people import facts
from kexin.people.labels import spoken
from kexin.people.models import ApiToken, Department, Invitation, Person, RoleAssignment, SignIn
from kexin.people.rules import posts
from kexin.people.types import NotEntitled, PersonNotFound, PersonRow, Principal, Role, SessionRow, TokenRow

#: The posts' names are asked for through this door: other rooms do not read people's labels.
__all__ = [
    "DEMO_ORDER", "TOKEN_PREFIX", "Link", "TokenHeld", "anybody", "caller_of", "demo_people", "departments", "departments_of",
    "digest_of", "empty_seats", "holders", "lookup", "names_of", "open_link", "people", "principal", "principal_from", "sessions", "spoken", "token_held", "tokens",
]  # fmt: skip

TOKEN_PREFIX = "kx_"

#: One round trip: person, posts in force, the departments above, the departments led with all below, the token.
_PRINCIPAL = """
SELECT p.name, p.staff_no, COALESCE(p.phone, '') AS phone, p.epoch, p.is_active,
       ARRAY(SELECT r.role FROM people_roleassignment r
              WHERE r.person_id = p.id AND r.revoked_at IS NULL AND (r.until IS NULL OR r.until > %(at)s)) AS roles,
       COALESCE(d.path, '{}') AS path,
       ARRAY(SELECT t.id FROM people_department t
              WHERE t.path && ARRAY(SELECT l.id FROM people_department l WHERE l.lead_id = p.id
                                    UNION ALL
                                    SELECT p.department_id FROM people_roleassignment r
                                     WHERE r.person_id = p.id AND r.role = 'sales_lead' AND r.revoked_at IS NULL
                                       AND (r.until IS NULL OR r.until > %(at)s) AND p.department_id IS NOT NULL)) AS team,
       %(token)s::uuid IS NULL OR EXISTS (SELECT 1 FROM people_apitoken k
              WHERE k.id = %(token)s::uuid AND k.person_id = p.id AND k.revoked_at IS NULL AND k.expires_at > %(at)s) AS token_holds
  FROM people_person p LEFT JOIN people_department d ON d.id = p.department_id
 WHERE p.id = %(id)s
"""
_TOKEN = """
SELECT k.id, p.id, p.epoch, k.purposes, k.used_on FROM people_apitoken k JOIN people_person p ON p.id = k.person_id
 WHERE k.digest = %s AND k.revoked_at IS NULL AND k.expires_at > %s AND p.is_active
"""


def principal(caller: Caller) -> Principal:
    """The asker's rights at this instant, read again on every call (one query; none for services).

    Staff and tokens are looked up; a service is its own post ``svc_<name>``; portal and partner callers hold no
    post of staff. An unknown or stale caller is answered with ``is_current=False`` and no roles.
    """
    if caller.kind is CallerKind.SERVICE:
        known = caller.id == Caller.for_service(caller.service).id and bool(caller.service)
        roles = frozenset({f"svc_{caller.service}"}) if known else frozenset()
        return Principal(id=caller.id, name=caller.service, staff_no="", roles=roles, is_current=known)
    if caller.kind not in (CallerKind.STAFF, CallerKind.TOKEN):
        return Principal(id=caller.id, name="", staff_no="", roles=frozenset(), is_current=True)
    if (caller.kind is CallerKind.TOKEN) != (caller.token_id is not None):
        return _nobody(caller.id)
    rows = prepared(_PRINCIPAL, {"id": caller.id, "at": now(), "token": caller.token_id})
    return principal_from(caller, rows[0]) if rows else _nobody(caller.id)


def lookup(caller: Caller) -> tuple[str, dict[str, Any]] | None:
    """The question of `principal` as SQL (columns name … token_holds) and its parameters by name, for a room that asks
    it together with a question of its own; None where no table is asked. `principal_from` reads the row."""
    if caller.kind not in (CallerKind.STAFF, CallerKind.TOKEN):
        return None
    if (caller.kind is CallerKind.TOKEN) != (caller.token_id is not None):
        return None
    return _PRINCIPAL, {"id": caller.id, "at": now(), "token": caller.token_id}


def principal_from(caller: Caller, row: Sequence[Any]) -> Principal:
    """The rights that a row of `lookup` says this caller has."""
    name, staff_no, phone, epoch, is_active, roles, path, team, token_holds = row
    current = bool(is_active and token_holds and epoch == caller.epoch)
    return Principal(
        id=caller.id,
        name=name,
        staff_no=staff_no,
        roles=frozenset(roles if current else ()),
        department_ids=frozenset(path if current else ()),
        team_ids=frozenset(team if current else ()),
        phone=phone,
        is_current=current,
    )


def _nobody(identity: uuid.UUID) -> Principal:
    return Principal(id=identity, name="", staff_no="", roles=frozenset(), is_current=False)


def caller_of(person_id: uuid.UUID, *, purpose: str = "", cause: str = "command") -> Caller:
    """A staff Caller with the person's present epoch, for commands and tests. Raises PersonNotFound."""
    epoch = Person.objects.filter(id=person_id, is_active=True).values_list("epoch", flat=True).first()
    if epoch is None:
        raise PersonNotFound()
    return Caller(kind=CallerKind.STAFF, id=person_id, epoch=epoch, purpose=purpose, cause=cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHeld:
    """A valid bearer token: its caller (without a purpose yet), the purposes it may use, the last day of use."""

    caller: Caller
    purposes: tuple[str, ...]
    used_on: date | None


def digest_of(secret: str) -> bytes:
    """SHA-256 of a 256-bit random secret: nothing slower is needed, nothing can be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def token_held(secret: str) -> TokenHeld | None:
    """Whom a bearer token speaks for, or None when it is unknown, ended, revoked or its person left."""
    if not secret.startswith(TOKEN_PREFIX) or len(secret) > 128:
        return None
    rows = prepared(_TOKEN, [digest_of(secret), now()])
    if not rows:
        return None
    token, person, epoch, purposes, used_on = rows[0]
    caller = Caller(kind=CallerKind.TOKEN, id=person, epoch=epoch, cause=f"token:{token}", token_id=token)
    return TokenHeld(caller=caller, purposes=tuple(purposes), used_on=used_on)


def tokens(caller: Caller) -> list[TokenRow]:
    """One's own tokens, newest first."""
    rows = ApiToken.objects.filter(person_id=caller.id).order_by("-created_at")
    return [
        TokenRow(
            id=row.id,
            label=row.label,
            ends=row.ends,
            purposes=tuple(row.purposes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            used_on=row.used_on,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An open one-time link: whom it is for ("" when it founds the first account)."""

    name: str
    founds: bool


def open_link(secret: str) -> Link | None:
    """What a one-time link still allows, or None when it was used, replaced or has expired."""
    row = (
        Invitation.objects.filter(digest=digest_of(secret), used_at__isnull=True, expires_at__gt=now())
        .select_related("person")
        .first()
    )
    if row is None:
        return None
    return Link(name=row.person.name if row.person else "", founds=row.person is None)


def sessions(caller: Caller, *, session_key: str = "") -> list[SessionRow]:
    """One's own live sign-ins, newest first."""
    rows = SignIn.objects.filter(person_id=caller.id, ended_at__isnull=True).order_by("-at")
    return [
        SessionRow(id=row.id, at=row.at, place=row.place, device=row.device, is_this=row.session_key == session_key)
        for row in rows
    ]


def people(caller: Caller, *, active: bool | None = True) -> list[PersonRow]:
    """Staff by 工号, for the posts that administer or audit them. Raises NotEntitled."""
    if not posts.entitled(principal(caller).roles, act=posts.Act.LIST, service=caller.service):
        raise NotEntitled()
    found = Person.objects.select_related("department").order_by("staff_no")
    if active is not None:
        found = found.filter(is_active=active)
    held = _posts_held()
    return [
        PersonRow(
            id=person.id,
            staff_no=person.staff_no,
            name=person.name,
            department=person.department.name if person.department else "",
            roles=tuple(sorted(held.get(person.id, ()))),
            is_active=person.is_active,
            joined_at=person.joined_at,
            left_at=person.left_at,
        )
        for person in found
    ]


def _posts_held() -> dict[uuid.UUID, list[str]]:
    held: dict[uuid.UUID, list[str]] = {}
    in_force = Q(revoked_at__isnull=True) & (Q(until__isnull=True) | Q(until__gt=now()))
    for person_id, role in RoleAssignment.objects.filter(in_force).values_list("person_id", "role"):
        held.setdefault(person_id, []).append(role)
    return held


def holders(roles: frozenset[str]) -> dict[str, frozenset[uuid.UUID]]:
    """Role -> everything that a grant to its holders may name: the persons, the departments above them and those that
    they lead with all below. Two queries, whatever the number of people; services are not looked up."""
    tree = [(row.id, row.path, row.lead_id) for row in Department.objects.only("id", "path", "lead_id")]
    paths = {identity: path for identity, path, _lead in tree}
    in_force = Q(revoked_at__isnull=True) & (Q(until__isnull=True) | Q(until__gt=now()))
    assigned = RoleAssignment.objects.filter(in_force, role__in=roles, person__is_active=True)
    found: dict[str, set[uuid.UUID]] = {role: set() for role in roles}
    for role, person, department in assigned.values_list("role", "person_id", "person__department_id"):
        led = {identity for identity, _path, lead in tree if lead == person}
        led |= {department} if role == "sales_lead" and department else set()
        below = {identity for identity, path, _lead in tree if led and led.intersection(path)}
        found[role] |= {person, *paths.get(department, ()), *below}
    return {role: frozenset(ids) for role, ids in found.items()}


def names_of(person_ids: frozenset[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of colleagues by id (the owner column of a list, the signer of a draft); unknown ids are absent."""
    return dict(Person.objects.filter(id__in=person_ids).values_list("id", "name"))


def departments_of(person_ids: frozenset[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Person -> name of the department; people without one, and services, are left out."""
    found = Person.objects.filter(id__in=person_ids, department__isnull=False)
    return dict(found.values_list("id", "department__name"))


def departments() -> list[tuple[uuid.UUID, str, int]]:
    """The tree in reading order: id, name, depth (0 at the root)."""
    rows = {row.id: row for row in Department.objects.all()}

    def sort_key(row: Department) -> list[tuple[int, str]]:
        return [(rows[step].order, rows[step].name) for step in row.path]

    return [(row.id, row.name, len(row.path) - 1) for row in sorted(rows.values(), key=sort_key)]


def anybody() -> bool:
    """Whether a first account was ever opened. Once true it stays so, and is not asked again."""
    global _founded
    _founded = _founded or Person.objects.exists()
    return _founded


_founded = False


def empty_seats() -> tuple[Role, ...]:
    """Posts every installation needs that nobody holds yet."""
    needed = (Role.HEAD, Role.DPO, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN, Role.AUDITOR)
    held = {role for roles in _posts_held().values() for role in roles}
    return tuple(role for role in needed if role.value not in held)


def demo_people() -> list[PersonRow]:
    """One person per post to try with one click; empty unless this database was born as a demo."""
    if not facts.born_demo():
        return []
    chosen: dict[str, PersonRow] = {}
    for row in people(Caller.for_service("maintenance")):
        for role in row.roles:
            chosen.setdefault(role, row)
    order = [role for role in DEMO_ORDER if role in chosen]
    unique = dict.fromkeys(chosen[role] for role in order)
    return list(unique)


#: The order in which a newcomer tries the posts.
DEMO_ORDER = ("sales", "sales_lead", "agent", "marketer", "analyst", "steward", "dpo", "auditor", "security_admin", "system_admin", "counsel", "finance", "head")
