"""Two chains of middleware. Pages need a session, a form's secret, messages; a program brings a token and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import get_resolver
from django.utils.module_loading import import_string

Answer: TypeAlias = Callable[[HttpRequest], HttpResponseBase]


class LaneMiddleware:
    """Stands first: what is asked of the API passes `settings.API_MIDDLEWARE` to its view, all else goes on to the
    pages' chain. Middleware of the API may have `process_view`; its exceptions are answered as Django's are."""

    def __init__(self, get_response: Answer) -> None:
        self._pages = get_response
        self._before_view: list[Callable[..., HttpResponseBase | None]] = []
        self._api = self._chain()

    def _chain(self) -> Answer:
        answer = _guarded(self._view)
        for name in reversed(settings.API_MIDDLEWARE):
            one: Any = import_string(name)(answer)
            if hasattr(one, "process_view"):
                self._before_view.insert(0, one.process_view)
            answer = _guarded(one)
        return answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._api(request) if request.path_info.startswith("/api/") else self._pages(request)

    def _view(self, request: HttpRequest) -> HttpResponseBase:
        view, args, kwargs = request.resolver_match = get_resolver().resolve(request.path_info)
        for step in self._before_view:
            refused = step(request, view, args, kwargs)
            if refused is not None:
                return refused
        return cast(HttpResponseBase, view(request, *args, **kwargs))


def _guarded(answer: Answer) -> Answer:
    """An exception becomes its answer here, as at every link of Django's own chain. Synchronous, as all of ours."""
    return cast(Answer, convert_exception_to_response(answer))
