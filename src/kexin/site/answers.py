"""Turn a Problem that a page raised into an answer that a person can act on."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kexin.foundation.problems import Problem


class ProblemMiddleware:
    """Refusals and errors of pages: a whole page, or the refusal panel alone where HTMX asked for a part.

    The API has its own handler (`site.api`); anything that is not a Problem is a defect and stays one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a Problem with its status; leave everything else to Django's 500 page."""
        if not isinstance(error, Problem):
            return None
        part = bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]
        template = "problem_panel.html" if part else "problem.html"
        response = render(request, template, {"problem": error}, status=error.status)
        if part:
            # HTMX leaves error answers aside unless told where they belong: the page's one place for refusals.
            response["HX-Retarget"] = "#kx-refusal"
            response["HX-Reswap"] = "innerHTML"
        return response
