"""Who would ask: everybody of a role together, as SQL for many records and as one actor for a single decision.

A cell of the preview speaks about a role, not about a person: a customer counts as one's own where any holder of the
role owns it. So the principals of all holders stand together, in the counting and in the decision that checks it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from kexin.foundation.caller import Caller
from kexin.foundation.database import prepared
from kexin.people import queries as people
from kexin.regime import facts
from kexin.regime.rules.bundle import EVERYBODY
from kexin.regime.rules.decision import decide
from kexin.regime.rules.impact import Asked, Bound, Question
from kexin.regime.rules.sql import frame, is_false, is_true
from kexin.regime.types import (
    EVERYONE,
    Actor,
    Bundle,
    Context,
    ObligationKind,
    Outcome,
    Sql,
    SubjectFacts,
    role_principal,
)

_ALL_DUTIES = Context(can_execute=frozenset(kind.value for kind in ObligationKind))
_NOBODY = uuid.UUID(int=0)
_SERVICE = "svc_"
_STANDING = (
    "SELECT DISTINCT principal_id, relation, purpose FROM regime_grant WHERE subject_id IS NULL"
    " AND principal_id = ANY(%s::uuid[]) AND (until IS NULL OR until > %s)"
)
_GRANTS = (
    "SELECT subject_id, principal_id, relation, purpose, granted_at > %(at)s FROM regime_grant"
    " WHERE subject_id = ANY(%(ids)s::uuid[]) AND (until IS NULL OR until > %(at)s)"
)
_CONSENTS = (
    "SELECT subject_id, purpose, channel, CASE WHEN status = 'given' AND valid_until <= %(at)s THEN 'expired' ELSE status"
    " END FROM regime_consentstate WHERE subject_id = ANY(%(ids)s::uuid[])"
)
_MOVED = "SELECT DISTINCT subject_id FROM regime_consentevent WHERE subject_id = ANY(%(ids)s::uuid[]) AND recorded_at >= %(at)s"


@dataclass(frozen=True, slots=True)
class Held:
    """What the regime's own tables say of one sampled person, whoever asks."""

    grants: tuple[tuple[uuid.UUID, str, str], ...]
    consents: Mapping[tuple[str, str], str]
    askers: Askers

    def bound(self, bundle: Bundle | None, question: Question, subject: SubjectFacts) -> Bound:
        """The single decision about the first of a question's attributes, as the counting says it."""
        if bundle is None:
            return None
        roles = frozenset() if question.role == EVERYBODY else frozenset({question.role})
        principals = self.askers.principals[question.role]
        relations = {
            relation
            for principal, relation, purpose in self.grants
            if principal in principals and purpose in ("", question.purpose)
        } | self.askers.standing_of(question.role, question.purpose)
        actor = Actor(id=_NOBODY, roles=roles, purpose=question.purpose)
        facts_ = replace(subject, grants=frozenset(relations), consents=self.consents)
        asked = question.attributes[:1]
        answer = decide(bundle, actor, action=question.action, subject=facts_, attributes=asked, context=_ALL_DUTIES)
        one = answer.outcomes[asked[0]]
        return None if one.outcome is Outcome.DENY else (one.outcome is Outcome.MASK, frozenset(one.obligations))


@dataclass(frozen=True, slots=True)
class Askers:
    """The principals of every role that is asked about, and what they hold without a subject, at one instant."""

    principals: Mapping[str, frozenset[uuid.UUID]]
    held: Mapping[uuid.UUID, frozenset[tuple[str, str]]]
    at: datetime

    @classmethod
    def of(cls, asked: Iterable[Question], *, at: datetime) -> Askers:
        """Look the roles of these questions up: three queries, whatever their number."""
        roles = {question.role for question in asked}
        staff = people.holders(frozenset(role for role in roles if role != EVERYBODY and not role.startswith(_SERVICE)))
        principals = {}
        for role in roles:
            own = {EVERYONE} if role == EVERYBODY else {EVERYONE, role_principal(role), *staff.get(role, ())}
            if role.startswith(_SERVICE):
                own.add(Caller.for_service(role.removeprefix(_SERVICE)).id)
            principals[role] = frozenset(own)
        everybody = sorted({one for own in principals.values() for one in own})
        held: dict[uuid.UUID, set[tuple[str, str]]] = defaultdict(set)
        for principal, relation, purpose in prepared(_STANDING, [everybody, at]):
            held[principal].add((relation, purpose))
        return cls(principals, {one: frozenset(found) for one, found in held.items()}, at)

    def standing_of(self, role: str, purpose: str) -> frozenset[str]:
        """Relations that some holder of a role has without a subject (an exam, an assessment), under one purpose."""
        found = {pair for one in self.principals[role] for pair in self.held.get(one, ())}
        return frozenset(relation for relation, under in found if under in ("", purpose))

    def sql(self, atom: Asked) -> Sql:
        """An atom over alias ``s``: 1 where it is true, 0 where it is false, 2 where a fact is not known."""
        role, purpose, node = atom
        asker = Actor(
            id=_NOBODY,
            roles=frozenset({role}) if role else frozenset(),
            purpose=purpose,
            principal_ids=tuple(sorted(self.principals[role])) if role else (),
            standing=self.standing_of(role, purpose) if role else frozenset(),
        )
        bound = frame(asker, at=self.at, facts=facts.registered())
        true, false = is_true(node, bound), is_false(node, bound)
        text = f"CASE WHEN {true.text} THEN 1 WHEN {false.text} THEN 0 ELSE 2 END"
        return Sql(text, (*true.params, *false.params))

    def standing(self, subjects: Iterable[SubjectFacts]) -> Mapping[uuid.UUID, Held]:
        """Relations and consents of the sampled people; whoever's changed since the counting began is left out."""
        ids = [one.id for one in subjects if one.id is not None]
        asked = {"ids": ids, "at": self.at}
        moved = {row[0] for row in prepared(_MOVED, asked)}
        grants: dict[uuid.UUID, list[tuple[uuid.UUID, str, str]]] = {one: [] for one in ids}
        consents: dict[uuid.UUID, dict[tuple[str, str], str]] = {one: {} for one in ids}
        for subject, principal, relation, purpose, is_new in prepared(_GRANTS, asked):
            grants[subject].append((principal, relation, purpose))
            moved |= {subject} if is_new else set()
        for subject, purpose, channel, status in prepared(_CONSENTS, asked):
            consents[subject][(purpose, channel)] = status
        return {one: Held(tuple(grants[one]), consents[one], self) for one in ids if one not in moved}
