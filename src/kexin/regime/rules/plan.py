"""The same decision for many rows at once: a row predicate, a column plan and gates, compiled from the same trees."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from kexin.regime.rules.bundle import cells
from kexin.regime.rules.conditions import Granted, Node
from kexin.regime.rules.decision import bar, denial, executable, unbound
from kexin.regime.rules.facts import DISCARDED, UnknownFact
from kexin.regime.rules.sql import FALSE, TRUE, Frame, conjunction, disjunction, frame, is_false, is_true, literals
from kexin.regime.types.decision import (
    Actor,
    AttributeDecision,
    BulkPlan,
    Bundle,
    Cell,
    CompiledRule,
    Context,
    Gate,
    Reason,
    Sql,
)
from kexin.regime.types.rulebook import Action, Outcome


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about a row: asked by itself, and asked beside what the row brings (`Frame.held`)."""

    alone: Sql
    beside: Sql

    def left(self, known: Collection[Sql], *, beside: bool) -> Sql:
        """What is left to ask of rows for which these are TRUE already."""
        return TRUE if self.alone in known else self.beside if beside else self.alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One cell as SQL: rows on which every forbid is FALSE, and of those rows with a full and with any permit."""

    passed: tuple[Asked, ...]
    full: Asked
    any_: Asked

    @property
    def questions(self) -> tuple[Sql, ...]:
        """What must be TRUE of a row on which the attribute is not denied."""
        return (self.any_.alone, *(one.alone for one in self.passed))

    def column(self, known: Collection[Sql], *, beside: bool) -> Outcome | Sql:
        """A constant where no row matters, else SQL that yields the outcome's word for rows on which ``known`` holds."""
        passed = conjunction(one.left(known, beside=beside) for one in self.passed)
        full, some = self.full.left(known, beside=beside), self.any_.left(known, beside=beside)
        if passed is FALSE or some is FALSE:
            return Outcome.DENY
        if passed is TRUE and full is TRUE:
            return Outcome.ALLOW
        if passed is TRUE and full is FALSE and some is TRUE:
            return Outcome.MASK
        rest = "'mask'" if some is TRUE else f"CASE WHEN {some.text} THEN 'mask' ELSE 'deny' END"
        text = f"WHEN {full.text} THEN 'allow' ELSE {rest} END)"
        if passed is not TRUE:
            text = f"WHEN ({passed.text}) IS NOT TRUE THEN 'deny' {text}"
        return Sql(f"(CASE {text}", (*passed.params, *full.params, *some.params))


@dataclass(slots=True)
class _Planner:
    """One planning; compiles each cell and each rule once."""

    bundle: Bundle
    actor: Actor
    context: Context
    alone: Frame
    beside: Frame
    compiled: dict[Cell, Compiled] = field(default_factory=dict)
    rules: dict[str, CompiledRule] = field(default_factory=dict)
    asked: dict[tuple[Callable[[Node, Frame], Sql], Node], Asked] = field(default_factory=dict)

    def cell(self, cell: Cell) -> Compiled:
        found = self.compiled.get(cell)
        if found is None:
            found = self.compiled[cell] = self._compile(cell)
        return found

    def _compile(self, cell: Cell) -> Compiled:
        kept = [rule for rule in cell.permits if executable(rule, self.context.can_execute)]
        self.rules.update({rule.id: rule for rule in (*kept, *cell.forbids)})
        passed = (self._ask(is_false, rule.condition) for rule in cell.forbids)
        full = self._permitted([rule for rule in kept if not rule.masked])
        return Compiled(
            passed=tuple(dict.fromkeys(one for one in passed if one.alone is not TRUE)),
            full=full,
            any_=self._permitted(kept),
        )

    def _permitted(self, rules: list[CompiledRule]) -> Asked:
        """OR over permits; those that rest on a relation alone become one question, so that the planner of PostgreSQL
        sees one semi-join instead of several."""
        relations = [rule.condition.relations for rule in rules if isinstance(rule.condition, Granted)]
        merged = tuple(dict.fromkeys(name for names in relations for name in names))
        conditions = [rule.condition for rule in rules if not isinstance(rule.condition, Granted)]
        if merged:
            conditions.insert(0, Granted(merged))
        asked = [self._ask(is_true, condition) for condition in conditions]
        return Asked(disjunction(one.alone for one in asked), disjunction(one.beside for one in asked))

    def _ask(self, question: Callable[[Node, Frame], Sql], condition: Node) -> Asked:
        key = (question, condition)
        found = self.asked.get(key)
        if found is None:
            found = self.asked[key] = Asked(question(condition, self.alone), question(condition, self.beside))
        return found


