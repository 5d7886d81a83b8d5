"""Face: deletion, from the question to the certificate, and the consent strip of a customer's card."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from kexin.chapters.privacy import operations, queries, types
from kexin.foundation.ui.place import place

app_name = "privacy"

#: Deleting answers a person's right; it is asked for under that purpose or under the duty to delete.
RIGHTS = ("rights", "legal", "quality")
WORK = ("presale", "service", "contract_b2b", *RIGHTS, "audit")


@require_GET
@place(*RIGHTS)
def erasures(request: HttpRequest) -> HttpResponse:
    """The newest deletion requests with their clocks."""
    return render(request, "privacy/erasures.html", {"requests": queries.requests(request.caller)})  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@place(*RIGHTS)
def new_erasure(request: HttpRequest, customer: uuid.UUID) -> HttpResponse:
    """Say what will be deleted and that it cannot be undone; then do it."""
    if request.method == "POST":
        ground, door = request.POST.get("ground", ""), request.POST.get("door", "")
        started = operations.erase(request.caller, subject=customer, ground=ground, door=door)  # type: ignore[attr-defined]
        return redirect("privacy:erasure", erasure=started.id)
    words = {"grounds": types.GROUND_WORDS.items(), "doors": types.DOOR_WORDS.items()}
    prospect = queries.prospect(request.caller, subject=customer)  # type: ignore[attr-defined]
    return render(request, "privacy/new_erasure.html", {"prospect": prospect, "customer": customer, **words})


@require_GET
@place(*RIGHTS)
def erasure(request: HttpRequest, erasure: uuid.UUID) -> HttpResponse:
    """One deletion, place by place; the part asks for itself again until the last place is proved."""
    view = queries.request(request.caller, request=erasure)  # type: ignore[attr-defined]
    part = bool(request.headers.get("HX-Request"))
    context = {"view": view, "ground": types.GROUND_WORDS[view.ground], "door": types.DOOR_WORDS[view.door]}
    return render(request, "privacy/erasure_places.html" if part else "privacy/erasure.html", context)


@require_GET
@place(*RIGHTS)
def certificate(request: HttpRequest, erasure: uuid.UUID) -> HttpResponse:
    """The signed certificate as a file; `kexin-verify` checks it anywhere."""
    document = queries.certificate(request.caller, request=erasure)  # type: ignore[attr-defined]
    response = HttpResponse(document, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="erasure-{erasure}.json"'
    return response


@require_GET
@place(*WORK)
def erasure_slot(request: HttpRequest, customer: uuid.UUID) -> HttpResponse:
    """On a customer's card: the way to delete, or to the deletion that runs or is done."""
    slot = queries.request_of(request.caller, subject=customer)  # type: ignore[attr-defined]
    return render(request, "privacy/erasure_slot.html", {"slot": slot, "customer": customer})


@require_GET
@place(*WORK)
def consents(request: HttpRequest, customer: uuid.UUID) -> HttpResponse:
    """The consent strip: purpose by purpose, with the receipt behind each."""
    return render(request, "privacy/consents.html", {"cells": queries.strip(request.caller, subject=customer)})  # type: ignore[attr-defined]


urlpatterns = [
    path("erasures", erasures, name="erasures"),
    path("erasures/<uuid:erasure>", erasure, name="erasure"),
    path("erasures/<uuid:erasure>/certificate", certificate, name="certificate"),
    path("customers/<uuid:customer>/erasures/new", new_erasure, name="new-erasure"),
    path("customers/<uuid:customer>/erasure-slot", erasure_slot, name="erasure-slot"),
    path("customers/<uuid:customer>/consents", consents, name="consents"),
]
