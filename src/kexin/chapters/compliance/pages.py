"""Face: the rulebook (制度) as a book, its history, differences, exact bytes, and 数据利用. A view makes one call."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kexin.chapters.compliance import document_pages, draft_pages, impact_pages, operations, queries
from kexin.foundation.ui.place import place

app_name = "compliance"

#: Purposes of whoever keeps the regime; the book in force has no place of its own: everybody reads it.
GOVERNING = ("governance", "audit", "legal", "rights", "quality")


@require_GET
def rulebook(request: HttpRequest) -> HttpResponse:
    """The rulebook in force as a book, for everybody who works here."""
    return render(request, "compliance/book.html", {"book": queries.book(request.caller)})  # type: ignore[attr-defined]


@require_GET
@place(*GOVERNING)
def versions(request: HttpRequest) -> HttpResponse:
    """Every version and open draft."""
    return render(request, "compliance/history.html", {"history": queries.history(request.caller)})  # type: ignore[attr-defined]


@require_GET
@place(*GOVERNING)
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version as a book."""
    found = queries.book(request.caller, number=number)  # type: ignore[attr-defined]
    return render(request, "compliance/book.html", {"book": found, "versioned": True})


@require_GET
@place(*GOVERNING)
def source(request: HttpRequest, number: int) -> HttpResponse:
    """The exact bytes of a version, as they were signed."""
    return yaml_file(queries.source(request.caller, number=number), f"rulebook-v{number}.yaml")  # type: ignore[attr-defined]


def yaml_file(data: bytes, name: str) -> HttpResponse:
    """A rulebook as a download."""
    answer = HttpResponse(data, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


@require_GET
@place(*GOVERNING)
def comparison(request: HttpRequest) -> HttpResponse:
    """What differs between two versions."""
    old, new = (_number(request.GET.get(name, "")) for name in ("old", "new"))
    found = queries.comparison(request.caller, old=old, new=new)  # type: ignore[attr-defined]
    return render(request, "compliance/comparison.html", {"found": found})


def _number(text: str) -> int:
    """A version's number from an address; 0 (which no version has) for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


@require_GET
@place(*GOVERNING)
def data_use(request: HttpRequest) -> HttpResponse:
    """How much of the catalogue is really used."""
    page = queries.data_use(request.caller)  # type: ignore[attr-defined]
    return render(request, "compliance/data_use.html", {"page": page})


@require_POST
@place(*GOVERNING)
def measures(request: HttpRequest) -> HttpResponse:
    """Measure again, in the background."""
    operations.measure(request.caller)  # type: ignore[attr-defined]
    return redirect("compliance:data-use")


@require_POST
@place(*GOVERNING)
def drafts(request: HttpRequest) -> HttpResponse:
    """Begin a draft from the version in force."""
    return _begun(request, None)


@require_POST
@place(*GOVERNING)
def drafts_from(request: HttpRequest, number: int) -> HttpResponse:
    """Begin a draft from another version."""
    return _begun(request, number)


def _begun(request: HttpRequest, number: int | None) -> HttpResponse:
    begun = operations.begin(request.caller, number=number)  # type: ignore[attr-defined]
    draft_pages.say(request, _("草案已新建，每次保存只改这一处。"))
    return redirect("compliance:draft", draft=begun.id)


urlpatterns = [
    path("rulebook", rulebook, name="rulebook"),
    path("rulebook/versions", versions, name="versions"),
    path("rulebook/versions/<int:number>", version, name="version"),
    path("rulebook/versions/<int:number>/source.yaml", source, name="source"),
    path("rulebook/versions/<int:number>/drafts", drafts_from, name="drafts-from"),
    path("rulebook/comparison", comparison, name="comparison"),
    path("rulebook/data-use", data_use, name="data-use"),
    path("rulebook/data-use/measures", measures, name="measures"),
    path("rulebook/drafts", drafts, name="drafts"),
    *document_pages.urlpatterns,
    *draft_pages.urlpatterns,
    *impact_pages.urlpatterns,
]
