"""One-time links: how a person sets a first or a forgotten password, and how the first account comes to be."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.problems import Refused
from kexin.people import queries
from kexin.people.models import Invitation, Person, RoleAssignment, SignIn
from kexin.people.operations.decisions import demand, line, locked
from kexin.people.operations.signing import end_all_sessions, set_password
from kexin.people.operations.staff import create_person
from kexin.people.rules.posts import HOST_SERVICES, Act
from kexin.people.types import InvitationMade, LinkEnded, Role, StaffNoTaken

LINK_LIFE = timedelta(hours=72)


def invite(caller: Caller, *, person: uuid.UUID | None = None) -> InvitationMade:
    """A one-time link (72 h) to set a password; an earlier unused one for the same person ends.

    Without a person it founds the first account, and only the host's own set-up may ask for that.
    """
    with transaction.atomic():
        demand(caller, Act.INVITE)
        if person is None and caller.service not in HOST_SERVICES:
            raise Refused(_("首个账号只能由安装程序开通。"))
        if person is not None and not locked(person).is_active:
            raise LinkEnded(_("这个账号已停用。"))
        whose: dict[str, Any] = {"person_id": person} if person is not None else {"person_id__isnull": True}
        Invitation.objects.filter(**whose, used_at__isnull=True).update(used_at=now())
        secret = secrets.token_urlsafe(32)
        row = Invitation.objects.create(person_id=person, digest=queries.digest_of(secret), expires_at=now() + LINK_LIFE)
    return InvitationMade(id=row.id, secret=secret, expires_at=row.expires_at)


def redeem_invitation(*, secret: str, password: str, staff_no: str = "", name: str = "") -> uuid.UUID:
    """Set the password that an unused link allows, once. Raises LinkEnded, WeakPassword, StaffNoTaken.

    The only verb without a Caller: the link itself is the proof. The founding link creates the first account.
    """
    with transaction.atomic():
        row = Invitation.objects.select_for_update().filter(digest=queries.digest_of(secret)).first()
        if row is None or row.used_at is not None or row.expires_at <= now():
            raise LinkEnded(remedy=_("请系统管理员重新发一个。"))
        person = locked(row.person_id) if row.person_id else _found(staff_no=staff_no, name=name)
        if not person.is_active:
            raise LinkEnded(remedy=_("请系统管理员重新发一个。"))
        set_password(person, password)
        Invitation.objects.filter(id=row.id).update(used_at=now(), person_id=person.id)
        end_all_sessions(SignIn.objects.filter(person_id=person.id), ending="password")
    return person.id


def _found(*, staff_no: str, name: str) -> Person:
    """The first person of an installation: opens accounts and gives posts, until others fill the empty seats.

    Both administrations are held together here even outside small mode, because somebody must be first; the rule
    that separates them applies to every later grant.
    """
    if Person.objects.exists():
        raise StaffNoTaken(_("已经有人开通过账号，这个链接不能再用。"), remedy=_("请联系系统管理员。"))
    setup = Caller.for_service("setup", cause="setup")
    identity = create_person(setup, staff_no=staff_no, name=name)
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        assignment = RoleAssignment.objects.create(person_id=identity, role=role.value, granted_by=setup.id)
        line(setup, "role.granted", ref=assignment.id, action=role.value)
    return locked(identity)
