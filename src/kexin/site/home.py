"""The front door: the first page a person's posts open, or what a real installation still lacks."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from kexin.site import navigation, start


@require_safe
def home(request: Any) -> HttpResponse:
    """What is missing, for those who answer for it and as long as it is; else the first entry of one's own navigation."""
    links = [link for group in navigation.navigation(request).groups for link in group.links]
    onward = str(links[0].url) if links else reverse("people:account")
    if start.entitled(request.principal.roles) and not navigation.born_demo() and (missing := start.missing()):
        return render(request, "site/start.html", {"missing": missing, "onward": onward})
    return HttpResponseRedirect(onward)


@require_POST
def confirmation(request: Any, step: str) -> HttpResponse:
    """Say that something outside was done."""
    start.confirm(request.caller, roles=request.principal.roles, step=step)
    return redirect("home")
