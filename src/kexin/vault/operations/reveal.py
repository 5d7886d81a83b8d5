"""Loud door: one value in the clear on one screen. Evidence is committed before any key is fetched."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Flag, Noted
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7
from kexin.foundation.problems import NotFound, Refused, Unavailable
from kexin.regime.types import Action, AttributeDecision, AttributeDef, ObligationKind
from kexin.vault import envelopes, flags, quota
from kexin.vault.models import Reveal
from kexin.vault.queries.asking import Asking
from kexin.vault.queries.keeping import later
from kexin.vault.queries.rows import ask_about, note_opened
from kexin.vault.queries.subjects import Person, deny, envelopes_of, person
from kexin.vault.search.normal import searchable
from kexin.vault.types import HIGH_GRADES
from kexin.vault.types_views import REVEAL_S, ReasonNeeded, Revealed

#: Quick picks of the popover (screens 02b, keys 1–4), in the order shown.
REASONS = ("customer_asked", "delivery", "verify", "correct")
_WORDS, _WORDS_MOST = 6, 500
_TICKET = re.compile(r"[A-Za-z0-9._:/-]{1,64}", re.ASCII)
#: Relations that are themselves the reason: a case opens the values it needs until it closes.
_AT_WORK = frozenset({"open_case", "task"})


class NoValue(NotFound):
    """The record has no such value."""

    code = "no-value"
    title = _("没有登记这项信息")


class FreshSigninNeeded(Refused):
    """The rule asks for a sign-in of the last minutes before this value opens."""

    code = "fresh-signin"
    title = _("请重新验证身份后再查看")


@dataclass(frozen=True, slots=True)
class Stated:
    """Why a value is opened: a quick pick's code, words (sealed), a case or task."""

    pick: str
    words: str
    ticket: str


def reveal(
    caller: Caller,
    *,
    subject: uuid.UUID,
    attribute: str,
    reason: str = "",
    ticket: str | None = None,
    signed_in_at: datetime | None = None,
) -> Revealed:
    """Open one value for `REVEAL_S` seconds.

    ``reason`` is one of `REASONS` or at least six characters of words, which go into the sealed payload alone;
    ``ticket`` names the case or order that is the reason. ``signed_in_at`` comes from the session, never from a body.
    Order: decide, count, commit the line, look again, fetch the key, open. Raises SubjectNotFound, SubjectErased,
    UnknownAttribute, AttributeRefused, ReasonNeeded, FreshSigninNeeded, SlowDown, NoValue, Moved (503: ask again),
    KeyringDown (503).
    """
    asking, row = ask_about(caller, subject)
    definition = asking.attribute(attribute)
    found = person(asking, subject, row)
    decision = found.reading[attribute]
    if not found.reading.allowed(attribute):
        deny(asking, found.raw, found.held, Action.READ, decision.rule_ids)
        raise asking.refusal(attribute, decision)
    stated = _stated(definition, decision, found, reason, ticket)
    _signed_in_lately(asking, decision, signed_in_at)
    used, allowed = quota.take_reveal(asking)
    noted, sealed_words = announce(
        asking, found, definition, Event.CUSTOMER_REVEALED, Action.READ, decision, stated, over=used > allowed
    )
    stored = envelopes_of(asking, found)
    shown = Reveal(
        id=uuid7(),
        subject_id=subject,
        attribute=attribute,
        kind="reveal",
        purpose=caller.purpose,
        actor_id=caller.id,
        ticket=stated.ticket,
        reason_ct=sealed_words or None,
        intake_id=noted.intake_id,
        at=noted.at,
        until=noted.at + timedelta(seconds=REVEAL_S),
    )
    with transaction.atomic(using="default"):
        shown.save(force_insert=True)
    value = opened(asking, found, definition, noted, stored)
    return Revealed(
        id=shown.id,
        attribute=attribute,
        value=value,
        until=clock.now() + timedelta(seconds=REVEAL_S),
        used=used,
        quota=allowed,
    )


def _stated(
    definition: AttributeDef, decision: AttributeDecision, found: Person, reason: str, ticket: str | None
) -> Stated:
    """Check the reason. A case or task that is open is one; grade 4 wants words."""
    text = _line(reason)
    if ticket and not _TICKET.fullmatch(ticket):
        raise ReasonNeeded(_("受理单或订单编号写错了"))
    pick = text if text in REASONS else ""
    words = "" if pick else text
    at_work = bool(found.held.grants & _AT_WORK)
    if definition.grade >= 4 and len(words) < _WORDS:
        raise ReasonNeeded(_("一般4级信息须写明查看原因，至少 6 个字"))
    if words and len(words) < _WORDS:
        raise ReasonNeeded(_("原因至少写 6 个字，或选择一项"))
    if _asks(decision, ObligationKind.TICKET) and not (ticket or at_work):
        raise ReasonNeeded(_("须从受理单、订单或待办中查看"))
    if not (pick or words or ticket or at_work):
        raise ReasonNeeded(_("请选择或写明查看原因"))
    return Stated(pick, words, ticket or "")


