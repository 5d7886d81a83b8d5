"""People and departments: coming, going, and the tree."""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.problems import Invalid
from kexin.people.models import ApiToken, Department, Invitation, Person, RoleAssignment, SignIn
from kexin.people.operations.decisions import bump_epoch, demand, line, locked
from kexin.people.operations.signing import end_all_sessions
from kexin.people.rules.posts import Act
from kexin.people.types import StaffNoTaken

_MAX_NO, _MAX_NAME = 32, 64


def create_person(
    caller: Caller,
    *,
    staff_no: str,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    department: uuid.UUID | None = None,
    password: str | None = None,
) -> uuid.UUID:
    """Open an account and answer its id. Without ``password`` it is opened by an invitation. Raises StaffNoTaken."""
    staff_no, name = staff_no.strip(), name.strip()
    if not 0 < len(staff_no) <= _MAX_NO or not staff_no.isprintable() or "@" in staff_no:
        raise Invalid(_("工号要填 1 到 32 个字符，不能含 @。"), errors=({"field": "staff_no"},))
    if not 0 < len(name) <= _MAX_NAME or not name.isprintable():
        raise Invalid(_("姓名要填 1 到 64 个字符。"), errors=({"field": "name"},))
    with transaction.atomic():
        demand(caller, Act.ADMIT)
        person = Person(staff_no=staff_no, name=name, email=email or None, phone=phone or None, department_id=department)
        if password is None:
            person.set_unusable_password()
        else:
            person.set_password(password)
        try:
            with transaction.atomic():
                person.save(force_insert=True)
        except IntegrityError as error:
            raise StaffNoTaken(_("工号或邮箱已有人使用。"), remedy=_("换一个，或先查看已停用的账号。")) from error
        line(caller, "person.created", ref=person.id)
    return person.id


def deactivate(caller: Caller, *, person: uuid.UUID) -> None:
    """Close an account: posts, tokens, invitations and sessions end with it. Idempotent; the row stays for the ledger."""
    with transaction.atomic():
        demand(caller, Act.DEACTIVATE)
        row = locked(person)
        if not row.is_active:
            return
        at = now()
        Person.objects.filter(id=person).update(is_active=False, left_at=at)
        bump_epoch(person)
        RoleAssignment.objects.filter(person_id=person, revoked_at__isnull=True).update(
            revoked_at=at, revoked_by=caller.id
        )
        ApiToken.objects.filter(person_id=person, revoked_at__isnull=True).update(revoked_at=at)
        Invitation.objects.filter(person_id=person, used_at__isnull=True).update(used_at=at)
        end_all_sessions(SignIn.objects.filter(person_id=person), ending="deactivated")
        line(caller, "person.deactivated", ref=person)


def create_department(caller: Caller, *, name: str, parent: uuid.UUID | None = None, order: int = 0) -> uuid.UUID:
    """Add a node to the company's tree and answer its id."""
    name = name.strip()
    if not 0 < len(name) <= _MAX_NAME:
        raise Invalid(_("部门名称要填 1 到 64 个字符。"), errors=({"field": "name"},))
    with transaction.atomic():
        demand(caller, Act.ORGANISE)
        above = Department.objects.select_for_update().get(id=parent).path if parent else []
        node = Department(name=name, parent_id=parent, order=order, path=[])
        node.path = [*above, node.id]
        node.save(force_insert=True)
        line(caller, "department.changed", ref=node.id)
    return node.id


def set_lead(caller: Caller, *, department: uuid.UUID, person: uuid.UUID | None) -> None:
    """Say who leads a department. Both the old and the new lead's rights change, so both sign in again."""
    with transaction.atomic():
        demand(caller, Act.ORGANISE)
        node = Department.objects.select_for_update().get(id=department)
        for affected in {node.lead_id, person}:
            if affected is not None:
                bump_epoch(affected)
        Department.objects.filter(id=department).update(lead_id=person)
        line(caller, "department.changed", ref=department)
