"""The decision: a pure function of bundle, asker, subject and context. Default is no; a forbid beats every permit; a
permit counts only when TRUE, a forbid unless FALSE; what nobody carries out is a denial. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable

from kexin.regime.rules.bundle import cells
from kexin.regime.rules.evaluator import evaluate, missing_facts
from kexin.regime.types.decision import (
    Actor,
    AttributeDecision,
    Bundle,
    Cell,
    CompiledRule,
    Context,
    Decision,
    Reason,
    SubjectFacts,
)
from kexin.regime.types.rulebook import Action, Obligation, ObligationKind, Outcome

#: Duties of other floors: evidence is always written and masked renderings are what lists hold anyway.
_ALWAYS_MET = frozenset({ObligationKind.MASK.value})
#: States that only a purpose resting on a legal duty may look into (封存, 删除中).
CLOSED_STATES = frozenset({"frozen", "erasing"})


def decide(
    bundle: Bundle,
    actor: Actor,
    *,
    action: Action,
    subject: SubjectFacts,
    attributes: Iterable[str],
    context: Context,
) -> Decision:
    """The answer for each attribute, in the order of asking."""
    asked = tuple(attributes)
    purpose = actor.purpose
    barred = bar(bundle, actor) or _closed(bundle, purpose, subject)
    if barred is not None:
        return Decision(action=action, purpose=purpose, outcomes=dict.fromkeys(asked, barred), rulebook=bundle.sha256)
    index = cells(bundle, roles=actor.roles, purpose=purpose, action=action)
    truths: dict[str, bool | None] = {}
    answers: dict[Cell, AttributeDecision] = {}
    outcomes: dict[str, AttributeDecision] = {}
    for key in asked:
        cell = index.get(key)
        if cell is None:
            outcomes[key] = unbound(bundle, key)
            continue
        answer = answers.get(cell)
        if answer is None:
            answer = answers[cell] = _judge(cell, subject, context.can_execute, truths)
        outcomes[key] = answer
    return Decision(action=action, purpose=purpose, outcomes=outcomes, rulebook=bundle.sha256)


def denial(reason: Reason, **why: object) -> AttributeDecision:
    """A no with its reason."""
    return AttributeDecision(outcome=Outcome.DENY, reason=reason, **why)  # type: ignore[arg-type]


def bar(bundle: Bundle, actor: Actor) -> AttributeDecision | None:
    """What denies everything whatever the rules say, as far as the asker and the purpose go."""
    if not actor.is_current:
        return denial(Reason.CALLER_STALE, who="system_admin")
    if actor.purpose not in bundle.purposes:
        return denial(Reason.PURPOSE_UNKNOWN, who="dpo")
    if actor.purpose in bundle.prohibited:
        return denial(Reason.PURPOSE_PROHIBITED, who="dpo", article=bundle.purposes[actor.purpose].article)
    return None


def _closed(bundle: Bundle, purpose: str, subject: SubjectFacts) -> AttributeDecision | None:
    """States in which a record is invisible. An unknown state is treated as erased."""
    if subject.state == "active" and not subject.discarded:
        return None
    if subject.state == "erased" or subject.state is None:
        return denial(Reason.SUBJECT_ERASED)
    if subject.discarded:
        return denial(Reason.SUBJECT_STATE, who="steward")
    if subject.state in CLOSED_STATES and purpose in bundle.legal:
        return None
    return denial(Reason.SUBJECT_STATE, who="dpo", article="PIPL 47")


def unbound(bundle: Bundle, key: str) -> AttributeDecision:
    """Why an attribute has no cell: it is not in the catalogue, or not bound to this purpose (PIPL 6)."""
    return bundle.unbound.get(key) or denial(Reason.ATTRIBUTE_UNKNOWN, who="steward")


def executable(rule: CompiledRule, can_execute: frozenset[str]) -> bool:
    """Whether every obligation of a rule is carried out by the layer that asks."""
    return all(one.kind.value in can_execute or one.kind.value in _ALWAYS_MET for one in rule.obligations)


def best(permits: Iterable[CompiledRule]) -> CompiledRule:
    """The permit that an answer stands on: a full one before a masked one, then the fewest obligations, then the order
    of the rulebook. Taking one (never the union) keeps a further permit from ever taking something away."""
    return min(permits, key=lambda rule: (rule.masked, len(rule.obligations), rule.order, rule.id))


def _judge(
    cell: Cell, subject: SubjectFacts, can_execute: frozenset[str], truths: dict[str, bool | None]
) -> AttributeDecision:
    for rule in cell.forbids:
        truth = _truth(rule, subject, truths)
        if truth is not False:
            return _forbidden(rule, truth, subject)
    counting = [rule for rule in cell.permits if _truth(rule, subject, truths) is True]
    if not counting:
        return _not_permitted(cell.permits, subject)
    kept = [rule for rule in counting if executable(rule, can_execute)]
    if not kept:
        rule = best(counting)
        return denial(
            Reason.OBLIGATION, rule_ids=(rule.id,), article=rule.article, missing=_names(rule.obligations), who="dpo"
        )
    rule = best(kept)
    return AttributeDecision(
        outcome=Outcome.MASK if rule.masked else Outcome.ALLOW,
        rule_ids=(rule.id,),
        obligations=rule.obligations,
        article=rule.article,
    )


def _truth(rule: CompiledRule, subject: SubjectFacts, truths: dict[str, bool | None]) -> bool | None:
    if rule.id in truths:
        return truths[rule.id]
    truth = truths[rule.id] = evaluate(rule.condition, subject)
    return truth


def _forbidden(rule: CompiledRule, truth: bool | None, subject: SubjectFacts) -> AttributeDecision:
    if truth:
        return denial(Reason.FORBIDDEN, rule_ids=(rule.id,), article=rule.article, who="dpo")
    missing = missing_facts(rule.condition, subject)
    return denial(Reason.MISSING_FACT, rule_ids=(rule.id,), article=rule.article, missing=missing, who="steward")


def _not_permitted(permits: tuple[CompiledRule, ...], subject: SubjectFacts) -> AttributeDecision:
    missing = tuple(dict.fromkeys(name for rule in permits for name in missing_facts(rule.condition, subject)))
    if missing:
        rules = tuple(rule.id for rule in permits)
        return denial(Reason.MISSING_FACT, rule_ids=rules, missing=missing, who="steward")
    return denial(Reason.NO_RULE, who="dpo")


def _names(obligations: tuple[Obligation, ...]) -> tuple[str, ...]:
    return tuple(f"obligation:{one.kind.value}" for one in obligations)
