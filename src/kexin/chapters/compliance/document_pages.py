"""Face: the formal document of a version as a download. `pages` takes these addresses into its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from kexin.chapters.compliance.queries import documents
from kexin.foundation.ui.place import place


@require_GET
@place("governance", "audit", "legal", "rights", "quality")
def document(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """The file, for whoever may read the rulebook."""
    made = documents.document(request.caller, number=number, kind=kind)  # type: ignore[attr-defined]
    answer = HttpResponse(made.content, content_type=made.content_type)
    answer["Content-Disposition"] = content_disposition_header(True, made.name) or "attachment"
    return answer


urlpatterns = [
    path("rulebook/versions/<int:number>/document.docx", document, {"kind": "docx"}, name="document-docx"),
    path("rulebook/versions/<int:number>/document.pdf", document, {"kind": "pdf"}, name="document-pdf"),
]
