"""What a new rulebook changes: catalogue, purposes, rules, retention; and which cells of the matrix gain or lose."""

from __future__ import annotations

import dataclasses
import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from kexin.regime.rulebook.reading import days
from kexin.regime.types import Action, Effect, ObligationKind, Outcome, RetentionDef, Rulebook, RuleDef, SubjectFacts
from kexin.regime.types.decision import Actor, Bundle, CompiledRule, Context

_RANK = {Outcome.DENY: 0, Outcome.MASK: 1, Outcome.ALLOW: 2}
_TABLES = ("purposes", "roles", "attributes", "recipients", "pias", "training", "sharing", "reviews", "sentences")
_SINGLES = ("title", "company", "profile", "grades", "categories", "sections", "controls")
NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the catalogue, a purpose, a rule … that was added, removed or changed. ``fields`` names what."""

    kind: str
    key: str
    what: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell role × purpose × action × attribute whose answer changes in at least one state of affairs.

    ``before`` and ``after`` are the answers in the first state where they differ, named by ``where``; ``gains`` and
    ``loses`` may both be true. ``conditional``: not the same in every state.
    """

    role: str
    purpose: str
    action: str
    attribute: str
    gains: bool
    loses: bool
    conditional: bool
    before: str
    after: str
    where: str
    rule_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All of it. ``loosens`` is False only where every change is known to tighten; unsure counts as loosening.
    ``loosening``: the changes that are not known to tighten, beside cells that gain."""

    changes: tuple[Change, ...]
    cells: tuple[CellChange, ...]
    loosens: bool
    loosening: frozenset[Change] = frozenset()

    @property
    def gained(self) -> int:
        """Cells in which somebody may do more."""
        return sum(cell.gains for cell in self.cells)

    @property
    def lost(self) -> int:
        """Cells in which somebody may do less."""
        return sum(cell.loses for cell in self.cells)

    def document(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "loosens": self.loosens,
            "gained": self.gained,
            "lost": self.lost,
            "changes": [dataclasses.asdict(change) for change in self.changes],
            "cells": [dataclasses.asdict(cell) for cell in self.cells],
        }


def difference(old: Rulebook | None, new: Rulebook) -> Difference:
    """Compare two rulebooks; both must have passed `check`. None stands for "nothing in force": everything is new."""
    changes = tuple(_changes(old, new))
    cells = tuple(_cells(old, new))
    loosening = frozenset(changes if old is None else (one for one in changes if not _tightens(one, old, new)))
    loosens = old is None or any(cell.gains for cell in cells) or bool(loosening)
    return Difference(changes=changes, cells=cells, loosens=loosens, loosening=loosening)


def _changes(old: Rulebook | None, new: Rulebook) -> Iterator[Change]:
    for kind in _TABLES:
        yield from _table(kind, getattr(old, kind) if old else {}, getattr(new, kind))
    yield from _table(
        "rules", {rule.id: rule for rule in old.rules} if old else {}, {rule.id: rule for rule in new.rules}
    )
    for kind in _SINGLES if old else ():
        if getattr(old, kind) != getattr(new, kind):
            yield Change(kind=kind, key="", what="changed", fields=_fields(getattr(old, kind), getattr(new, kind)))


def _table(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in (*(key for key in old if key not in new), *new):
        if key not in new:
            yield Change(kind=kind, key=key, what="removed")
        elif key not in old:
            yield Change(kind=kind, key=key, what="added")
        elif fields := _fields(old[key], new[key]):
            yield Change(kind=kind, key=key, what="changed", fields=fields)


def _fields(old: Any, new: Any) -> tuple[str, ...]:
    """Names of the fields that differ; the order of an entry in the file alone is no change."""
    if not dataclasses.is_dataclass(new):
        return () if old == new else ("text",)
    names = (field.name for field in dataclasses.fields(new) if field.name != "order")
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))


def _tightens(change: Change, old: Rulebook, new: Rulebook) -> bool:
    """Whether a change can only take away, in every state of affairs; what is not known to is not called so."""
    if change.kind == "rules":
        before, after = ({rule.id: rule for rule in book.rules}.get(change.key) for book in (old, new))
        return _rule_tightens(before, after, new)
    if change.what == "removed":
        return change.kind in ("attributes", "purposes", "recipients", "roles")
    if change.kind == "attributes" and change.fields == ("retention",):
        return _shorter(old.attributes[change.key].retention, new.attributes[change.key].retention)
    if change.kind == "purposes" and change.fields == ("prohibited",):
        return new.purposes[change.key].prohibited
    if change.kind == "roles" and change.fields == ("permissions",):
        return set(new.roles[change.key].permissions) < set(old.roles[change.key].permissions)
    return False


def _shorter(old: Mapping[str, RetentionDef], new: Mapping[str, RetentionDef]) -> bool:
    """Whether every retention starts at the same event and lasts no longer than before. A retention that is gone
    would keep the value for good."""
    return old.keys() == new.keys() and all(
        old[purpose].start == rule.start and days(rule.keep) <= days(old[purpose].keep) for purpose, rule in new.items()
    )


def _rule_tightens(old: RuleDef | None, new: RuleDef | None, book: Rulebook) -> bool:
    """Whether a rule that was added, removed or changed can only take away. The cells are asked in some states only;
    this looks at the rule itself: a permit reaches no further than before, a forbid no less far, a duty stays."""
    if old is None or new is None or old.effect is not new.effect:
        return (new is None or new.effect is Effect.FORBID) and (old is None or old.effect is Effect.PERMIT)
    if new.effect is Effect.FORBID:
        return _within(old, new, book)
    lighter = (old.masked and not new.masked) or not set(old.obligations) <= set(new.obligations)
    return _within(new, old, book) and not lighter


def _within(narrow: RuleDef, wide: RuleDef, book: Rulebook) -> bool:
    """Whether everything that the first rule speaks about, the second speaks about too, whatever the facts are."""
    lists = ("roles", "purposes", "actions", "subject_kinds")
    if not all(_among(getattr(narrow, name), getattr(wide, name)) for name in lists):
        return False
    named = (narrow.attributes, narrow.categories, wide.attributes, wide.categories)
    if named[2:] != (None, None) and (
        named[:2] == (None, None) or not (_among(named[0] or (), named[2] or ()) and _among(named[1] or (), named[3] or ()))
    ):
        return False
    if narrow.grade_min < wide.grade_min or narrow.grade_max > wide.grade_max:
        return False
    return narrow.when == wide.when or _implies(narrow, wide, book)


def _implies(narrow: RuleDef, wide: RuleDef, book: Rulebook) -> bool:
    """Whether the second condition holds wherever the first does, its atoms tried true, false and unknown; a condition
    that the new rulebook can no longer read, or with too many atoms, is not known to."""
    from kexin.regime.rules.bundle import words_of
    from kexin.regime.rules.conditions import ConditionInvalid, parse
    from kexin.regime.rules.matrix import compare

    words = words_of(book)
    try:
        was, now = (((parse(rule.when, words),), (), ()) for rule in (wide, narrow))
    except ConditionInvalid:
        return False
    return not compare(was, now)[0]


def _among(narrow: tuple[Any, ...] | None, wide: tuple[Any, ...] | None) -> bool:
    """None stands for every one."""
    return wide is None or (narrow is not None and set(narrow) <= set(wide))


@dataclass(frozen=True, slots=True)
class _State:
    """One state of affairs in which every cell is asked."""

    name: str
    subject: SubjectFacts
    consents: bool


def _states() -> tuple[_State, ...]:
    """Kinds, relations, age, proof and consent: enough to separate what the shipped rules separate; the rest of a
    rule's own atoms are the impact preview's."""
    found = []
    relations: tuple[frozenset[str], ...] = (
        frozenset(),
        frozenset({"owner"}),
        frozenset({"team", "task"}),
        frozenset({"open_case"}),
        frozenset({"approval", "minor_approval"}),
    )
    for kind, grants, consents in itertools.product(("person", "organisation"), relations, (True, False)):
        found.append(_state(kind, grants, consents=consents))
    for grants in relations[:4]:
        found.append(_state("person", grants, consents=True, age="minor"))
        found.append(_state("person", grants, consents=True, unproven=True))
        found.append(_state("person", grants, consents=True, state="frozen"))
        found.append(_state("person", grants, consents=True, age="unknown"))
    return tuple(found)


def _state(
    kind: str,
    grants: frozenset[str],
    *,
    consents: bool,
    age: str = "adult",
    unproven: bool = False,
    state: str = "active",
) -> _State:
    words = [kind, "+".join(sorted(grants)) or "no relation", "consented" if consents else "no consent"]
    words += [
        word
        for word in (age if age != "adult" else "", "unproven" if unproven else "", state if state != "active" else "")
        if word
    ]
    facts = SubjectFacts(kind=kind, state=state, age_status=age, unproven=unproven, grants=grants)
    return _State(", ".join(words), facts, consents)


def _cells(old: Rulebook | None, new: Rulebook) -> Iterator[CellChange]:
    from kexin.regime.rules.bundle import compile_bundle

    bundles = (compile_bundle(old) if old else None, compile_bundle(new))
    states = _states()
    for role, purpose in sorted(_pairs(new) | (_pairs(old) if old else set())):
        for action in Action:
            asked = _differing(bundles, role, purpose, action)
            if not asked:
                continue
            before, after = (_answers(bundle, role, purpose, action, states, asked) for bundle in bundles)
            for attribute in dict.fromkeys((*before, *after)):
                nothing = ((0, (), ()),) * len(states)
                change = _compare(before.get(attribute, nothing), after.get(attribute, nothing), states)
                if change:
                    yield CellChange(role=role, purpose=purpose, action=action.value, attribute=attribute, **change)


def _differing(bundles: tuple[Bundle | None, ...], role: str, purpose: str, action: Action) -> frozenset[str]:
    """Attributes about which not the same rules speak in both: only their answers can differ."""
    from kexin.regime.rules.bundle import cells

    spoken: list[dict[str, tuple[Any, ...]]] = []
    for bundle in bundles:
        if bundle is None or purpose not in bundle.rulebook.purposes:
            spoken.append({})
            continue
        found = cells(bundle, roles=frozenset({role}), purpose=purpose, action=action)
        open_ = not bundle.rulebook.prohibited(purpose)
        spoken.append({key: (open_, _said(cell.permits), _said(cell.forbids)) for key, cell in found.items()})
    old, new = spoken
    return frozenset(key for key in {*old, *new} if old.get(key) != new.get(key))


def _said(rules: tuple[CompiledRule, ...]) -> tuple[Any, ...]:
    """What some rules say, in their order; their places in the file do not count."""
    return tuple((rule.id, rule.masked, rule.condition, rule.obligations) for rule in rules)


def _pairs(rulebook: Rulebook) -> set[tuple[str, str]]:
    """(role, purpose) that some permit names: nobody else can have a cell."""
    return {
        (role, purpose)
        for rule in rulebook.rules
        if rule.effect is Effect.PERMIT
        for role in rule.roles or ()
        for purpose in rule.purposes or ()
    }


_Answer: TypeAlias = tuple[int, tuple[str, ...], tuple[str, ...]]


def _answers(
    bundle: Bundle | None,
    role: str,
    purpose: str,
    action: Action,
    states: tuple[_State, ...],
    asked: frozenset[str],
) -> dict[str, tuple[_Answer, ...]]:
    """attribute -> per state (rank, obligations, rules)."""
    from kexin.regime.rules.bundle import cells
    from kexin.regime.rules.decision import decide

    if bundle is None or purpose not in bundle.rulebook.purposes:
        return {}
    found_cells = cells(bundle, roles=frozenset({role}), purpose=purpose, action=action)
    attributes = tuple(key for key in found_cells if key in asked)
    if not attributes:
        return {}
    actor = Actor(id=NOBODY, roles=frozenset({role}), purpose=purpose)
    context = Context(can_execute=frozenset(kind.value for kind in ObligationKind))
    channel = bundle.rulebook.purposes[purpose].channel
    found: dict[str, list[_Answer]] = {attribute: [] for attribute in attributes}
    for state in states:
        consents = {(purpose, channel): "given"} if state.consents else {}
        subject = dataclasses.replace(state.subject, consents=consents)
        decision = decide(bundle, actor, action=action, subject=subject, attributes=attributes, context=context)
        for attribute in attributes:
            one = decision.outcomes[attribute]
            duties = tuple(sorted(f"{o.kind.value}:{o.value}" for o in one.obligations))
            found[attribute].append((_RANK[one.outcome], duties, one.rule_ids))
    return {attribute: tuple(answers) for attribute, answers in found.items()}


def _compare(
    before: tuple[_Answer, ...], after: tuple[_Answer, ...], states: tuple[_State, ...]
) -> dict[str, Any] | None:
    """What changes in one cell, None when nothing does. With equal outcomes, a dropped obligation gains."""
    gains = loses = False
    first: tuple[_Answer, _Answer, str] | None = None
    for old, new, state in zip(before, after, states, strict=True):
        more = new[0] > old[0] or (new[0] == old[0] > 0 and set(old[1]) - set(new[1]))
        less = new[0] < old[0] or (new[0] == old[0] > 0 and set(new[1]) - set(old[1]))
        gains, loses = gains or bool(more), loses or bool(less)
        if (more or less) and first is None:
            first = (old, new, state.name)
    if first is None:
        return None
    old, new, where = first
    words = ("deny", "mask", "allow")
    return {
        "gains": gains,
        "loses": loses,
        "conditional": len({answer[0] for answer in after}) > 1,
        "before": words[old[0]],
        "after": words[new[0]],
        "where": where,
        "rule_ids": new[2] or old[2],
    }
