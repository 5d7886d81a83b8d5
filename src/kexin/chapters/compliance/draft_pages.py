"""Face: a draft at work: its sections, the form of one entry, both sides of a conflict. `pages` takes these addresses."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kexin.chapters.compliance import operations, queries
from kexin.chapters.compliance.fields.reading import Raw
from kexin.chapters.compliance.operations.drafting import CodeMissing
from kexin.foundation.ui.place import place
from kexin.foundation.ui.words import listed
from kexin.regime.operations.drafting import EntryChanged, EntryThere
from kexin.regime.queries import RulebookInvalid

GOVERNING = ("governance", "audit", "legal", "rights", "quality")
STATUS_INVALID, STATUS_CONFLICT = 422, 409
#: Inputs of the form itself, beside the entry's own.
_OWN = frozenset({"csrfmiddlewaretoken", "seen", "code"})


def say(request: HttpRequest, sentence: str) -> None:
    """One sentence on the page that follows."""
    messages.info(request, sentence)


def steps() -> list[str]:
    """The way of a draft."""
    return [_("起草"), _("检查"), _("影响预览"), _("签署"), _("生效")]


@require_GET
@place(*GOVERNING)
def draft(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """A draft with one of its sections open."""
    page = queries.draft_page(request.caller, draft=draft, section=request.GET.get("section", ""))  # type: ignore[attr-defined]
    context = {"page": page, "steps": steps(), "at": 2 if page.errors else 3 if not page.view.unchanged else 1}
    return render(request, "compliance/draft.html", context)


@require_GET
@place(*GOVERNING)
def draft_source(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """The text of a draft as it stands."""
    data = queries.draft_source(request.caller, draft=draft)  # type: ignore[attr-defined]
    answer = HttpResponse(data, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, "rulebook-draft.yaml") or "attachment"
    return answer


@require_POST
@place(*GOVERNING)
def end(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Give a draft up."""
    operations.discard(request.caller, draft=draft)  # type: ignore[attr-defined]
    say(request, _("草案已放弃，现行制度没有变化。"))
    return redirect("compliance:versions")


@require_POST
@place(*GOVERNING)
def base(request: HttpRequest, draft: uuid.UUID) -> HttpResponse:
    """Carry a draft over to the version in force."""
    _view, both = operations.follow(request.caller, draft=draft)  # type: ignore[attr-defined]
    if both:
        say(request, _("已搬到现行版本。这几处两边都改过，保留了草案的写法，请核对：%(places)s") % {"places": listed(both)})
    else:
        say(request, _("已搬到现行版本，您的改动都在。"))
    return redirect("compliance:draft", draft=draft)


@require_http_methods(["GET", "POST"])
@place(*GOVERNING)
def entry(request: HttpRequest, draft: uuid.UUID, section: str, key: str = "") -> HttpResponse:
    """One entry's form; saved, it answers with the draft."""
    if request.method == "POST":
        return _saved(request, draft, section, key=key)
    page = queries.entry_page(request.caller, draft=draft, section=section, key=key)  # type: ignore[attr-defined]
    return render(request, "compliance/entry.html", {"page": page})


@require_http_methods(["GET", "POST"])
@place(*GOVERNING)
def addition(request: HttpRequest, draft: uuid.UUID, section: str) -> HttpResponse:
    """A new entry's form."""
    if request.method == "POST":
        return _saved(request, draft, section, new=True)
    page = queries.entry_page(request.caller, draft=draft, section=section, new=True)  # type: ignore[attr-defined]
    return render(request, "compliance/entry.html", {"page": page})


def _posted(request: HttpRequest) -> Raw:
    return {name: tuple(map(str, texts)) for name, texts in request.POST.lists() if name not in _OWN}


def _saved(request: Any, draft: uuid.UUID, section: str, *, key: str = "", new: bool = False) -> HttpResponse:
    posted, seen, code = _posted(request), request.POST.get("seen", ""), request.POST.get("code", "")
    again = {"draft": draft, "section": section, "key": key, "new": new, "posted": posted, "code": code, "seen": seen}
    try:
        operations.save(request.caller, draft=draft, section=section, key=key, code=code, posted=posted, seen=seen)
    except RulebookInvalid as wrong:
        page = queries.entry_page(request.caller, **again, findings=wrong.findings)
        return render(request, "compliance/entry.html", {"page": page, "wrong": True}, status=STATUS_INVALID)
    except (CodeMissing, EntryThere) as wrong:
        page = queries.entry_page(request.caller, **again)
        context = {"page": page, "wrong": True, "wrong_code": wrong.title}
        return render(request, "compliance/entry.html", context, status=wrong.status)
    except EntryChanged as changed:
        both = queries.conflict_page(
            request.caller, draft=draft, section=section, key=key, posted=posted, theirs=changed.theirs
        )
        return render(request, "compliance/conflict.html", {"page": both}, status=STATUS_CONFLICT)
    say(request, _("已保存到草案。"))
    return redirect(reverse("compliance:draft", args=[draft]) + f"?section={section}")


@require_POST
@place(*GOVERNING)
def removal(request: HttpRequest, draft: uuid.UUID, section: str, key: str) -> HttpResponse:
    """Take an entry out."""
    caller, seen = request.caller, request.POST.get("seen", "")  # type: ignore[attr-defined]
    try:
        operations.remove(caller, draft=draft, section=section, key=key, seen=seen)
    except EntryChanged as changed:
        both = queries.conflict_page(caller, draft=draft, section=section, key=key, posted={}, theirs=changed.theirs)
        return render(request, "compliance/conflict.html", {"page": both, "removing": True}, status=STATUS_CONFLICT)
    say(request, _("已从草案删去，可以在“与现行制度的不同”里还原。"))
    return redirect(reverse("compliance:draft", args=[draft]) + f"?section={section}")


@require_POST
@place(*GOVERNING)
def reversal(request: HttpRequest, draft: uuid.UUID, section: str, key: str = "") -> HttpResponse:
    """Put an entry back as the version in force has it."""
    operations.revert(request.caller, draft=draft, section=section, key=key)  # type: ignore[attr-defined]
    say(request, _("已还原为现行制度的写法。"))
    return redirect(reverse("compliance:draft", args=[draft]) + f"?section={section}")


_draft = "rulebook/drafts/<uuid:draft>"
urlpatterns = [
    path(_draft, draft, name="draft"),
    path(f"{_draft}/source.yaml", draft_source, name="draft-source"),
    path(f"{_draft}/end", end, name="draft-end"),
    path(f"{_draft}/base", base, name="draft-base"),
    path(f"{_draft}/entries/<slug:section>", entry, name="single"),
    path(f"{_draft}/entries/<slug:section>/<slug:key>", entry, name="entry"),
    path(f"{_draft}/additions/<slug:section>", addition, name="addition"),
    path(f"{_draft}/removals/<slug:section>/<slug:key>", removal, name="removal"),
    path(f"{_draft}/reversals/<slug:section>", reversal, name="reversal-single"),
    path(f"{_draft}/reversals/<slug:section>/<slug:key>", reversal, name="reversal"),
]
