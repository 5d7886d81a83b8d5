"""One subject as the single decision sees it, and the refusals that every door to one person shares."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import connections

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.regime.types import Action, Decision, Standing
from kexin.vault import flags
from kexin.vault.envelopes import IDENTITY, Envelope
from kexin.vault.queries.asking import Asking, relation_of
from kexin.vault.queries.opening import Moved, unchanged
from kexin.vault.queries.rows import Raw, standings
from kexin.vault.types import SubjectErased, SubjectNotFound


@dataclass(frozen=True, slots=True)
class Person:
    """One visible subject with what the caller holds to it, and what may be read of it."""

    raw: Raw
    held: Standing
    reading: Decision

    @property
    def relation(self) -> str:
        """The caller's relation: own, team or foreign."""
        return relation_of(self.held.grants)


def person(asking: Asking, subject: uuid.UUID, row: Raw | None) -> Person:
    """A subject of which this caller may read something, as `ask_about` found it. Absent, hidden, discarded and
    forbidden look the same (SubjectNotFound); a forbidden one leaves a line. An erased or erasing one raises
    SubjectErased, for callers whose rules let them read customers at all; to everybody else it never existed."""
    if row is None:
        if state_of(subject) in ("erasing", "erased") and not asking.plan(Action.READ, asking.attributes).empty:
            raise SubjectErased
        raise SubjectNotFound
    held = standings(asking, [row])[subject]
    reading = asking.decide(Action.READ, row.facts(held), asking.attributes)
    if reading.nothing:
        deny(asking, row, held, Action.READ, reading.rule_ids)
        raise SubjectNotFound
    return Person(row, held, reading)


def state_of(subject: uuid.UUID) -> str:
    """The state of a subject as it is this instant; "" when there is none."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT state FROM vault_subject WHERE id = %s", [subject])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def envelopes_of(asking: Asking, found: Person) -> list[Envelope]:
    """Look again, after the line and before the key: the record's envelopes, still closed, from a snapshot in which
    state and standing are what was decided about. An erasure that was faster wins (SubjectErased); after any other
    change somebody has to ask again (Moved)."""
    try:
        return unchanged(asking, [found.raw], {found.raw.id: found.held}, entity=IDENTITY)
    except Moved:
        state = state_of(found.raw.id)
        if state in ("erasing", "erased"):
            raise SubjectErased from None
        raise


def deny(asking: Asking, raw: Raw, held: Standing, action: Action, rule_ids: tuple[str, ...]) -> None:
    """The line of a refusal about one person, committed at once."""
    evidence.note_now(
        asking.caller,
        Entry(
            event=Event.ACCESS_DENIED,
            decision="deny",
            action=action.value,
            rule_ids=rule_ids,
            rulebook=asking.bundle.sha256,
            relation=relation_of(held.grants),  # type: ignore[arg-type]
            flags=flags.before(asking, Event.ACCESS_DENIED, [raw]),
            audit_ids=(raw.audit_id,) if raw.audit_id else (),
            count=1,
        ),
    )
