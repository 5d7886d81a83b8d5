"""Governed rows: the open half from SQL with its outcomes, the display half opened in bulk, together as cells."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Noted
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.database import prepared
from kexin.regime import queries as regime
from kexin.regime.semantic import mask_for
from kexin.regime.types import (
    Action,
    Actor,
    AttributeDecision,
    AttributeDef,
    BulkPlan,
    Outcome,
    Sql,
    Standing,
    SubjectFacts,
)
from kexin.vault import flags, masks, watch
from kexin.vault.queries.asking import Asking, ask, in_words, relation_of, widest
from kexin.vault.records import FULL, MASKED
from kexin.vault.types import shown_number
from kexin.vault.types_views import Cell, Row, Shown

NOTHING = Sql("")
NULL = Sql("NULL")
#: Types whose values can be used without being seen: a call, a message, a waybill.
CONTACT_TYPES = frozenset({"cn_mobile", "landline", "email", "wechat_id", "cn_address"})

_OPEN_COLUMNS = (
    "s.id, s.number, s.kind, s.state, s.age_status, s.unproven, s.facets, s.contact_at, s.created_at, s.audit_id"
)


@dataclass(frozen=True, slots=True)
class Raw:
    """One governed row before anything is opened. ``watched``: whether it is a watched record (`watch.WATCHED`); None
    where that was not asked."""

    id: uuid.UUID
    number: int
    kind: str
    state: str
    age_status: str
    unproven: bool
    facets: Mapping[str, Any]
    contact_at: datetime | None
    created_at: datetime
    audit_id: uuid.UUID | None
    mark: Any = None
    read: Mapping[str, str] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    standing: Standing | None = None
    watched: bool | None = None

    def facts(self, standing: Standing) -> SubjectFacts:
        """This row as a single decision sees it."""
        return SubjectFacts(
            id=self.id,
            kind=self.kind,
            state=self.state,
            age_status=self.age_status,
            unproven=self.unproven,
            facets=self.facets,
            grants=standing.grants,
            consents=standing.consents or {},
            contact_at=self.contact_at,
            created_at=self.created_at,
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """The outcome of each asked attribute as SQL: equal questions are asked once per row. ``held``: the columns that
    bring each row's relations and, where ``consents``, its consents (the outcomes look into them), for the asker
    ``actor``."""

    read: Mapping[str, Outcome | int]
    contact: Mapping[str, Outcome | int]
    asked: tuple[Sql, ...] = ()
    held: Sql = NOTHING
    consents: bool = True
    actor: Actor | None = None


def columns_of(asking: Asking, plan: BulkPlan, columns: Sequence[str]) -> Columns:
    """What to select beside the open columns, so that each row brings its own outcomes for read and contact."""
    if plan.empty or plan.at is None:
        return Columns(dict.fromkeys(columns, Outcome.DENY), {})
    usable = [key for key in columns if asking.attributes[key].type in CONTACT_TYPES]
    # The rows are those of the plan, and so is their state: contacting them asks only for what is left to ask.
    contacting = asking.plan(Action.CONTACT, usable, beside=plan) if usable else None
    pieces: dict[Sql, int] = {}

    def outcome(found: Outcome | Sql) -> Outcome | int:
        return found if isinstance(found, Outcome) else pieces.setdefault(found, len(pieces))

    read = {key: outcome(plan.beside.get(key, Outcome.DENY)) for key in columns}
    contact = {key: outcome(contacting.beside.get(key, Outcome.DENY)) for key in usable} if contacting else {}
    consents = plan.consents or (contacting is not None and contacting.consents)
    held = regime.beside(asking.actor, at=plan.at, consents=consents)
    return Columns(read, contact, tuple(pieces), held, consents, asking.actor)


def people(asking: Asking, condition: Sql) -> list[Raw]:
    """People with what the asker holds to them, for single decisions about each."""
    held = regime.beside(asking.actor, at=clock.now())
    return select(Columns({}, {}, held=held, actor=asking.actor), condition=condition)


def ask_about(caller: Caller, subject: uuid.UUID) -> tuple[Asking, Raw | None]:
    """The asker, the rulebook and one visible person with what the asker holds to them: one query, one snapshot. None
    where there is nobody of that id to be seen."""
    looked = regime.asker_lookup(caller)
    if looked is not None:
        question, named = looked
        rows = prepared(_ABOUT.format(asker=question), {**named, "subject": subject, "watch": watch.token(subject)})
        known = regime.asker_from(caller, rows[0][: regime.ASKER_COLUMNS]) if rows else None
        if known is not None:
            asking, (*row, watched) = Asking(caller, *known), rows[0][regime.ASKER_COLUMNS :]
            found = _raw(Columns({}, {}, actor=asking.actor), row) if row[0] else None
            return asking, replace(found, watched=watched) if found else None
    asking = ask(caller)
    return asking, next(iter(people(asking, Sql("s.visible AND s.id = %s", (subject,)))), None)


_ABOUT = f"""
WITH {{asker}} SELECT asker.*, {_OPEN_COLUMNS}, NULL, {regime.beside_asker()}, {watch.WATCHED}
  FROM asker LEFT JOIN vault_subject s ON s.visible AND s.id = %(subject)s
