"""The finite matrix of a rulebook: role × purpose × action × attribute, and what changes between two of them.

A cell is not one outcome but a table of outcomes: every atom of the conditions that matter, tried true, false and
unknown. Up to `MAX_ATOMS` atoms the table is complete; beyond that the cell is called 条件 (conditional)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TypeAlias

from kexin.regime.rules.bundle import EVERYBODY, cells
from kexin.regime.rules.conditions import ALWAYS, All, Any_, In, Node, Not, atoms, describe
from kexin.regime.types.decision import Bundle, Cell
from kexin.regime.types.rulebook import Action, Obligation, Outcome

MAX_ATOMS = 8
_RANK = {Outcome.DENY: 0, Outcome.MASK: 1, Outcome.ALLOW: 2}

#: What decides about a cell: conditions of full permits, of masked permits, of forbids.
Signature = tuple[tuple[Node, ...], tuple[Node, ...], tuple[Node, ...]]
NOTHING: Signature = ((), (), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell that differs. ``gains``: some situation allows more; ``loses``: some allows less; both may be true.
    ``before`` and ``after`` are one line each, ``conditional`` says that not every situation was tried. ``duties``: the
    same is allowed as before, but what must happen with it differs (a duty that is gone gains)."""

    role: str
    purpose: str
    action: Action
    attribute: str
    before: str
    after: str
    gains: bool
    loses: bool
    conditional: bool = False
    duties: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixDiff:
    """Everything that changes between two bundles. ``cells`` counts what was compared."""

    changes: tuple[CellChange, ...]
    cells: int
    by_role: Mapping[str, int] = field(default_factory=dict)

    @property
    def gains(self) -> int:
        """Cells in which somebody may do more in some situation."""
        return sum(change.gains for change in self.changes)

    @property
    def losses(self) -> int:
        """Cells in which somebody may do less in some situation."""
        return sum(change.loses for change in self.changes)

    @property
    def loosens(self) -> bool:
        """Whether anything is opened: tightening takes effect at once, loosening may have to wait."""
        return self.gains > 0


def signature(cell: Cell | None) -> Signature:
    """The conditions of a cell without names and obligations; a cell without permits, or
    with a forbid that always holds, gives nothing."""
    if cell is None or not cell.permits or any(rule.condition == ALWAYS for rule in cell.forbids):
        return NOTHING
    full = tuple(dict.fromkeys(rule.condition for rule in cell.permits if not rule.masked))
    masked = tuple(dict.fromkeys(rule.condition for rule in cell.permits if rule.masked))
    return full, masked, tuple(dict.fromkeys(rule.condition for rule in cell.forbids))


def roles_of(bundle: Bundle) -> tuple[str, ...]:
    """Every role that the rulebook speaks of, services included, and `everyone` for those without any."""
    named = {role for role, _purpose, _action in bundle.permits} - {EVERYBODY}
    return (*bundle.roles, *sorted(named - set(bundle.roles)), EVERYBODY)


def walk(bundle: Bundle) -> Iterator[tuple[str, str, Action, str, Signature]]:
    """Every cell that is not empty: role, purpose, action, attribute, what decides. Prohibited purposes are empty."""
    for place, cell in occupied(bundle):
        yield *place, signature(cell)


#: Where a cell stands: role, purpose, action, attribute.
Place: TypeAlias = tuple[str, str, Action, str]


def occupied(bundle: Bundle) -> Iterator[tuple[Place, Cell]]:
    """Every cell that is not empty, with the rules that speak in it."""
    for role in roles_of(bundle):
        held = frozenset() if role == EVERYBODY else frozenset({role})
        for purpose in bundle.purposes:
            if purpose in bundle.prohibited:
                continue
            for action in Action:
                if (role, purpose, action) not in bundle.permits and (EVERYBODY, purpose, action) not in bundle.permits:
                    continue  # without a permit every cell of it is empty
                for key, cell in cells(bundle, roles=held, purpose=purpose, action=action).items():
                    if signature(cell) != NOTHING:
                        yield (role, purpose, action, key), cell


def diff(old: Bundle | None, new: Bundle) -> MatrixDiff:
    """What the new rulebook gives and takes. ``old`` None: everything is new."""
    before = dict(occupied(old)) if old else {}
    after = dict(occupied(new))
    changes: list[CellChange] = []
    by_role: dict[str, int] = {}
    keys = dict.fromkeys((*before, *after))
    for key in keys:
        turned = old is not None and key[1] in old.purposes and (key[1] in old.legal) != (key[1] in new.legal)
        change = _change(key, before.get(key), after.get(key), opened=turned and key[1] in new.legal, closed=turned)
        if change is not None:
            by_role[change.role] = by_role.get(change.role, 0) + 1
            changes.append(change)
    return MatrixDiff(changes=tuple(changes), cells=len(keys), by_role=by_role)


#: What keeps a record from a purpose that no legal duty carries: it is not in ordinary use (封存, 删除中).
_SHUT = Not(In("subject.state", ("active",)))


def _change(place: Place, old: Cell | None, new: Cell | None, *, opened: bool, closed: bool) -> CellChange | None:
    """``closed``: the purpose came to stand on a legal duty or ceased to (``opened`` says which), so that records out
    of use are reached by one side alone."""
    was, now = signature(old), signature(new)
    if closed and opened and was != NOTHING:
        was = (*was[:2], (*was[2], _SHUT))
    elif closed and now != NOTHING:
        now = (*now[:2], (*now[2], _SHUT))
    gains = loses = conditional = False
    if was != now:
        gains, loses, conditional = compare(was, now)
    less, more = compare_duties(bonds(old), bonds(new)) if bonds(old) != bonds(new) else (False, False)
    if not (gains or loses or less or more):
        return None
    role, purpose, action, attribute = place
    return CellChange(
        role=role, purpose=purpose, action=action, attribute=attribute, before=words(was), after=words(now),
        gains=gains or less, loses=loses or more, conditional=conditional, duties=not (gains or loses),
    )  # fmt: skip


