"""Face: customers as typed JSON. Each endpoint makes one call; a purpose is selected by header, never by the body."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Header, Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from kexin.chapters.crm import operations
from kexin.foundation.ui.request import ConsoleRequest
from kexin.vault import operations as vault
from kexin.vault import queries
from kexin.vault.types import SourceActRef, SubjectErased

router = Router(tags=["customers"])

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Value = Annotated[str, StringConstraints(max_length=4000)]


class Strict(Schema):
    """Unknown members are refused: a misspelt field must not be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class SourceIn(Strict):
    """Where the values came from. ``basis`` may be ``unproven`` (来源或凭证不明)."""

    source: Key
    basis: Key
    label: Annotated[str, StringConstraints(max_length=120)] = ""
    notice: Annotated[str, StringConstraints(max_length=64)] = ""


class CustomerIn(Strict):
    """A new customer: catalogue keys and their values as text."""

    kind: Annotated[str, StringConstraints(pattern="^(person|organisation)$")] = "person"
    values: dict[Key, Value] = Field(max_length=100)
    source: SourceIn


class CustomerOpened(Schema):
    """The new customer's id and number, and customers that share an exact value (never merged by themselves)."""

    id: uuid.UUID
    number: str
    duplicates: list[uuid.UUID] = []


class CellOut(Schema):
    """One item as this caller may see it."""

    shown: str
    text: str
    reveal: bool
    rule: str = ""
    article: str = ""
    missing: list[str] = []


class CustomerOut(Schema):
    """A customer, masked."""

    id: uuid.UUID
    number: str
    kind: str
    state: str
    age_status: str
    relation: str
    fields: dict[str, CellOut]


class PageOut(Schema):
    """At most 50 customers and the mark of the next page, bound to this caller and this question."""

    items: list[CustomerOut]
    next_cursor: str | None
    hints: list[str] = []


class SearchIn(Strict):
    """What to look for travels in the body: a URL is logged, kept and shared."""

    term: Annotated[str, StringConstraints(max_length=200)]
    fields: list[Key] = Field(default=[], max_length=40)
    cursor: Annotated[str, StringConstraints(max_length=4000)] | None = None


class SourceOut(Schema):
    """One act of collection."""

    model_config = ConfigDict(extra="allow")


class WhyOut(Schema):
    """The seven lines behind one value, as `crm` shows them on the screen."""

    model_config = ConfigDict(extra="allow")
    subject_id: uuid.UUID
    attribute: str
    label: str
    grade: int
    basis: str
    article: str
    notice: str
    sources: list[SourceOut]
    seen_people: int
    seen_times: int
    kept_until: datetime | None
    kept_because: str
    rulebook: str


class RevealIn(Strict):
    """Which value, and why."""

    attribute: Key
    reason: Annotated[str, StringConstraints(max_length=200)]
    ticket: Annotated[str, StringConstraints(max_length=64)] | None = None


class RevealOut(Schema):
    """One value in the clear. Forget it at ``until``."""

    id: uuid.UUID
    attribute: str
    value: str
    until: datetime
    used: int
    quota: int


def _customer(row: Any, only: list[str]) -> dict[str, Any]:
    """A card or a row of a list as `CustomerOut` describes it, member by member in its order."""
    cells = row.cells.items()
    return {
        "id": str(row.id),
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "age_status": row.age_status,
        "relation": row.relation,
        "fields": {key: _cell(cell) for key, cell in cells if not only or key in only},
    }


def _cell(cell: Any) -> dict[str, Any]:
    return {
        "shown": cell.shown.value,
        "text": cell.text,
        "reveal": cell.reveal,
        "rule": cell.rule,
        "article": cell.article,
        "missing": list(cell.missing),
    }


def _answer(document: dict[str, Any]) -> HttpResponse:
    """A document that has the shape its endpoint declares (a test compares them): validating our own values again, one
    model for each cell, cost more than the decision about them."""
    return HttpResponse(json.dumps(document), content_type="application/json; charset=utf-8")


@router.post("/customers", response={201: CustomerOpened, 200: CustomerOpened}, summary="新建客户")
def create_customer(
    request: ConsoleRequest,
    response: HttpResponse,
    body: CustomerIn,
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", max_length=128)],
) -> Any:
    """Bring in one customer. A retry with the same key and body answers 200 with the same customer."""
    caller = request.caller
    source = SourceActRef(**body.source.model_dump(), purpose=caller.purpose)
    opened = operations.open_customer(
        caller, values=body.values, source=source, kind=body.kind, key=idempotency_key, body=request.body
    )
    response["Location"] = f"/api/v1/customers/{opened.id}"
    return Status(200 if opened.repeated else 201, opened)


@router.get("/customers/{uuid:customer}", response=CustomerOut, summary="读取客户（脱敏）")
def read_customer(
    request: ConsoleRequest,
    customer: uuid.UUID,
    fields: Annotated[str, Query(max_length=2000, pattern=r"^[a-z0-9_,]*$")] = "",
) -> Any:
    """One customer as the caller may see it; ``fields`` is a list of catalogue keys with commas between."""
    only = [key for key in fields.split(",") if key]
    card = queries.card(request.caller, subject=customer, columns=only or None, history=False)
    if card.gone:
        raise SubjectErased(card.number)
    return _answer(_customer(card, only))


@router.post("/customer-searches", response=PageOut, summary="查找客户")
def search_customers(request: ConsoleRequest, body: SearchIn) -> Any:
    """Find customers by phone, surname and last four, part of a name, pinyin or initials, e-mail or number."""
    page = queries.match(request.caller, term=body.term, columns=body.fields, cursor=body.cursor)
    return _answer(
        {
            "items": [_customer(row, body.fields) for row in page.rows],
            "next_cursor": page.next_cursor,
            "hints": [str(hint) for hint in page.hints],
        }
    )


@router.post("/customers/{uuid:customer}/reveals", response={201: RevealOut}, summary="查看完整信息")
def reveal(request: ConsoleRequest, customer: uuid.UUID, body: RevealIn) -> Any:
    """Open one value with a reason; the evidence line is committed first and the daily quota counts."""
    revealed = vault.reveal(
        request.caller,
        subject=customer,
        attribute=body.attribute,
        reason=body.reason,
        ticket=body.ticket,
    )
    return Status(201, revealed)


@router.get("/customers/{uuid:customer}/why", summary="为什么有这条信息")
def why(request: ConsoleRequest, customer: uuid.UUID, attribute: Annotated[Key, Query()]) -> dict[str, Any]:
    """Where a value came from, what for, on which basis, who saw it, who was given it, when it dies."""
    return asdict(queries.why(request.caller, subject=customer, attribute=attribute))
