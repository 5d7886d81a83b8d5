"""DOOR: the map from facts of the rulebook to SQL over alias ``s``; the vault registers its columns at start-up."""

from __future__ import annotations

from kexin.regime.rules.conditions import Compare, In, IsSet, atoms
from kexin.regime.rules.facts import DISCARDED, FACET, FACTS, UnknownFact
from kexin.regime.types import Bundle

_sql: dict[str, str] = {}


def register(name: str, *, sql: str) -> None:
    """Tell the SQL expression of one fact, over alias ``s`` and without parameters, as written by a programmer.

    ``name`` is a fact of `rules.facts.FACTS` (``subject.age_status``); for ``facet`` the expression is the jsonb column
    itself (``s.facets``), and ``subject.discarded`` is boolean SQL that is TRUE in the 回收站. An expression may be NULL
    exactly where `SubjectFacts` has None.
    """
    if name not in (FACET, DISCARDED) and name not in FACTS:
        raise UnknownFact(name)
    if "%" in sql:
        raise ValueError(f"the SQL of {name} must not contain a percent sign")
    _sql[name] = sql


def registered() -> dict[str, str]:
    """Fact -> SQL expression, as registered so far."""
    return dict(_sql)


def unregistered(bundle: Bundle) -> tuple[str, ...]:
    """Facts that rules of this bundle ask for and that no room has told the SQL of: it must not be published, because
    its plans could not be compiled."""
    rules = [rule for found in (*bundle.permits.values(),) for rule, _definition in found]
    rules += [bound[0] for found in bundle.forbids.values() for _roles, bound in found]
    leaves = (leaf for condition in {rule.condition for rule in rules} for leaf in atoms(condition))
    asked = {leaf.fact for leaf in leaves if isinstance(leaf, (Compare, In, IsSet))}
    wanted = {FACET if name.startswith(f"{FACET}.") else name for name in asked} | {"subject.state", DISCARDED}
    return tuple(sorted(wanted - set(_sql)))
