"""The one decision of every verb on staff, and the evidence line of a no."""

from __future__ import annotations

import uuid

from django.db.models import F
from django.utils.translation import gettext as _

from kexin.evidence.operations import note, note_now
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.people import queries
from kexin.people.models import Person
from kexin.people.rules import posts
from kexin.people.types import NotEntitled, PersonNotFound, Principal


def demand(caller: Caller, act: posts.Act) -> Principal:
    """The caller's rights if they include this act. A no is on the ledger before it is raised."""
    principal = queries.principal(caller)
    if not principal.is_current or not posts.entitled(principal.roles, act=act, service=caller.service):
        deny(caller, act)
        raise NotEntitled(
            _("这项工作由系统管理员或安全管理员办理，您的岗位不包含它。"),
            remedy=_("请联系系统管理员或安全管理员。"),
            rule=act.value,
            who=_("系统管理员、安全管理员"),
        )
    return principal


def deny(caller: Caller, act: posts.Act) -> None:
    """Write a refusal down at once, outside whatever transaction is open."""
    note_now(caller, Entry(event=Event("access.denied"), decision="deny", action=act.value))


def line(caller: Caller, event: str, *, ref: uuid.UUID, action: str = "") -> None:
    """The evidence line of a change, in the change's own transaction."""
    note(caller, Entry(event=Event(event), decision="allow", action=action, ref=str(ref)))


def locked(person_id: uuid.UUID) -> Person:
    """The person's row, locked to the end of the transaction: two changes of one person's rights never interleave."""
    person = Person.objects.select_for_update(of=("self",)).filter(id=person_id).first()
    if person is None:
        raise PersonNotFound()
    return person


def bump_epoch(person_id: uuid.UUID) -> None:
    """Make every Caller and session of this person stale from their next request on."""
    Person.objects.filter(id=person_id).update(epoch=F("epoch") + 1)
