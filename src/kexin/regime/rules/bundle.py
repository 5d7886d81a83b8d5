"""Compiling a rulebook for deciding: rules become trees bound to purposes, indexed by (role, purpose, action)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from kexin.regime.rules.conditions import All, HasConsent, In, Node, Words, atoms, bind, parse
from kexin.regime.types.decision import AttributeDecision, Bundle, Cell, CompiledRule, Reason
from kexin.regime.types.rulebook import Action, AttributeDef, Basis, Effect, Outcome, Rulebook, RuleDef

#: The role that every principal holds, services, portal and partners included.
EVERYBODY = "everyone"
#: A rule with its definition: the definition says which attributes it speaks about.
Bound: TypeAlias = tuple[CompiledRule, RuleDef]


def words_of(rulebook: Rulebook) -> Words:
    """What conditions of this rulebook may name."""
    facets = {key: tuple(one.choices) for key, one in rulebook.attributes.items() if one.storage == "facet"}
    return Words(facets=facets, purposes=rulebook.purposes)


def compile_bundle(rulebook: Rulebook, *, version: int = 0) -> Bundle:
    """A bundle from a parsed rulebook. Raises ConditionInvalid where a rule cannot be compiled: that is the moment at
    which an impossible shape fails, never a query."""
    words = words_of(rulebook)
    permits: dict[tuple[str, str, Action], list[Bound]] = {}
    forbids: dict[tuple[str, Action], list[tuple[tuple[str, ...] | None, Bound]]] = {}
    for rule in rulebook.rules:
        condition = parse(rule.when, words)
        for purpose in _purposes_of(rule, rulebook):
            compiled = CompiledRule(
                id=rule.id,
                order=rule.order,
                permit=rule.effect is Effect.PERMIT,
                masked=rule.masked or any(one.kind.value == "mask" for one in rule.obligations),
                condition=_with_kinds(bind(condition, rulebook.purposes[purpose]), rule),
                obligations=rule.obligations,
                article=rule.article,
                consents=any(isinstance(one, HasConsent) for one in atoms(condition)),
            )
            for action in tuple(Action) if rule.actions is None else rule.actions:
                if compiled.permit:
                    for role in rule.roles or ():
                        permits.setdefault((role, purpose, action), []).append((compiled, rule))
                else:
                    forbids.setdefault((purpose, action), []).append((rule.roles, (compiled, rule)))
    return Bundle(
        version=version,
        rulebook=rulebook,
        permits={key: tuple(rules) for key, rules in permits.items()},
        forbids={key: tuple(rules) for key, rules in forbids.items()},
        prohibited=frozenset(key for key in rulebook.purposes if rulebook.prohibited(key)),
        unbound={key: _not_bound(one) for key, one in rulebook.attributes.items()},
        legal=frozenset(key for key, one in rulebook.purposes.items() if Basis.LEGAL_DUTY in one.bases),
    )


def _not_bound(attribute: AttributeDef) -> AttributeDecision:
    return AttributeDecision(outcome=Outcome.DENY, reason=Reason.NOT_BOUND, who=attribute.owner, article="PIPL 6")


def _purposes_of(rule: RuleDef, rulebook: Rulebook) -> Iterable[str]:
    """A permit speaks about the purposes it names, and no others; a forbid also about their children."""
    if rule.purposes is None:
        return () if rule.effect is Effect.PERMIT else tuple(rulebook.purposes)
    if rule.effect is Effect.PERMIT:
        return tuple(key for key in rule.purposes if key in rulebook.purposes)
    return tuple(key for key in rulebook.purposes if not set(rulebook.ancestry(key)).isdisjoint(rule.purposes))


def _with_kinds(condition: Node, rule: RuleDef) -> Node:
    """A rule about some kinds of subjects only: for a permit the kind is one more condition, for a forbid as well (it
    speaks about the others not at all, and about an unknown kind it must be assumed to speak)."""
    if rule.subject_kinds is None:
        return condition
    return All((In("subject.kind", rule.subject_kinds), condition))


def speaks_about(rule: RuleDef, attribute: AttributeDef) -> bool:
    """Whether a rule's lists and grades cover this attribute. A forbid without lists covers all; an empty list none."""
    if not rule.grade_min <= attribute.grade <= rule.grade_max:
        return False
    if rule.attributes is None and rule.categories is None:
        return True
    return attribute.key in (rule.attributes or ()) or attribute.category in (rule.categories or ())


def cells(bundle: Bundle, *, roles: frozenset[str], purpose: str, action: Action) -> Mapping[str, Cell]:
    """Attribute -> the rules that speak about it. Only attributes that are bound to the purpose are in the answer.

    This is an index of rules, filled once per combination; it never holds an answer."""
    key = (roles, purpose, action)
    found = bundle.cells.get(key)
    if found is None:
        found = _index(bundle, roles=roles, purpose=purpose, action=action)
        if len(bundle.cells) < 4096:
            bundle.cells[key] = found
    return found


def _index(bundle: Bundle, *, roles: frozenset[str], purpose: str, action: Action) -> Mapping[str, Cell]:
    held = roles | {EVERYBODY}
    permits = [one for role in sorted(held) for one in bundle.permits.get((role, purpose, action), ())]
    forbids = [
        bound
        for for_roles, bound in bundle.forbids.get((purpose, action), ())
        if for_roles is None or not held.isdisjoint(for_roles)
    ]
    shared: dict[tuple[tuple[str, ...], tuple[str, ...]], Cell] = {}
    found: dict[str, Cell] = {}
    for attribute in bundle.attributes.values():
        if purpose in attribute.purposes:
            given = _unique(permits, attribute)
            taken = _unique(forbids, attribute)
            names = (tuple(rule.id for rule in given), tuple(rule.id for rule in taken))
            found[attribute.key] = shared.setdefault(names, Cell(given, taken))
    return found


def _unique(bound: Iterable[Bound], attribute: AttributeDef) -> tuple[CompiledRule, ...]:
    speaking = {rule.id: compiled for compiled, rule in bound if speaks_about(rule, attribute)}
    return tuple(sorted(speaking.values(), key=lambda rule: (rule.order, rule.id)))
