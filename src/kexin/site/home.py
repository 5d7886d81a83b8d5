"""The front door: the first page a person's posts open."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from kexin.site import navigation


@require_safe
def home(request: Any) -> HttpResponse:
    """Send a person to the first entry of their own navigation; without any, to their account."""
    links = [link for group in navigation.navigation(request).groups for link in group.links]
    return HttpResponseRedirect(str(links[0].url) if links else reverse("people:account"))
