"""The same decision for many rows at once: a row predicate, a column plan and gates, compiled from the same trees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kexin.regime.rules.bundle import cells
from kexin.regime.rules.conditions import Granted
from kexin.regime.rules.decision import bar, denial, executable, unbound
from kexin.regime.rules.facts import DISCARDED, UnknownFact
from kexin.regime.rules.sql import FALSE, TRUE, Frame, conjunction, disjunction, held, is_false, is_true
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One cell as SQL: rows on which every forbid is FALSE, and of those rows with a full and with any permit."""

    passed: tuple[Sql, ...]
    full: Sql
    any_: Sql

    @property
    def seen(self) -> Sql:
        """Rows on which the attribute is not denied."""
        return conjunction((*self.passed, self.any_))

    def column(self) -> Outcome | Sql:
        """A constant where no row matters, else SQL that yields the outcome's word."""
        if self.seen.text == FALSE.text:
            return Outcome.DENY
        always = not self.passed
        if always and self.full.text == TRUE.text:
            return Outcome.ALLOW
        if always and self.full.text == FALSE.text and self.any_.text == TRUE.text:
            return Outcome.MASK
        passed = conjunction(self.passed)
        text = f"WHEN {self.full.text} THEN 'allow' WHEN {self.any_.text} THEN 'mask' ELSE 'deny' END)"
        if not always:
            text = f"WHEN ({passed.text}) IS NOT TRUE THEN 'deny' {text}"
        return Sql(f"(CASE {text}", (*passed.params, *self.full.params, *self.any_.params))


@dataclass(slots=True)
class _Planner:
    """One planning; compiles each cell and each condition once."""

    bundle: Bundle
    actor: Actor
    context: Context
    frame: Frame
    compiled: dict[Cell, Compiled] = field(default_factory=dict)
    rules: dict[str, CompiledRule] = field(default_factory=dict)
    columns: dict[Cell, Outcome | Sql] = field(default_factory=dict)

    def column(self, cell: Cell) -> Outcome | Sql:
        """The outcome of a cell; attributes about which the same rules speak share one piece of SQL."""
        found = self.columns.get(cell)
        if found is None:
            found = self.columns[cell] = self.cell(cell).column()
        return found

    def cell(self, cell: Cell) -> Compiled:
        found = self.compiled.get(cell)
        if found is None:
            found = self.compiled[cell] = self._compile(cell)
        return found

    def _compile(self, cell: Cell) -> Compiled:
        kept = [rule for rule in cell.permits if executable(rule, self.context.can_execute)]
        self.rules.update({rule.id: rule for rule in (*kept, *cell.forbids)})
        passed = tuple(
            one for one in (is_false(rule.condition, self.frame) for rule in cell.forbids) if one.text != TRUE.text
        )
        full = self._permitted([rule for rule in kept if not rule.masked])
        return Compiled(passed=tuple(dict.fromkeys(passed)), full=full, any_=self._permitted(kept))

    def _permitted(self, rules: list[CompiledRule]) -> Sql:
        """OR over permits; those that rest on a relation alone become one question, so that the planner of PostgreSQL
        sees one semi-join instead of several."""
        relations = [rule.condition.relations for rule in rules if isinstance(rule.condition, Granted)]
        merged = tuple(dict.fromkeys(name for names in relations for name in names))
        conditions = [rule.condition for rule in rules if not isinstance(rule.condition, Granted)]
        if merged:
            conditions.insert(0, Granted(merged))
        return disjunction(is_true(condition, self.frame) for condition in conditions)


