"""Posts: given by the security administrator, never to oneself, never two that exclude each other."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.problems import Invalid
from kexin.people import facts
from kexin.people.labels import ROLES
from kexin.people.models import RoleAssignment
from kexin.people.operations.decisions import bump_epoch, demand, deny, line, locked
from kexin.people.rules import posts
from kexin.people.types import PersonNotFound, Role, RoleConflict, SelfGrant


def assign_role(caller: Caller, *, person: uuid.UUID, role: str, until: datetime | None = None) -> uuid.UUID:
    """Give a post, at once and until ``until`` (None: until revoked). Answers the assignment's id.

    Raises SelfGrant, RoleConflict, PersonNotFound, NotEntitled. Giving a post that is held already changes its end.
    """
    role = Role(role).value
    if role in posts.NEEDS_END and until is None:
        raise Invalid(_("外部审计账号要有到期时间。"), errors=({"field": "until"},))
    if until is not None and until <= now():
        raise Invalid(_("到期时间要晚于现在。"), errors=({"field": "until"},))
    with transaction.atomic():
        demand(caller, posts.Act.GRANT)
        if person == caller.id:
            deny(caller, posts.Act.GRANT)
            raise SelfGrant(_("不能给自己授予岗位。"), remedy=_("请另一位安全管理员办理。"), article="GB/T 35273-2020 7.1 c")
        if not locked(person).is_active:
            raise PersonNotFound(_("这个账号已停用。"), remedy=_("先新建账号，再授予岗位。"))
        _end_expired(person)
        held = set(RoleAssignment.objects.filter(person_id=person, revoked_at__isnull=True).values_list("role", flat=True))
        against = posts.conflicting(held, role, small=facts.small_firm()) or min(held & facts.apart(role), default="")
        if against:
            deny(caller, posts.Act.GRANT)
            raise RoleConflict(
                _("这位同事已担任“%(held)s”，不能同时担任“%(wanted)s”。") % {"held": ROLES[against], "wanted": ROLES[role]},
                remedy=_("先撤销其中一个岗位，或授予另一位同事。"),
                article="GB/T 35273-2020 7.1 c",
            )
        row, _created = RoleAssignment.objects.update_or_create(
            person_id=person, role=role, revoked_at=None, defaults={"until": until, "granted_by": caller.id}
        )
        bump_epoch(person)
        line(caller, "role.granted", ref=row.id, action=role)
    return row.id


def revoke_role(caller: Caller, *, person: uuid.UUID, role: str) -> bool:
    """End a post at once; False when it was not held."""
    with transaction.atomic():
        demand(caller, posts.Act.REVOKE)
        locked(person)
        row = RoleAssignment.objects.filter(person_id=person, role=role, revoked_at__isnull=True).first()
        if row is None:
            return False
        RoleAssignment.objects.filter(id=row.id).update(revoked_at=now(), revoked_by=caller.id)
        bump_epoch(person)
        line(caller, "role.revoked", ref=row.id, action=role)
    return True


def _end_expired(person: uuid.UUID) -> None:
    """Close assignments whose time ran out, so that the same post can be given again."""
    over = Q(person_id=person, revoked_at__isnull=True, until__lte=now())
    RoleAssignment.objects.filter(over).update(revoked_at=now())

