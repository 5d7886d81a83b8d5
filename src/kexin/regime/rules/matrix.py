"""The finite matrix of a rulebook: role × purpose × action × attribute, and what changes between two of them.

A cell is not one outcome but a table of outcomes: every atom of the conditions that matter, tried true, false and
unknown. Up to `MAX_ATOMS` atoms the table is complete; beyond that the cell is called 条件 (conditional)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from kexin.regime.rules.bundle import EVERYBODY, cells
from kexin.regime.rules.conditions import ALWAYS, All, Any_, Node, Not, atoms, describe
from kexin.regime.types.decision import Bundle, Cell
from kexin.regime.types.rulebook import Action, Outcome

MAX_ATOMS = 8
_RANK = {Outcome.DENY: 0, Outcome.MASK: 1, Outcome.ALLOW: 2}

#: What decides about a cell: conditions of full permits, of masked permits, of forbids.
Signature = tuple[tuple[Node, ...], tuple[Node, ...], tuple[Node, ...]]
NOTHING: Signature = ((), (), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell that differs. ``gains``: some situation allows more; ``loses``: some allows less; both may be true.
    ``before`` and ``after`` are one line each, ``conditional`` says that not every situation was tried."""

    role: str
    purpose: str
    action: Action
    attribute: str
    before: str
    after: str
    gains: bool
    loses: bool
    conditional: bool = False


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
    for role in roles_of(bundle):
        held = frozenset() if role == EVERYBODY else frozenset({role})
        for purpose in bundle.purposes:
            if purpose in bundle.prohibited:
                continue
            for action in Action:
                for key, cell in cells(bundle, roles=held, purpose=purpose, action=action).items():
                    found = signature(cell)
                    if found != NOTHING:
                        yield role, purpose, action, key, found


def diff(old: Bundle | None, new: Bundle) -> MatrixDiff:
    """What the new rulebook gives and takes. ``old`` None: everything is new."""
    before = {step[:4]: step[4] for step in walk(old)} if old else {}
    after = {step[:4]: step[4] for step in walk(new)}
    changes: list[CellChange] = []
    by_role: dict[str, int] = {}
    keys = dict.fromkeys((*before, *after))
    for key in keys:
        was, now = before.get(key, NOTHING), after.get(key, NOTHING)
        if was == now:
            continue
        gains, loses, conditional = compare(was, now)
        if gains or loses:
            role, purpose, action, attribute = key
            by_role[role] = by_role.get(role, 0) + 1
            changes.append(
                CellChange(
                    role=role, purpose=purpose, action=action, attribute=attribute, before=words(was),
                    after=words(now), gains=gains, loses=loses, conditional=conditional,
                )
            )  # fmt: skip
    return MatrixDiff(changes=tuple(changes), cells=len(keys), by_role=by_role)


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
    if any(_value(node, truth) is not False for node in forbids):
        return Outcome.DENY
    if any(_value(node, truth) is True for node in full):
        return Outcome.ALLOW
    return Outcome.MASK if any(_value(node, truth) is True for node in masked) else Outcome.DENY


def _value(node: Node, truth: Mapping[Node, bool | None]) -> bool | None:
    if isinstance(node, Not):
        inner = _value(node.part, truth)
        return None if inner is None else not inner
    if isinstance(node, (All, Any_)):
        decisive = isinstance(node, Any_)
        found = [_value(part, truth) for part in node.parts]
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
