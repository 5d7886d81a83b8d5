"""Face: deletion by API."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import ConfigDict, StringConstraints

from kexin.chapters.privacy import operations, queries, types

router = Router(tags=["privacy"])


class ErasureIn(Schema):
    """Why the person is deleted: one of the cases of PIPL 47."""

    model_config = ConfigDict(extra="forbid")
    ground: Annotated[str, StringConstraints(max_length=24)] = types.Ground.REQUEST.value


class PlaceOut(Schema):
    """One place of deletion: how much was removed, and what a second reading still found."""

    key: str
    removed: int
    remaining: int
    done_at: datetime | None


class ErasureOut(Schema):
    """A deletion and how far it is."""

    id: uuid.UUID
    code: str
    state: str
    answer_by: datetime
    keys_burned_at: datetime | None
    done_at: datetime | None
    places: list[PlaceOut]


def _out(view: types.RequestView) -> ErasureOut:
    erasure = view.erasure
    return ErasureOut(
        id=view.id,
        code=view.code,
        state=erasure.state if erasure else "erasing",
        answer_by=view.answer_by,
        keys_burned_at=erasure.keys_burned_at if erasure else None,
        done_at=erasure.done_at if erasure else None,
        places=[
            PlaceOut(key=step.key, removed=step.removed, remaining=step.remaining, done_at=step.done_at)
            for step in (erasure.steps if erasure else ())
        ],
    )


@router.post("/customers/{uuid:customer}/erasures", response={202: ErasureOut}, summary="删除客户")
def erase(request: HttpRequest, response: HttpResponse, customer: uuid.UUID, body: ErasureIn) -> Status:
    """Start a deletion; ask again at ``Location`` for its state."""
    view = operations.erase(request.caller, subject=customer, ground=body.ground, door=types.Door.API.value)  # type: ignore[attr-defined]
    response["Location"] = f"/api/v1/erasures/{view.id}"
    return Status(202, _out(view))


@router.get("/erasures/{uuid:erasure}", response=ErasureOut, summary="删除进度")
def read_erasure(request: HttpRequest, erasure: uuid.UUID) -> ErasureOut:
    """How far a deletion is, place by place."""
    return _out(queries.request(request.caller, request=erasure))  # type: ignore[attr-defined]


@router.get("/erasures/{uuid:erasure}/certificate", summary="删除证明")
def read_certificate(request: HttpRequest, erasure: uuid.UUID) -> HttpResponse:
    """The signed certificate; it verifies offline with `kexin-verify`."""
    document = queries.certificate(request.caller, request=erasure)  # type: ignore[attr-defined]
    return HttpResponse(document, content_type="application/json")