def _line(reason: object) -> str:
    """The reason as one line; raises for what is no text."""
    if not isinstance(reason, str) or len(reason) > _WORDS_MOST or "\x00" in reason:
        raise ReasonNeeded(_("原因是一段不超过 500 字的文字"))
    if any(0xD800 <= ord(char) <= 0xDFFF for char in reason):
        raise ReasonNeeded(_("原因里有无法识别的字符"))
    text = " ".join(reason.split())
    return text if text in REASONS or searchable(text) else ""


def _asks(decision: AttributeDecision, kind: ObligationKind) -> bool:
    return any(one.kind is kind for one in decision.obligations)


def _signed_in_lately(asking: Asking, decision: AttributeDecision, signed_in_at: datetime | None) -> None:
    if not _asks(decision, ObligationKind.FRESH_SIGNIN):
        return
    window = asking.bundle.rulebook.controls.fresh_signin
    if signed_in_at is None or later(signed_in_at, window) < clock.now():
        raise FreshSigninNeeded(
            _("没有打开：这项信息要求刚刚验证过身份。"),
            rule=decision.rule_ids[0] if decision.rule_ids else "",
            remedy=_("重新输入密码后再试"),
        )


def announce(
    asking: Asking,
    found: Person,
    definition: AttributeDef,
    event: Event,
    action: Action,
    decision: AttributeDecision,
    stated: Stated,
    *,
    over: bool = False,
    use: str = "",
) -> tuple[Noted, bytes]:
    """Commit the line of one opening, with the attribute and the words sealed under the person's payload key. If this
    fails, nothing is opened. Answers with the line and the sealed words."""
    subject = found.raw.id
    details: dict[str, str] = {"attribute": definition.key, "reason": stated.pick, "ticket": stated.ticket, "use": use}
    words = envelopes.seal_text(subject, stated.words) if stated.words else b""
    payload = envelopes.seal_payload(subject, {**_without_empty(details), **_without_empty({"words": stated.words})})
    own = [flag for flag, on in ((Flag.QUOTA, over), (Flag.UNPROVEN, found.raw.unproven)) if on]
    noted = evidence.note_now(
        asking.caller,
        Entry(
            event=event,
            decision="allow",
            action=action.value,
            rule_ids=decision.rule_ids,
            rulebook=asking.bundle.sha256,
            audit_item="A06",
            relation=found.relation,  # type: ignore[arg-type]
            flags=(*own, *flags.before(asking, event, [found.raw])),
            audit_ids=(found.raw.audit_id,) if found.raw.audit_id else (),
            count=1,
            opens=1 if definition.grade in HIGH_GRADES and definition.storage != "facet" else 0,
            payload=payload,
        ),
    )
    return noted, words


def _without_empty(values: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


class BeingRebuilt(Unavailable):
    """The value is still sealed as a higher grade than the rulebook in force gives it."""

    code = "being-rebuilt"
    title = _("暂时无法打开：这条信息正在按新制度重新加密")


def opened(
    asking: Asking,
    found: Person,
    definition: AttributeDef,
    noted: Noted,
    stored: Sequence[envelopes.Envelope],
    *,
    event: Event = Event.CUSTOMER_REVEALED,
) -> str:
    """The value itself. While a change of its grade is being re-sealed it may still lie in another envelope, and what
    opens in looking for it there has a line of its own."""
    if definition.storage == "facet":
        value = found.raw.facets.get(definition.key)
    else:
        right = [one for one in stored if one.grade == definition.grade]
        values = envelopes.open_values(right, noted=noted) if right else {}
        value = values.get(definition.key)
        if value is None and (rest := [one for one in stored if one.grade != definition.grade]):
            again = note_opened(
                asking, Event.CUSTOMER_OPENED, [found.raw], relations=[found.relation], opens=_high(rest)
            )
            for record, more in envelopes.open_all(rest, noted=again).items():
                if definition.key in more and int(record[-1]) > definition.grade:
                    # Sealed as a higher grade: until it is sealed anew the stricter of both holds, and it stays shut.
                    raise BeingRebuilt
                values |= more
            value = values.get(definition.key)
        flags.after(asking, event, noted, values, subject=found.raw.id)
    if value is None or value == "":
        raise NoValue
    return str(value)


def _high(stored: Sequence[envelopes.Envelope]) -> int:
    """How many of these the seal layer will count."""
    return sum(1 for one in stored if one.grade in HIGH_GRADES)
