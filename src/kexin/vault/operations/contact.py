"""Use before view: hand a value to a call, a message or a waybill without showing it."""

from __future__ import annotations

import urllib.parse
import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kexin.evidence.types import Event
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7
from kexin.foundation.problems import Invalid
from kexin.regime.types import Action
from kexin.vault import quota
from kexin.vault.models import Reveal
from kexin.vault.operations.reveal import Stated, announce, opened
from kexin.vault.queries.rows import ask_about
from kexin.vault.queries.subjects import deny, envelopes_of, person
from kexin.vault.types_views import Contacted, ContactUse

#: Which types of value each use can take.
_TAKES: dict[ContactUse, frozenset[str]] = {
    ContactUse.CALL: frozenset({"cn_mobile", "landline"}),
    ContactUse.SMS: frozenset({"cn_mobile"}),
    ContactUse.WAYBILL: frozenset({"cn_mobile", "landline", "cn_address", "person_name", "org_name"}),
    ContactUse.MAIL: frozenset({"email"}),
    ContactUse.NAVIGATE: frozenset({"cn_address"}),
}
_SCHEME = {ContactUse.CALL: "tel:", ContactUse.SMS: "sms:", ContactUse.MAIL: "mailto:"}


class WrongUse(Invalid):
    """This value cannot be used that way."""

    code = "wrong-use"
    title = _("这项信息不能这样使用")


def contact(
    caller: Caller, *, subject: uuid.UUID, attribute: str, use: ContactUse, ticket: str | None = None
) -> Contacted:
    """Answer the value once for one use (拨打, 短信, 复制到快递单). Action `contact`, one evidence line.

    A call is never cut off by a quota; above the habit of the person the line is flagged. Raises SubjectNotFound,
    SubjectErased, UnknownAttribute, AttributeRefused, WrongUse, NoValue, Moved (503: ask again), KeyringDown (503).
    """
    asking, row = ask_about(caller, subject)
    definition = asking.attribute(attribute)
    if not isinstance(use, ContactUse) or definition.type not in _TAKES[use]:
        raise WrongUse(_("请选择电话、短信、邮件或快递单能用的信息"))
    found = person(asking, subject, row)
    decision = asking.decide(Action.CONTACT, found.raw.facts(found.held), [attribute])
    if not decision.allowed(attribute):
        deny(asking, found.raw, found.held, Action.CONTACT, decision.rule_ids)
        raise asking.refusal(attribute, decision[attribute])
    used, allowed = quota.used_and_quota(asking)
    stated = Stated(
        "", "", ticket if ticket and len(ticket) <= 64 and ticket.isascii() and ticket.isprintable() else ""
    )
    noted, _words = announce(
        asking, found, definition, Event.CUSTOMER_CONTACTED, Action.CONTACT, decision[attribute], stated,
        over=used >= allowed, use=use.value,
    )  # fmt: skip
    stored = envelopes_of(asking, found)
    with transaction.atomic(using="default"):
        Reveal.objects.create(
            id=uuid7(),
            subject_id=subject,
            attribute=attribute,
            kind="contact",
            purpose=caller.purpose,
            actor_id=caller.id,
            ticket=stated.ticket,
            intake_id=noted.intake_id,
            at=noted.at,
        )
    value = opened(asking, found, definition, noted, stored, event=Event.CUSTOMER_CONTACTED)
    return Contacted(value=value, href=_address(use, value), use=use, at=noted.at)


def _address(use: ContactUse, value: str) -> str:
    """What starts the use: tel:13812345678. A value cannot break out of its scheme."""
    scheme = _SCHEME.get(use)
    return scheme + urllib.parse.quote(value, safe="+@,;-" if use is ContactUse.MAIL else "+") if scheme else ""