"""


def select(
    columns: Columns,
    *,
    condition: Sql,
    order: Sql = NOTHING,
    limit: int | None = None,
    mark: Sql = NULL,
    before: Sql = NOTHING,
) -> list[Raw]:
    """Run one governed query. ``mark`` is the sort key as text for the cursor, ``before`` a WITH clause. The rows are
    chosen first: what they hold, and their outcomes, are worked out for those alone."""
    found = statement(columns, condition=condition, order=order, limit=limit, mark=mark, before=before)
    return [_raw(columns, row) for row in prepared(found.text, found.params)]


def statement(
    columns: Columns,
    *,
    condition: Sql,
    order: Sql = NOTHING,
    limit: int | None = None,
    mark: Sql = NULL,
    before: Sql = NOTHING,
) -> Sql:
    """The SQL of `select`. The limit is written out: PostgreSQL keeps no plan for a limit that it does not know."""
    chosen = "".join(f", ({one.text})" for one in columns.asked)
    first = (*before.params, *mark.params, *(value for one in columns.asked for value in one.params))
    last = f"ORDER BY {order.text}" if order.text else ""
    end = f"{last} LIMIT {limit:d}" if limit is not None else last
    where = f"FROM vault_subject s WHERE {condition.text} {end}"
    if not columns.held.text:
        text = f"{before.text} SELECT {_OPEN_COLUMNS}, {mark.text}, NULL, NULL{chosen} {where}"
        return Sql(text, (*first, *condition.params, *order.params))
    inner = f"SELECT s.*, {columns.held.text} {where} OFFSET 0"
    outer = f"{_OPEN_COLUMNS}, {mark.text}, {regime.RELATIONS}, {regime.CONSENTS}{chosen}"
    text = f"{before.text} SELECT {outer} FROM ({inner}) AS s {last}"
    return Sql(text, (*first, *columns.held.params, *condition.params, *order.params, *order.params))


def _raw(columns: Columns, row: Sequence[Any]) -> Raw:
    judged = row[13:]
    standing = None
    if columns.actor is not None:
        standing = regime.standing_of(columns.actor, row[11], row[12], asked=columns.consents)

    def outcome(found: Outcome | int) -> str:
        return found.value if isinstance(found, Outcome) else str(judged[found])

    facets = json.loads(row[6]) if isinstance(row[6], str) else row[6]
    return Raw(
        id=row[0],
        number=row[1],
        kind=row[2],
        state=row[3],
        age_status=row[4],
        unproven=row[5],
        facets=facets,
        contact_at=row[7],
        created_at=row[8],
        audit_id=row[9],
        mark=row[10],
        read={key: outcome(found) for key, found in columns.read.items()},
        contact={key: outcome(found) for key, found in columns.contact.items()},
        standing=standing,
    )


def standings(asking: Asking, rows: Sequence[Raw]) -> Mapping[uuid.UUID, Standing]:
    """What the caller holds to these people, and their consents: as the rows brought it, else asked for."""
    brought = {row.id: row.standing for row in rows if row.standing is not None}
    if len(brought) == len(rows):
        return brought
    return regime.subject_facts(asking.caller, [row.id for row in rows], actor=asking.actor) if rows else {}


def note_opened(
    asking: Asking,
    event: Event,
    rows: Sequence[Raw],
    *,
    relations: Iterable[str],
    plan: BulkPlan | None = None,
    rule_ids: tuple[str, ...] = (),
    opens: int = 0,
    ref: str = "",
) -> Noted:
    """Commit the evidence line of an answer, before any of its keys is fetched."""
    return evidence.note_now(
        asking.caller,
        Entry(
            event=event,
            decision="allow",
            action=(plan.action if plan else Action.READ).value,
            rule_ids=plan.rule_ids if plan else rule_ids,
            rulebook=asking.bundle.sha256,
            audit_item="A06",
            relation=widest(relations),  # type: ignore[arg-type]
            flags=flags.before(asking, event, rows),
            audit_ids=tuple(row.audit_id for row in rows if row.audit_id),
            count=len(rows),
            opens=opens,
            ref=ref,
        ),
    )


@dataclass(frozen=True, slots=True)
class Displayed:
    """What opened: subject -> display values; ``closed`` subjects could not be opened just now."""

    values: Mapping[uuid.UUID, Mapping[str, Any]]
    closed: frozenset[uuid.UUID] = frozenset()


def cell(
    asking: Asking,
    attribute: AttributeDef,
    *,
    read: str,
    contact: str = "deny",
    facets: Mapping[str, Any],
    display: Mapping[str, Any] | None,
    denial: AttributeDecision | None = None,
) -> Cell:
    """One value as an outcome lets it be shown. ``display`` None: it could not be opened just now."""
    key = attribute.key
    if read == Outcome.DENY.value:
        return Cell(
            attribute=key,
            shown=Shown.DENIED,
            rule=denial.rule_ids[0] if denial and denial.rule_ids else "",
            article=denial.article if denial else "",
            reason=denial.reason.value if denial else "",
            missing=denial.missing if denial else (),
        )
    facet = attribute.storage == "facet"
    if not facet and display is None:
        return Cell(attribute=key, shown=Shown.UNAVAILABLE)
    mark, text = (FULL, facets.get(key)) if facet else (display or {}).get(key) or (MASKED, None)
    if text is None or text == "":
        return Cell(attribute=key, shown=Shown.EMPTY)
    # What was sealed in full and is masked by today's catalogue is masked here; the other way round waits for a re-seal.
    text, full = str(text), mark == FULL
    display_full = facet or attribute.display == "full"
    allowed = read == Outcome.ALLOW.value
    uses = contact == Outcome.ALLOW.value
    if full and display_full and allowed:
        return Cell(attribute=key, shown=Shown.FULL, text=_worded(attribute, text), contact=uses)
    if full:
        masked = _worded(attribute, mask_for(attribute, text))
    else:
        masked = text if masks.current(asking.attributes, attribute, display or {}) else masks.HIDDEN
    return Cell(attribute=key, shown=Shown.MASKED, text=masked, reveal=allowed and not facet, contact=uses)


def _worded(attribute: AttributeDef, text: str) -> str:
    """A choice is shown by its label; its code stays inside."""
    return in_words(attribute.choices[text]) if text in attribute.choices else text


def finished(
    asking: Asking,
    rows: Sequence[Raw],
    *,
    plan: BulkPlan,
    columns: Sequence[str],
    displayed: Displayed,
    held: Mapping[uuid.UUID, Standing],
) -> tuple[Row, ...]:
    """Rows with their cells."""
    return tuple(_row(asking, row, plan, columns, displayed, held[row.id]) for row in rows)


def _row(asking: Asking, raw: Raw, plan: BulkPlan, columns: Sequence[str], displayed: Displayed, held: Standing) -> Row:
    display = None if raw.id in displayed.closed else displayed.values.get(raw.id, {})
    return Row(
        id=raw.id,
        number=shown_number(raw.number),
        kind=raw.kind,
        state=raw.state,
        age_status=raw.age_status,
        unproven=raw.unproven,
        relation=relation_of(held.grants),
        cells={
            key: cell(
                asking,
                asking.attributes[key],
                read=raw.read[key],
                contact=raw.contact.get(key, "deny"),
                facets=raw.facets,
                display=display,
                denial=plan.denials.get(key),
            )
            for key in columns
        },
        contact_at=raw.contact_at,
        created_at=raw.created_at,
    )
