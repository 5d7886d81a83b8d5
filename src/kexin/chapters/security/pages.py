"""Face: the page 操作存证, its lines, the verification and the downloads. A view makes one call."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from kexin.chapters.security import labels, operations, queries
from kexin.chapters.security.types import Asked
from kexin.foundation.ui.place import place

app_name = "security"

GOVERNING = ("audit", "governance", "rights", "legal", "security")
WHEN = {"today": _("今天"), "week": _("近 7 天"), "month": _("近 30 天"), "all": _("全部")}


def _asked(request: HttpRequest) -> Asked:
    given = request.GET
    before = given.get("before", "")
    return Asked(
        when=given.get("when", "today") if given.get("when", "today") in WHEN else "today",
        event=given.get("event", ""),
        decision=given.get("decision", ""),
        department=given.get("department", ""),
        before=int(before) if before.isdecimal() and len(before) < 16 else None,
    )


@require_GET
@place(*GOVERNING)
def evidence(request: HttpRequest) -> HttpResponse:
    """Verdict, keepers, lines."""
    asked = _asked(request)
    desk = queries.desk(request.caller, asked)  # type: ignore[attr-defined]
    kept = request.GET.copy()
    kept.pop("before", None)
    decisions = {key: words for key, (words, _tone) in labels.DECISIONS.items()}
    context = {
        "desk": desk, "asked": asked, "when": WHEN, "events": labels.EVENTS, "decisions": decisions,
        "states": labels.STATES, "query": kept.urlencode(), **_told(desk.verdict),
    }  # fmt: skip
    return render(request, "security/evidence.html", context)


def _told(verdict: object) -> dict[str, object]:
    damage = getattr(verdict, "damage", None)
    line = damage.seq + 1 if damage and damage.seq is not None else None
    return {"verdict": verdict, "damage": labels.DAMAGES.get(damage.kind, damage.kind) if damage else "", "damage_line": line}


@require_GET
@place(*GOVERNING)
def line(request: HttpRequest, seq: int) -> HttpResponse:
    """One line opened, inside the table or as a page of its own."""
    detail = queries.line(request.caller, seq=seq)  # type: ignore[attr-defined]
    template = "security/line.html" if request.headers.get("HX-Request") else "security/line_page.html"
    return render(request, template, {"detail": detail})


@require_GET
@place(*GOVERNING)
def proof(request: HttpRequest, seq: int) -> HttpResponse:
    """The proof of one line as a file."""
    found = queries.proof(request.caller, seq=seq)  # type: ignore[attr-defined]
    answer = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="kexin-line-{seq + 1}.json"'
    return answer


@require_GET
@place(*GOVERNING)
def trust(request: HttpRequest) -> HttpResponse:
    """The public trust file."""
    answer = JsonResponse(queries.trust(request.caller), json_dumps_params={"indent": 1})  # type: ignore[attr-defined]
    answer["Content-Disposition"] = 'attachment; filename="trust.json"'
    return answer


@require_POST
@place(*GOVERNING)
def verifications(request: HttpRequest) -> HttpResponse:
    """Start a verification; the answer shows its progress."""
    begun = operations.verify(request.caller)  # type: ignore[attr-defined]
    if not request.headers.get("HX-Request"):
        return redirect("security:evidence")
    return render(request, "security/verdict.html", _told(begun))


@require_GET
@place(*GOVERNING)
def verification(request: HttpRequest, verification: uuid.UUID) -> HttpResponse:
    """Progress of one run."""
    found = queries.verification(request.caller, verification=verification)  # type: ignore[attr-defined]
    return render(request, "security/verdict.html", _told(found))


@require_POST
@place(*GOVERNING)
def packs(request: HttpRequest) -> HttpResponseBase:
    """Make and download the pack."""
    made = operations.pack(request.caller)  # type: ignore[attr-defined]
    return FileResponse(made.open("rb"), as_attachment=True, filename=made.name, content_type="application/zip")


urlpatterns = [
    path("evidence", evidence, name="evidence"),
    path("evidence/lines/<int:seq>", line, name="line"),
    path("evidence/lines/<int:seq>/proof", proof, name="proof"),
    path("evidence/trust", trust, name="trust"),
    path("evidence/verifications", verifications, name="verifications"),
    path("evidence/verifications/<uuid:verification>", verification, name="verification"),
    path("evidence/packs", packs, name="packs"),
]
