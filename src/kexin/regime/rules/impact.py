"""A rulebook's effect on people who are really there: which atoms to ask of the data, and what their answers mean.

The data is asked once, for the atoms of all changed cells together, and answers with groups: so many people for whom
the atoms are so. Each cell is then worked out for each group, before and after. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from kexin.regime.rules.bundle import EVERYBODY, cells
from kexin.regime.rules.conditions import All, Any_, Compare, Granted, HasConsent, In, Node, Not, atoms
from kexin.regime.rules.matrix import NOTHING, CellChange, bonds, bound_to, signature, value
from kexin.regime.types.decision import Bundle, Cell
from kexin.regime.types.rulebook import Action

#: One atom for one asker. What a relation is depends on who asks under which purpose; every other atom on the record alone.
Asked: TypeAlias = tuple[str, str, Node]
#: TRUE for records that business may use, FALSE for those that only a legal duty may look into (封存).
OPEN: Asked = ("", "", In("subject.state", ("active",)))
#: An outcome as `matrix.bound_to` says it: None is no.
Bound: TypeAlias = tuple[bool, frozenset[object]] | None


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Changed attributes of one role, purpose and action about which the same rules speak before and after."""

    role: str
    purpose: str
    action: Action
    attributes: tuple[str, ...]
    old: Cell | None
    new: Cell | None
    legal_before: bool
    legal_after: bool

    def asked(self, node: Node) -> Asked:
        """The atom as this question's asker asks it."""
        return (self.role, self.purpose, node) if isinstance(node, Granted) else ("", "", node)

    @property
    def atoms(self) -> tuple[Asked, ...]:
        """Everything that its answer depends on, once."""
        found = [rule.condition for cell in (self.old, self.new) if cell for rule in (*cell.permits, *cell.forbids)]
        leaves = dict.fromkeys(self.asked(leaf) for condition in found for leaf in atoms(condition))
        return tuple(dict.fromkeys((OPEN, *leaves)))


@dataclass(slots=True)
class Effect:
    """What the groups add up to. ``people`` by cell (role, purpose, action, attribute); ``touched``: people for whom
    any cell changes; ``stopped``: rule -> people whom it newly stops because a fact is not known; ``missing``: those facts."""

    people: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    touched: int = 0
    stopped: dict[str, int] = field(default_factory=dict)
    missing: dict[str, set[str]] = field(default_factory=dict)


def questions(old: Bundle | None, new: Bundle, changes: Iterable[CellChange]) -> tuple[Question, ...]:
    """The changed cells, those with the same rules together."""
    grouped: dict[tuple[str, str, Action, int, int], list[str]] = {}
    found: dict[tuple[str, str, Action, int, int], tuple[Cell | None, Cell | None]] = {}
    for change in changes:
        pair = tuple(_cell(bundle, change) for bundle in (old, new))
        key = (change.role, change.purpose, change.action, id(pair[0]), id(pair[1]))
        grouped.setdefault(key, []).append(change.attribute)
        found[key] = (pair[0], pair[1])
    return tuple(
        Question(
            key[0], key[1], key[2], tuple(attributes), *found[key],
            old is not None and key[1] in old.legal, key[1] in new.legal,
        )
        for key, attributes in grouped.items()
    )  # fmt: skip


def _cell(bundle: Bundle | None, change: CellChange) -> Cell | None:
    if bundle is None or change.purpose not in bundle.purposes or change.purpose in bundle.prohibited:
        return None
    held = frozenset() if change.role == EVERYBODY else frozenset({change.role})
    found = cells(bundle, roles=held, purpose=change.purpose, action=change.action).get(change.attribute)
    return None if signature(found) == NOTHING else found


def atoms_of(asked: Iterable[Question]) -> tuple[Asked, ...]:
    """Every atom of these questions, once, in a fixed order."""
    return tuple(dict.fromkeys(atom for question in asked for atom in question.atoms))


def answers(question: Question, truth: Mapping[Asked, bool | None]) -> tuple[Bound, Bound]:
    """The outcome before and after for people for whom the atoms are so."""
    return _side(question, question.old, question.legal_before, truth), _side(question, question.new, question.legal_after, truth)


def _side(question: Question, cell: Cell | None, legal: bool, truth: Mapping[Asked, bool | None]) -> Bound:
    if cell is None or not (truth[OPEN] is True or legal):
        return None
    return bound_to(bonds(cell), _Local(question, truth))


class _Local(dict[Node, "bool | None"]):
    """Truth of an atom as one question's asker asks it."""

    def __init__(self, question: Question, truth: Mapping[Asked, bool | None]) -> None:
        super().__init__()
        self._question, self._truth = question, truth

    def __missing__(self, node: Node) -> bool | None:
        return self._truth[self._question.asked(node)]


def effect(asked: tuple[Question, ...], atoms: tuple[Asked, ...], groups: Mapping[tuple[bool | None, ...], int]) -> Effect:
    """Add the groups up. ``groups`` maps the truth of ``atoms``, in their order, to how many people share it."""
    total = Effect()
    place = {atom: number for number, atom in enumerate(atoms)}
    prepared = [(question, question.atoms, tuple(place[atom] for atom in question.atoms)) for question in asked]
    seen: dict[tuple[int, tuple[bool | None, ...]], tuple[bool, tuple[tuple[str, tuple[str, ...]], ...]]] = {}
    for question in asked:
        for attribute in question.attributes:
            total.people[question.role, question.purpose, question.action.value, attribute] = 0
    for values, count in groups.items():
        touched, stopped = False, dict[str, tuple[str, ...]]()
        for question, names, places in prepared:
            own = tuple(values[one] for one in places)
            key = (id(question), own)
            if key not in seen:
                seen[key] = _judged(question, dict(zip(names, own, strict=True)))
            differs, stops = seen[key]
            stopped.update(stops)
            if differs:
                touched = True
                for attribute in question.attributes:
                    total.people[question.role, question.purpose, question.action.value, attribute] += count
        total.touched += count if touched else 0
        for rule, missing in stopped.items():
            total.stopped[rule] = total.stopped.get(rule, 0) + count
            total.missing.setdefault(rule, set()).update(missing)
    return total


def _judged(
    question: Question, truth: Mapping[Asked, bool | None]
) -> tuple[bool, tuple[tuple[str, tuple[str, ...]], ...]]:
    before, after = answers(question, truth)
    return before != after, tuple(_stops(question, truth)) if before is not None and after is None else ()


def _stops(question: Question, truth: Mapping[Asked, bool | None]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Forbids that are new to this cell and count only because a fact is not known, where nothing else says no."""
    if question.new is None:
        return
    local = _Local(question, truth)
    known = {rule.condition for rule in question.old.forbids} if question.old else set()
    said = {rule.id: value(rule.condition, local) for rule in question.new.forbids}
    permitted = any(value(rule.condition, local) is True for rule in question.new.permits)
    if not permitted or True in said.values():
        return
    for rule in question.new.forbids:
        if said[rule.id] is None and rule.condition not in known:
            yield rule.id, tuple(_unknown(rule.condition, local))


def _unknown(node: Node, truth: Mapping[Node, bool | None]) -> Iterable[str]:
    """The facts that are not known, named as the single decision names them."""
    if value(node, truth) is not None:
        return
    match node:
        case Not(part):
            yield from _unknown(part, truth)
        case All(parts) | Any_(parts):
            for part in parts:
                yield from _unknown(part, truth)
        case HasConsent(purpose, channel):
            yield f"consent:{purpose}" + (f"/{channel}" if channel else "")
        case Compare(_, fact, _) | In(fact, _):
            yield fact
