"""DOOR: one cell of an impact preview explained by its rules, and two versions compared."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from kexin.foundation.caller import Caller
from kexin.regime.models import RulebookImpact
from kexin.regime.queries import permissions
from kexin.regime.queries.drafts import ImpactUnknown
from kexin.regime.queries.rulebook import load, source_of
from kexin.regime.rulebook.diff import Difference, difference
from kexin.regime.rulebook.parser import parse
from kexin.regime.rulebook.reach import PUBLISH, READ, SIGN
from kexin.regime.rules import matrix
from kexin.regime.rules.bundle import cells, compile_bundle
from kexin.regime.types import Action, Rulebook, RuleDef


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRules:
    """Who speaks about one action in one cell, before and after: permits first, then forbids."""

    action: Action
    before: tuple[RuleDef, ...]
    after: tuple[RuleDef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both rulebooks of a counting."""

    old: Rulebook | None
    new: Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two rulebooks compared: entries, and how many cells gain and lose in some situation."""

    old: Rulebook
    new: Rulebook
    difference: Difference
    gained: int
    lost: int


def sides(caller: Caller, *, impact: uuid.UUID) -> Sides:
    """The rulebooks that a counting compared. Raises NotPermitted, ImpactUnknown."""
    permissions.require(caller, PUBLISH, SIGN, READ)
    row = RulebookImpact.objects.filter(id=impact).only("source", "base_sha256").first()
    if row is None:
        raise ImpactUnknown()
    return Sides(old=load(row.base_sha256) if row.base_sha256 else None, new=parse(bytes(row.source)).rulebook)


def rules_of(found: Sides, *, role: str, purpose: str, attribute: str) -> tuple[CellRules, ...]:
    """The rules behind one cell, for every action about which one of the sides says something."""
    spoken = (_rules(found.old, role, purpose, attribute), _rules(found.new, role, purpose, attribute))
    return tuple(
        CellRules(action=action, before=spoken[0].get(action, ()), after=spoken[1].get(action, ()))
        for action in Action
        if spoken[0].get(action, ()) != spoken[1].get(action, ()) or spoken[1].get(action)
    )


def _rules(book: Rulebook | None, role: str, purpose: str, attribute: str) -> dict[Action, tuple[RuleDef, ...]]:
    if book is None or purpose not in book.purposes or book.prohibited(purpose):
        return {}
    bundle, known = compile_bundle(book), {rule.id: rule for rule in book.rules}
    found = {}
    for action in Action:
        cell = cells(bundle, roles=frozenset({role}), purpose=purpose, action=action).get(attribute)
        if cell is not None and cell.permits:
            found[action] = tuple(known[rule.id] for rule in (*cell.permits, *cell.forbids))
    return found


def compared(caller: Caller, *, old: int, new: int) -> Compared:
    """Two versions by their numbers, whichever is older. Raises NotPermitted, VersionUnknown."""
    permissions.require(caller, READ)
    books = tuple(parse(source_of(number)).rulebook for number in (old, new))
    cells_ = matrix.diff(compile_bundle(books[0]), compile_bundle(books[1]))
    return Compared(
        old=books[0], new=books[1], difference=difference(books[0], books[1]), gained=cells_.gains, lost=cells_.losses
    )
