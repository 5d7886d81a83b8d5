"""The decision as frozen data: what is known about a subject, and the answer per attribute. No framework, no I/O."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kexin.regime.types.rulebook import Obligation, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFacts:
    """What the decision may know of one subject. A value of None (or an absent key) is unknown, never "no".

    ``grants``: the relations that *this* actor holds to this subject. ``consents``: (purpose, channel) -> status of the
    projection (given, refused, withdrawn, expired, stale); an absent pair was never asked.
    """

    id: uuid.UUID | None = None
    kind: str | None = None
    state: str | None = None
    age_status: str | None = None
    unproven: bool | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)
    grants: frozenset[str] = frozenset()
    consents: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDecision:
    """The answer for one attribute: outcome, the rules that made it, what must be done, what was not known."""

    outcome: Outcome
    rule_ids: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    missing: tuple[str, ...] = ()
    reason: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to one question about one subject, attribute by attribute, under one rulebook (``rulebook`` sha256)."""

    outcomes: Mapping[str, AttributeDecision]
    rulebook: str
    obligations: tuple[Obligation, ...] = ()
    rule_ids: tuple[str, ...] = ()

    def allowed(self, attribute: str) -> bool:
        """Whether the attribute may be used in full; an attribute that was not asked about may not."""
        answer = self.outcomes.get(attribute)
        return answer is not None and answer.outcome is Outcome.ALLOW

    def masked(self, attribute: str) -> bool:
        """Whether only the masked rendering may be shown."""
        answer = self.outcomes.get(attribute)
        return answer is not None and answer.outcome is Outcome.MASK

    def denied(self, attribute: str) -> bool:
        """Whether the attribute is absent for this question."""
        return not self.allowed(attribute) and not self.masked(attribute)