def plan(
    bundle: Bundle,
    actor: Actor,
    *,
    action: Action,
    attributes: Iterable[str],
    gates: Iterable[tuple[str, Action]] = (),
    context: Context,
    facts: Mapping[str, str],
    given: Collection[Sql] = (),
) -> BulkPlan:
    """The plan for rows of alias ``s``. ``facts``: fact -> SQL as registered; ``context.at`` must be set. ``given``: what
    another plan (`BulkPlan.known`) has made sure of on the rows that are asked about; it is not asked again."""
    if context.at is None:
        raise ValueError("a plan needs the instant of the question")
    asked = tuple(dict.fromkeys(attributes))
    barred = bar(bundle, actor)
    if barred is not None:
        return _nothing(bundle, actor, action, asked, tuple(gates), barred)
    states = ("active", "frozen", "erasing") if actor.purpose in bundle.legal else ("active",)
    alone = frame(actor, at=context.at, facts=facts, states=states)
    planner = _Planner(bundle=bundle, actor=actor, context=context, alone=alone, beside=replace(alone, held=True))
    index = cells(bundle, roles=actor.roles, purpose=actor.purpose, action=action)
    bound = {key: planner.cell(index[key]) for key in asked if key in index}
    seen = {key: one for key, one in bound.items() if conjunction(one.questions) is not FALSE}
    judged = tuple(_gate(planner, key, wanted) for key, wanted in gates)
    living = _living(facts, states)
    narrowed = [gate.sql or (TRUE if gate.outcome is not Outcome.DENY else FALSE) for gate in judged]
    common, rest = _rows([*seen.values()])
    sure = frozenset(one for one in (living, *narrowed, *common) if one is not FALSE)
    row = conjunction(one for one in (living, *narrowed, *common, rest) if one not in given)
    # On rows of another plan only that plan's own assurances hold.
    known = given or sure
    rules = tuple(planner.rules.values())
    return BulkPlan(
        action=action,
        purpose=actor.purpose,
        rulebook=bundle.sha256,
        row=row,
        columns={key: _column(bound, key, sure, beside=False) for key in asked},
        beside={key: _column(bound, key, known, beside=True) for key in asked},
        known=sure,
        living=living,
        consents=any(rule.consents for rule in rules),
        at=context.at,
        gates=judged,
        obligations=tuple(dict.fromkeys(duty for rule in rules if rule.permit for duty in rule.obligations)),
        rule_ids=tuple(rule.id for rule in rules),
        denials={
            key: denial(Reason.NO_RULE, who="dpo") if key in bound else unbound(bundle, key)
            for key in asked
            if key not in seen
        },
        empty=row is FALSE,
    )


def _column(bound: Mapping[str, Compiled], key: str, known: Collection[Sql], *, beside: bool) -> Outcome | Sql:
    return bound[key].column(known, beside=beside) if key in bound else Outcome.DENY


def _rows(seen: list[Compiled]) -> tuple[list[Sql], Sql]:
    """Rows with at least one attribute that is not denied. What all attributes ask for is asked once, in front, so
    that it can drive the query; the rest stays an OR (dropped where some attribute asks for nothing more)."""
    if not seen:
        return [], FALSE
    asks = [dict.fromkeys(one.questions) for one in dict.fromkeys(seen)]
    common = [one for one in asks[0] if all(one in other for other in asks)]
    rest = disjunction(conjunction(one for one in ask if one not in common) for ask in asks)
    return common, rest


def _gate(planner: _Planner, key: str, action: Action) -> Gate:
    """A use of an attribute inside the query itself. A masked permit of `search` is a permit to search."""
    index = cells(planner.bundle, roles=planner.actor.roles, purpose=planner.actor.purpose, action=action)
    if key not in index:
        return Gate(attribute=key, action=action, outcome=Outcome.DENY, denial=unbound(planner.bundle, key))
    seen = conjunction(planner.cell(index[key]).questions)
    if seen is FALSE:
        return Gate(attribute=key, action=action, outcome=Outcome.DENY, denial=denial(Reason.NO_RULE, who="dpo"))
    return Gate(attribute=key, action=action, outcome=Outcome.ALLOW, sql=None if seen is TRUE else seen)


def _living(facts: Mapping[str, str], states: Iterable[str]) -> Sql:
    """Rows that are not closed by their state, as `decision._closed` says for one subject."""
    for fact in ("subject.state", DISCARDED):
        if fact not in facts:
            raise UnknownFact(fact)
    kept = Sql(f"(({facts['subject.state']} = ANY({literals(states)})) IS TRUE)")
    return conjunction((kept, Sql(f"(({facts[DISCARDED]}) IS FALSE)")))


def _nothing(
    bundle: Bundle,
    actor: Actor,
    action: Action,
    asked: tuple[str, ...],
    gates: tuple[tuple[str, Action], ...],
    barred: AttributeDecision,
) -> BulkPlan:
    closed = tuple(Gate(attribute=key, action=wanted, outcome=Outcome.DENY, denial=barred) for key, wanted in gates)
    return BulkPlan(
        action=action,
        purpose=actor.purpose,
        rulebook=bundle.sha256,
        row=FALSE,
        columns=dict.fromkeys(asked, Outcome.DENY),
        beside=dict.fromkeys(asked, Outcome.DENY),
        gates=closed,
        denials=dict.fromkeys(asked, barred),
        empty=True,
    )