#: What a cell's permits ask for: condition, masked, obligations; then the conditions of its forbids.
Bonds: TypeAlias = tuple[tuple[tuple[Node, bool, tuple[Obligation, ...]], ...], tuple[Node, ...]]


def bonds(cell: Cell | None) -> Bonds:
    """Permits with their duties, in the order in which the decision prefers them."""
    if signature(cell) == NOTHING or cell is None:
        return (), ()
    permits = sorted(cell.permits, key=lambda rule: (rule.masked, len(rule.obligations), rule.order, rule.id))
    asked = tuple(dict.fromkeys((rule.condition, rule.masked, rule.obligations) for rule in permits))
    return asked, tuple(dict.fromkeys(rule.condition for rule in cell.forbids))


@lru_cache(maxsize=65536)
def compare_duties(was: Bonds, now: Bonds) -> tuple[bool, bool]:
    """(some situation asks for less, some for more) where both allow the same. Beyond `MAX_ATOMS` atoms: both."""
    nodes = [node for side in (was, now) for node in (*(permit[0] for permit in side[0]), *side[1])]
    leaves = tuple(dict.fromkeys(leaf for node in nodes for leaf in atoms(node)))
    if len(leaves) > MAX_ATOMS:
        return (was[0] != now[0],) * 2
    less = more = False
    for values in product((True, False, None), repeat=len(leaves)):
        truth = dict(zip(leaves, values, strict=True))
        before, after = bound_to(was, truth), bound_to(now, truth)
        if before is not None and after is not None and before[0] == after[0]:
            less, more = less or bool(before[1] - after[1]), more or bool(after[1] - before[1])
    return less, more


def bound_to(side: Bonds, truth: Mapping[Node, bool | None]) -> tuple[bool, frozenset[Obligation]] | None:
    """Masked or in full, and under which duties; None where the answer is no."""
    permits, forbids = side
    if any(value(node, truth) is not False for node in forbids):
        return None
    found = next((permit for permit in permits if value(permit[0], truth) is True), None)
    return None if found is None else (found[1], frozenset(found[2]))


@lru_cache(maxsize=65536)
def compare(was: Signature, now: Signature) -> tuple[bool, bool, bool]:
    """(gains, loses, conditional) over every situation; beyond `MAX_ATOMS` atoms both are assumed."""
    leaves = tuple(
        dict.fromkeys(leaf for side in (was, now) for group in side for node in group for leaf in atoms(node))
    )
    if len(leaves) > MAX_ATOMS:
        return True, True, True
    gains = loses = False
    for values in product((True, False, None), repeat=len(leaves)):
        truth = dict(zip(leaves, values, strict=True))
        step = _RANK[outcome(now, truth)] - _RANK[outcome(was, truth)]
        gains, loses = gains or step > 0, loses or step < 0
        if gains and loses:
            break
    return gains, loses, False


def outcome(side: Signature, truth: Mapping[Node, bool | None]) -> Outcome:
    """The outcome of a cell when its atoms are so."""
    full, masked, forbids = side
    if any(value(node, truth) is not False for node in forbids):
        return Outcome.DENY
    if any(value(node, truth) is True for node in full):
        return Outcome.ALLOW
    return Outcome.MASK if any(value(node, truth) is True for node in masked) else Outcome.DENY


def value(node: Node, truth: Mapping[Node, bool | None]) -> bool | None:
    """The truth of a condition when its atoms are so."""
    if isinstance(node, Not):
        inner = value(node.part, truth)
        return None if inner is None else not inner
    if isinstance(node, (All, Any_)):
        decisive = isinstance(node, Any_)
        found = [value(part, truth) for part in node.parts]
        if decisive in found:
            return decisive
        return None if None in found else not decisive
    return truth[node]


def words(side: Signature) -> str:
    """A cell in one line: what is allowed, what only masked, and unless what."""
    full, masked, forbids = side
    parts = []
    if full:
        parts.append("allow" + _when(full))
    if masked:
        parts.append("mask" + _when(masked))
    if not parts:
        return "deny"
    stopped = "; never if " + " or ".join(describe(node) for node in forbids) if forbids else ""
    return ", ".join(parts) + stopped


def _when(nodes: tuple[Node, ...]) -> str:
    if any(node == All(()) for node in nodes):
        return ""
    return " if " + " or ".join(describe(node) for node in nodes)


def picture(bundle: Bundle) -> str:
    """The policy as text for a reviewed snapshot: for each role and purpose, which attributes share which cells."""
    grouped: dict[tuple[str, str], dict[str, dict[Action, list[str]]]] = {}
    for role, purpose, action, attribute, found in walk(bundle):
        sentence = words(found)
        if sentence != "deny":
            grouped.setdefault((role, purpose), {}).setdefault(sentence, {}).setdefault(action, []).append(attribute)
    lines: list[str] = []
    for (role, purpose), sentences in grouped.items():
        lines.append(f"{role} · {purpose}")
        for sentence, actions in sentences.items():
            lines.append(f"  {sentence}")
            same: dict[tuple[str, ...], list[str]] = {}
            for action, attributes in actions.items():
                same.setdefault(tuple(attributes), []).append(action.value)
            lines += [f"    {' '.join(verbs)}: {' '.join(names)}" for names, verbs in same.items()]
        lines.append("")
    return "\n".join(lines)
