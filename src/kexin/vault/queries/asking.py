"""The asker and the rulebook of one question, read once and handed to every part of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.people.types import Principal
from kexin.regime import queries as regime
from kexin.regime.types import (
    Action,
    Actor,
    AttributeDecision,
    AttributeDef,
    BulkPlan,
    Bundle,
    Context,
    Decision,
    Gate,
    SubjectFacts,
)
from kexin.vault.types_views import AttributeRefused, UnknownAttribute

#: What the vault's doors carry out: the line, the mask, the reason or ticket before a reveal, the 60 seconds, a recent
#: sign-in. The console draws its watermark over every page. What is not here (approve, notify) makes a rule a no.
EXECUTED = frozenset({"log", "mask", "reason", "ticket", "expire", "watermark", "fresh_signin"})

#: Relations that make a customer one's own or the team's; anything else is foreign.
_TEAM = frozenset({"team", "pool", "record_team", "open_case", "task"})


@dataclass(frozen=True, slots=True)
class Asking:
    """One question's caller with the rights and the rulebook of this instant."""

    caller: Caller
    principal: Principal
    actor: Actor
    bundle: Bundle

    @property
    def attributes(self) -> Mapping[str, AttributeDef]:
        """The catalogue."""
        return self.bundle.attributes

    def attribute(self, key: str) -> AttributeDef:
        """One attribute of the catalogue; raises UnknownAttribute."""
        found = self.bundle.attributes.get(key) if isinstance(key, str) else None
        if found is None:
            raise UnknownAttribute(_("目录里没有这项信息"), remedy=_("请从目录中选择"))
        return found

    def plan(
        self, action: Action, attributes: Iterable[str], *, beside: BulkPlan | None = None, **used: Iterable[str]
    ) -> BulkPlan:
        """The plan for many rows. ``used``: filters, sorts, groups; a closed gate raises AttributeRefused by name.
        ``beside``: another plan, whose rows these are; what it made sure of is not asked again."""
        plan = regime.plan(
            self.caller,
            action=action,
            attributes=tuple(attributes),
            actor=self.actor,
            context=replace(_CONTEXT, at=beside.at) if beside else _CONTEXT,
            under=self.bundle,
            given=beside.known if beside else (),
            **used,
        )
        for gate in plan.refused:
            self._deny(gate)
            raise self.refusal(gate.attribute, gate.denial)
        return plan

    def _deny(self, gate: Gate) -> None:
        """Who tries to filter, sort or group by what is kept away is on record."""
        evidence.note_now(
            self.caller,
            Entry(
                event=Event.ACCESS_DENIED,
                decision="deny",
                action=gate.action.value,
                rule_ids=gate.denial.rule_ids if gate.denial else (),
                rulebook=self.bundle.sha256,
            ),
        )

    def decide(self, action: Action, facts: SubjectFacts, attributes: Iterable[str]) -> Decision:
        """The single decision about one subject."""
        return regime.decide(
            self.caller,
            action=action,
            subject=facts,
            attributes=tuple(attributes),
            actor=self.actor,
            context=_CONTEXT,
            under=self.bundle,
        )

    def refusal(self, attribute: str, denial: AttributeDecision | None) -> AttributeRefused:
        """A no about one attribute in words: what was not done, which rule, which article, what was not known."""
        return refused(self.bundle, self.caller, attribute, denial)


_CONTEXT = Context(can_execute=EXECUTED)


def ask(caller: Caller) -> Asking:
    """Read the rights of the caller and the rulebook in force."""
    if not isinstance(caller, Caller):
        raise TypeError("every question to the vault has a Caller")
    return Asking(caller, *regime.asker(caller))


def label(bundle: Bundle, attribute: str) -> str:
    """The words of an attribute in the reader's language."""
    return in_words(bundle.attributes[attribute].label) if attribute in bundle.attributes else attribute


def in_words(text: Mapping[str, str]) -> str:
    """A text of the rulebook in the reader's language, Chinese when there is no other."""
    from django.utils.translation import get_language

    return str(text.get((get_language() or "zh")[:2]) or text.get("zh") or "")


def refused(bundle: Bundle, caller: Caller, attribute: str, denial: AttributeDecision | None) -> AttributeRefused:
    """See `Asking.refusal`."""
    purpose = bundle.purposes.get(caller.purpose)
    return AttributeRefused(
        _("没有执行：当前用途“%(purpose)s”不能这样使用“%(attribute)s”。")
        % {"purpose": in_words(purpose.label) if purpose else caller.purpose, "attribute": label(bundle, attribute)},
        rule=denial.rule_ids[0] if denial and denial.rule_ids else "",
        article=denial.article if denial else "",
        missing=denial.missing if denial else (),
        who=denial.who if denial else "",
        remedy=_("换一个用途，或请有权限的同事处理"),
    )


def relation_of(grants: Iterable[str]) -> str:
    """own, team or foreign, from the relations that the caller holds."""
    held = frozenset(grants)
    if "owner" in held:
        return "own"
    return "team" if held & _TEAM else "foreign"


def widest(relations: Iterable[str]) -> str:
    """The relation that an evidence line of many people names: foreign as soon as one is."""
    seen = frozenset(relations)
    return next((one for one in ("foreign", "team", "own") if one in seen), "")


def as_uuid(value: object) -> uuid.UUID | None:
    """An id however it was written; None for what is no id."""
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(str(value)) if isinstance(value, str) and len(value) <= 45 else None
    except ValueError:
        return None
