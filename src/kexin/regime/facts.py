"""DOOR: the map from facts of the rulebook to SQL over alias ``s``; the vault registers its columns at start-up."""

from __future__ import annotations

from kexin.regime.rules.facts import DISCARDED, FACET, FACTS, UnknownFact

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
