"""DOOR: who may see or do what: one decision, and the plan for many rows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.database import prepared
from kexin.regime import facts
from kexin.regime.queries.askers import actor as _actor
from kexin.regime.queries.askers import bundle, bundle_or_none
from kexin.regime.rules import decision as rules
from kexin.regime.rules import plan as planning
from kexin.regime.rules import sql as compiled
from kexin.regime.types import (
    Action,
    Actor,
    AttributeDecision,
    BulkPlan,
    Bundle,
    Context,
    Decision,
    Reason,
    Sql,
    Standing,
    SubjectFacts,
)


def decide(
    caller: Caller,
    *,
    action: Action,
    subject: SubjectFacts,
    attributes: Iterable[str],
    context: Context | None = None,
    actor: Actor | None = None,
    under: Bundle | None = None,
) -> Decision:
    """May this caller, under its purpose, do this with these attributes of this one subject? Never raises for a no.

    ``under``: the bundle that the same request has read already; a page asks many times and reads the version once.
    """
    who = actor or _actor(caller)
    asked = tuple(attributes)
    in_force = under or bundle_or_none()
    if in_force is None:
        closed = rules.denial(Reason.NO_RULEBOOK, who="dpo")
        return Decision(action=action, purpose=who.purpose, outcomes=dict.fromkeys(asked, closed), rulebook="")
    if not who.standing <= subject.grants:
        subject = replace(subject, grants=subject.grants | who.standing)
    return rules.decide(in_force, who, action=action, subject=subject, attributes=asked, context=context or Context())


def plan(
    caller: Caller,
    *,
    action: Action,
    attributes: Iterable[str],
    filters: Iterable[str] = (),
    sorts: Iterable[str] = (),
    groups: Iterable[str] = (),
    context: Context | None = None,
    actor: Actor | None = None,
    under: Bundle | None = None,
    given: Collection[Sql] = (),
) -> BulkPlan:
    """The same question about every row of `vault_subject` (alias ``s``), before any row is read.

    ``filters``, ``sorts`` and ``groups`` are the attributes that the query filters, orders or groups by: each needs a
    gate of its own (`search`, `sort`, `aggregate`), else a hidden value could be read through the query. ``given``: what
    another plan for the same rows knows already (`BulkPlan.known`). Raises NoRulebook; a no is a plan without rows.
    """
    asked = context or Context()
    gates = (
        *((key, Action.SEARCH) for key in filters),
        *((key, Action.SORT) for key in sorts),
        *((key, Action.AGGREGATE) for key in groups),
    )
    return planning.plan(
        under or bundle(),
        actor or _actor(caller),
        action=action,
        attributes=attributes,
        gates=gates,
        context=asked if asked.at else replace(asked, at=now()),
        facts=facts.registered(),
        given=given,
    )


_FACTS = """
SELECT subject_id, relation AS word, NULL AS channel, NULL AS status FROM regime_grant
 WHERE subject_id {those} AND principal_id = ANY(%(principals)s::uuid[])
   AND purpose = ANY(%(purposes)s::text[]) AND (until IS NULL OR until > %(at)s::timestamptz)
UNION ALL
SELECT subject_id, purpose, channel,
       CASE WHEN status = 'given' AND valid_until <= %(at)s::timestamptz THEN 'expired' ELSE status END
  FROM regime_consentstate WHERE subject_id {those}
"""
_GROUPED = """
SELECT subject_id, array_agg(word) FILTER (WHERE status IS NULL) AS relations,
       (json_agg(json_build_array(word, channel, status)) FILTER (WHERE status IS NOT NULL))::text AS consents
  FROM ({facts}) AS facts GROUP BY subject_id
