"""Face: the impact preview: counted, drawn, signed on the same page. `pages` takes these addresses into its own."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kexin.chapters.compliance import operations, queries
from kexin.chapters.compliance.draft_pages import GOVERNING, say, steps
from kexin.foundation.ui.place import place


@require_POST
@place(*GOVERNING)
def impacts(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Have a draft's effect counted; the answer shows its progress."""
    again = request.POST.get("again") == "1"
    view = operations.assess(request.caller, draft=draft, again=again)  # type: ignore[attr-defined]
    return redirect("compliance:impact", impact=view.id)


@require_POST
@place(*GOVERNING)
def impacts_of(request: HttpRequest, number: int) -> HttpResponse:
    """The same for a version that waits for its signature."""
    again = request.POST.get("again") == "1"
    view = operations.assess_version(request.caller, number=number, again=again)  # type: ignore[attr-defined]
    return redirect("compliance:impact", impact=view.id)


@require_GET
@place(*GOVERNING)
def impact(request: HttpRequest, impact: uuid.UUID) -> HttpResponse:
    """One counting, drawn, with who must sign."""
    page = queries.impact_page(
        request.caller,  # type: ignore[attr-defined]
        impact=impact,
        cell=request.GET.get("cell", "")[:200],
        everything=request.GET.get("show") == "all",
        signed_in_at=request.signed_in_at,  # type: ignore[attr-defined]
    )
    at = 4 if page.version else 3
    return render(request, "compliance/impact.html", {"page": page, "steps": steps(), "at": at, "all": request.GET.get("show") == "all"})


@require_GET
@place(*GOVERNING)
def progress(request: HttpRequest, impact: uuid.UUID) -> HttpResponse:
    """The bar alone, asked for every second; when the counting is over the page is asked for again."""
    view = queries.impact_progress(request.caller, impact=impact)  # type: ignore[attr-defined]
    answer = render(request, "compliance/impact_progress.html", {"view": view})
    if not view.busy:
        answer["HX-Refresh"] = "true"
    return answer


@require_GET
@place(*GOVERNING)
def table(request: HttpRequest, impact: uuid.UUID) -> HttpResponse:
    """Every changed cell as a file."""
    data = queries.impact_table(request.caller, impact=impact)  # type: ignore[attr-defined]
    answer = HttpResponse(data, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, "rulebook-impact.csv") or "attachment"
    return answer


@require_POST
@place(*GOVERNING)
def signatures(request: HttpRequest, impact: uuid.UUID) -> HttpResponse:
    """Sign what this page shows."""
    published = operations.sign(
        request.caller,  # type: ignore[attr-defined]
        impact=impact,
        digest=request.POST.get("digest", "")[:64],
        signed_in_at=request.signed_in_at,  # type: ignore[attr-defined]
    )
    if published.effective_at is None:
        say(request, _("制度 v%(number)s 已签署，另一位签署后生效。") % {"number": published.number})
    else:
        say(request, _("制度 v%(number)s 已签署。") % {"number": published.number})
    return redirect("compliance:versions")


urlpatterns = [
    path("rulebook/drafts/<uuid:draft>/impacts", impacts, name="impacts"),
    path("rulebook/versions/<int:number>/impacts", impacts_of, name="impacts-of"),
    path("rulebook/impacts/<uuid:impact>", impact, name="impact"),
    path("rulebook/impacts/<uuid:impact>/progress", progress, name="impact-progress"),
    path("rulebook/impacts/<uuid:impact>/table.csv", table, name="impact-table"),
    path("rulebook/impacts/<uuid:impact>/signatures", signatures, name="signatures"),
]
