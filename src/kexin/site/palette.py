"""Ctrl K and 更多: every page and action of one person, and the customers whom they look for by Enter."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from pypinyin import Style, lazy_pinyin

from kexin.chapters.crm import queries as crm
from kexin.chapters.crm.pages import WORK
from kexin.foundation.ui.place import place
from kexin.foundation.ui.shell import Goal, purpose_name
from kexin.site import navigation

#: Customers shown at once; the whole answer is the search's own page.
FOUND = 8


@require_http_methods(["GET", "POST"])
@place(*WORK)
def palette(request: Any) -> HttpResponse:
    """GET lists the pages and actions; POST also looks for customers. The term travels in the body and is kept nowhere."""
    term = request.POST.get("q", "").strip()
    part = bool(request.headers.get("HX-Request"))
    context: dict[str, Any] = {"term": term, "listing": None, "may_search": navigation.may_search(request.principal.roles)}
    if term and context["may_search"]:
        listing = crm.search(request.caller, term=term)
        context |= {"listing": listing, "rows": listing.rows[:FOUND], "more": len(listing.rows) > FOUND or listing.next_cursor}
    if part and request.method == "POST":
        return render(request, "site/found.html", context)
    context["groups"] = [
        (title, [goal for goal in goals if term.lower() in goal.keys]) for title, goals in _groups(request)
    ]
    return render(request, "site/goals.html" if part else "site/palette.html", context)


def _groups(request: Any) -> list[tuple[str, list[Goal]]]:
    """Pages, actions, purposes to change to: only what this person's posts open, with the words each is found by."""
    others = [code for code in request.purposes if code != request.caller.purpose]
    purposes = [
        Goal(label=purpose_name(code), url=reverse("people:purpose", args=(code,)), icon="target-arrow", is_post=True)
        for code in others
    ]
    found = ((_("页面"), navigation.pages(request)), (_("操作"), navigation.acts(request)), (_("换一个用途"), purposes))
    return [(title, [replace(goal, keys=_keys(str(goal.label))) for goal in goals]) for title, goals in found]


@lru_cache(maxsize=512)
def _keys(label: str) -> str:
    """The label, its pinyin and its initials: 操作存证 is found by czcz."""
    initials = "".join(lazy_pinyin(label, style=Style.FIRST_LETTER))
    return " ".join((label, "".join(lazy_pinyin(label)), initials)).lower()
