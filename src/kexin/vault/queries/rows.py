"""Governed rows: the open half from SQL with its outcomes, the display half opened in bulk, together as cells."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Noted
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
from kexin.vault import flags, masks
from kexin.vault.queries.asking import Asking, in_words, relation_of, widest
from kexin.vault.records import FULL, MASKED
from kexin.vault.types import shown_number
from kexin.vault.types_views import Cell, Row, Shown

NOTHING = Sql("")
#: Types whose values can be used without being seen: a call, a message, a waybill.
CONTACT_TYPES = frozenset({"cn_mobile", "landline", "email", "wechat_id", "cn_address"})

_OPEN_COLUMNS = (
    "s.id, s.number, s.kind, s.state, s.age_status, s.unproven, s.facets, s.contact_at, s.created_at, s.audit_id"
)


@dataclass(frozen=True, slots=True)
class Raw:
    """One governed row before anything is opened."""

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
            consents=standing.consents,
            contact_at=self.contact_at,
            created_at=self.created_at,
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """The outcome of each asked attribute as SQL: equal questions are asked once per row. ``held``: the join that
    brings each row's relations and consents (the outcomes look into it), for the asker ``actor``."""

    read: Mapping[str, Outcome | int]
    contact: Mapping[str, Outcome | int]
    sql: tuple[str, ...]
    params: tuple[Any, ...]
    held: Sql = NOTHING
    actor: Actor | None = None


def columns_of(asking: Asking, plan: BulkPlan, columns: Sequence[str]) -> Columns:
    """What to select beside the open columns, so that each row brings its own outcomes for read and contact."""
    texts: dict[str, int] = {}
    pieces: list[Sql] = []

    def place(piece: Sql) -> int:
        key = repr((piece.text, piece.params))
        if key not in texts:
            texts[key] = len(pieces)
            pieces.append(piece)
        return texts[key]

    def outcomes(found: BulkPlan, keys: Iterable[str], guard: bool) -> dict[str, Outcome | int]:
        answer: dict[str, Outcome | int] = {}
        for key in keys:
            outcome = Outcome.DENY if plan.empty or found.empty else found.beside.get(key, Outcome.DENY)
            if isinstance(outcome, Outcome) and (outcome is Outcome.DENY or not guard):
                answer[key] = outcome
                continue
            piece = outcome if isinstance(outcome, Sql) else Sql("%s::text", (outcome.value,))
            if guard:
                text = f"CASE WHEN ({found.living.text}) THEN ({piece.text}) ELSE 'deny' END"
                piece = Sql(text, (*found.living.params, *piece.params))
            answer[key] = place(piece)
        return answer

    usable = [key for key in columns if asking.attributes[key].type in CONTACT_TYPES]
    read = outcomes(plan, columns, guard=False)
    contact = outcomes(asking.plan(Action.CONTACT, usable), usable, guard=True) if usable else {}
    params = tuple(value for piece in pieces for value in piece.params)
    texts_of = tuple(piece.text for piece in pieces)
    return Columns(read, contact, texts_of, params, Sql("") if plan.empty else plan.held, asking.actor)


def select(
    columns: Columns,
    *,
    condition: str,
    params: Sequence[Any],
    mark: str = "NULL",
    tail: str = "",
    before: str = "",
    again: Sequence[Any] = (),
) -> list[Raw]:
    """Run one governed query. ``mark`` is the sort key as text for the cursor, ``tail`` order and limit (its parameters
    are the last of ``params``), ``before`` a WITH clause (its parameters are the first), ``again`` the parameters of
    the order once more. The rows are chosen first: what they hold, and their outcomes, are worked out for those alone."""
    text = statement(columns, condition=condition, mark=mark, tail=tail, before=before)
    rest = (*columns.held.params, *again) if columns.held.text else ()
    return [_raw(columns, row) for row in prepared(text, (*params, *rest))]


def statement(columns: Columns, *, condition: str, mark: str, tail: str, before: str = "") -> str:
    """The SQL of `select`."""
    chosen = "".join(f", ({text})" for text in columns.sql)
    if not columns.held.text:
        return f"{before} SELECT {_OPEN_COLUMNS}, {mark}, NULL, NULL{chosen} FROM vault_subject s {condition} {tail}"
    order = tail.rpartition("LIMIT ")[0]
    inner = f"SELECT s.* FROM vault_subject s {condition} {tail}"
    outer = f"{_OPEN_COLUMNS}, {mark}, {regime.RELATIONS}, {regime.CONSENTS}{chosen}"
    return f"{before} SELECT {outer} FROM ({inner}) AS s{columns.held.text} {order}"


def _raw(columns: Columns, row: tuple[Any, ...]) -> Raw:
    judged = row[13:]
    standing = regime.standing_of(columns.actor, row[11], row[12]) if columns.actor and columns.held.text else None

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
