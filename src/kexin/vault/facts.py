"""The map from facts of the rulebook to columns of the vault; regime compiles rules against it."""

from __future__ import annotations

from kexin.regime import facts

#: Fact -> expression over alias `s` (vault_subject). NULL exactly where `SubjectFacts` has None.
COLUMNS = {
    "subject.kind": "s.kind",
    "subject.state": "s.state",
    "subject.age_status": "s.age_status",
    "subject.unproven": "s.unproven",
    "subject.discarded": "(s.discarded_at IS NOT NULL)",
    "facet": "s.facets",
}


def register() -> None:
    """Tell regime which columns stand for which facts of a subject."""
    for name, sql in COLUMNS.items():
        facts.register(name, sql=sql)