"""
_SOME = "= ANY(%(ids)s::uuid[])"
_FACTS_OF_SOME = _FACTS.format(those=_SOME)
#: By the number of subjects that the question is about: a plan for any number is never cheap enough for one.
_GROUPED_OF = {
    True: _GROUPED.format(facts=_FACTS.format(those="= %(id)s::uuid")),
    False: _GROUPED.format(facts=_FACTS_OF_SOME),
}


def subject_facts(
    caller: Caller, subject_ids: Iterable[uuid.UUID], *, actor: Actor | None = None
) -> Mapping[uuid.UUID, Standing]:
    """Grants of this caller and consents of these subjects, in one query; every id asked for is in the answer."""
    who = actor or _actor(caller)
    ids = list(dict.fromkeys(subject_ids))
    grants: dict[uuid.UUID, set[str]] = {one: set(who.standing) for one in ids}
    consents: dict[uuid.UUID, dict[tuple[str, str], str]] = {one: {} for one in ids}
    asked = {**_asked(who), "ids": compiled.array(map(str, ids))}
    for subject_id, first, channel, status in prepared(_FACTS_OF_SOME, asked):
        if status is None:
            grants[subject_id].add(first)
        else:
            consents[subject_id][(first, channel)] = status
    return {one: Standing(grants=frozenset(grants[one]), consents=consents[one]) for one in ids}


def _asked(actor: Actor) -> dict[str, Any]:
    """The parameters of `_FACTS`, but for the subjects."""
    return {
        "principals": compiled.array(map(str, actor.principal_ids)),
        "purposes": compiled.array(compiled.purposes(actor.purpose)),
        "at": now().isoformat(),
    }


def facts_lookup(actor: Actor, *, one: bool = False) -> tuple[str, dict[str, Any]]:
    """The question of `subject_facts` as SQL (columns subject_id, relations, consents; a row for each subject of
    ``%(ids)s`` of whom something is known; ``one``: of ``%(id)s`` alone) and its other parameters by name, for a room
    that asks it together with a question of its own, in one snapshot. `standing_of` reads the two columns."""
    return _GROUPED_OF[one], _asked(actor)


def beside(actor: Actor, *, at: datetime, consents: bool = True) -> Sql:
    """Columns that bring what `subject_facts` says to rows of alias ``s``: `RELATIONS`, and `CONSENTS` where some rule
    looks at them (else it is NULL). `standing_of` reads both, and a plan's `beside` looks into the first."""
    relations = compiled.held(actor, at=at)
    asked = compiled.consents(at=at) if consents else Sql("NULL::text AS held_consents")
    return Sql(f"{relations.text}, {asked.text}", (*relations.params, *asked.params))


def beside_asker() -> str:
    """The columns of `beside` for rows of alias ``s`` in a statement that begins with `asker_lookup` and has its
    parameters."""
    return compiled.brought(who="asker.principals", purposes="%(purposes)s::text[]", at="%(at)s::timestamptz")


def standing_of(actor: Actor, relations: Iterable[str], consents: str | None, *, asked: bool = True) -> Standing:
    """The two columns of `beside` as facts for a single decision. ``asked``: consents were asked for."""
    told = json.loads(consents) if consents else ()
    return Standing(
        grants=actor.standing.union(relations),
        consents={(purpose, channel): status for purpose, channel, status in told} if asked else None,
    )


def sentence(answer: AttributeDecision) -> str:
    """Why something is denied, in one sentence of the reader's language ("" when it is not)."""
    sentences = {
        Reason.ALLOWED: "",
        Reason.CALLER_STALE: _("登录状态或权限已变化，请重新登录。"),
        Reason.SUBJECT_ERASED: _("已删除记录。"),
        Reason.SUBJECT_STATE: _("这位客户的信息已封存或正在删除，任何业务用途都不能使用。"),
        Reason.PURPOSE_UNKNOWN: _("制度里没有这个用途。"),
        Reason.PURPOSE_PROHIBITED: _("制度禁止这个用途。"),
        Reason.ATTRIBUTE_UNKNOWN: _("信息目录里没有这一项。"),
        Reason.NOT_BOUND: _("当前用途不需要这项信息。"),
        Reason.NO_RULE: _("没有规则允许您的岗位在当前用途下这样做。"),
        Reason.FORBIDDEN: _("规则禁止。"),
        Reason.MISSING_FACT: _("还缺少判断所需的事实，不明时不放行。"),
        Reason.OBLIGATION: _("规则附带的要求在这里无法执行，所以不放行。"),
        Reason.NO_RULEBOOK: _("还没有生效的制度。"),
    }
    return sentences[answer.reason]