def plan(
    bundle: Bundle,
    actor: Actor,
    *,
    action: Action,
    attributes: Iterable[str],
    gates: Iterable[tuple[str, Action]] = (),
    context: Context,
    facts: Mapping[str, str],
) -> BulkPlan:
    """The plan for rows of alias ``s``. ``facts``: fact -> SQL as registered; ``context.at`` must be set."""
    if context.at is None:
        raise ValueError("a plan needs the instant of the question")
    asked = tuple(dict.fromkeys(attributes))
    barred = bar(bundle, actor)
    if barred is not None:
        return _nothing(bundle, actor, action, asked, tuple(gates), barred)
    frame = Frame(
        principal_ids=actor.principal_ids,
        standing=actor.standing,
        purpose=actor.purpose,
        at=context.at,
        facts=facts,
    )
    planner = _Planner(bundle=bundle, actor=actor, context=context, frame=frame)
    beside = _Planner(bundle=bundle, actor=actor, context=context, frame=replace(frame, held=True))
    index = cells(bundle, roles=actor.roles, purpose=actor.purpose, action=action)
    columns: dict[str, Outcome | Sql] = {}
    cheap: dict[str, Outcome | Sql] = {}
    denials: dict[str, AttributeDecision] = {}
    seen: list[Compiled] = []
    for key in asked:
        compiled = planner.cell(index[key]) if key in index else None
        columns[key] = planner.column(index[key]) if compiled else Outcome.DENY
        cheap[key] = beside.column(index[key]) if compiled else Outcome.DENY
        if compiled and columns[key] is not Outcome.DENY:
            seen.append(compiled)
        else:
            denials[key] = unbound(bundle, key) if compiled is None else denial(Reason.NO_RULE, who="dpo")
    judged = tuple(_gate(planner, key, wanted) for key, wanted in gates)
    narrowed = (gate.sql or (TRUE if gate.outcome is not Outcome.DENY else FALSE) for gate in judged)
    living = _living(bundle, actor.purpose, facts)
    row = conjunction((living, *narrowed, _rows(seen)))
    rules = tuple(planner.rules.values())
    return BulkPlan(
        action=action,
        purpose=actor.purpose,
        rulebook=bundle.sha256,
        row=row,
        columns=columns,
        living=living,
        beside=cheap,
        held=held(frame),
        gates=judged,
        obligations=tuple(dict.fromkeys(duty for rule in rules if rule.permit for duty in rule.obligations)),
        rule_ids=tuple(rule.id for rule in rules),
        denials=denials,
        empty=row.text == FALSE.text,
    )


def _rows(seen: list[Compiled]) -> Sql:
    """Rows with at least one attribute that is not denied. What all attributes ask for is asked once, in front, so
    that it can drive the query; the rest stays an OR (dropped where some attribute asks for nothing more)."""
    if not seen:
        return FALSE
    asks = [dict.fromkeys((one.any_, *one.passed)) for one in dict.fromkeys(seen)]
    common = [one for one in asks[0] if all(one in other for other in asks)]
    rest = disjunction(conjunction(one for one in ask if one not in common) for ask in asks)
    return conjunction((*common, rest))


def _gate(planner: _Planner, key: str, action: Action) -> Gate:
    """A use of an attribute inside the query itself. A masked permit of `search` is a permit to search."""
    index = cells(planner.bundle, roles=planner.actor.roles, purpose=planner.actor.purpose, action=action)
    if key not in index:
        return Gate(attribute=key, action=action, outcome=Outcome.DENY, denial=unbound(planner.bundle, key))
    seen = planner.cell(index[key]).seen
    if seen.text == FALSE.text:
        return Gate(attribute=key, action=action, outcome=Outcome.DENY, denial=denial(Reason.NO_RULE, who="dpo"))
    return Gate(attribute=key, action=action, outcome=Outcome.ALLOW, sql=None if seen.text == TRUE.text else seen)


def _living(bundle: Bundle, purpose: str, facts: Mapping[str, str]) -> Sql:
    """Rows that are not closed by their state, as `decision._closed` says for one subject."""
    for fact in ("subject.state", DISCARDED):
        if fact not in facts:
            raise UnknownFact(fact)
    states = ["active", "frozen", "erasing"] if purpose in bundle.legal else ["active"]
    kept = Sql(f"(({facts['subject.state']} = ANY(%s::text[])) IS TRUE)", (states,))
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
