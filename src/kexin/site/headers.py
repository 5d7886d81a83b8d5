"""Response headers that Django does not set itself, on every answer, errors included."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from kexin.foundation import refusals

#: Nothing in this product uses a sensor, camera, payment or position; a page that is tricked cannot either.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb", "browsing-topics",
    )
)  # fmt: skip


class HeadersMiddleware:
    """Isolation and no copies: a page may hold customer information, so no browser or proxy keeps it. Every request
    gets its number here: error pages, log lines and refusals in the ledger say it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.number = str(uuid.uuid4())
        refusals.begin()
        response = self.get_response(request)
        response.setdefault("X-Request-Id", request.number)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("X-Frame-Options", "DENY")
        return response


class ApiHeadersMiddleware(HeadersMiddleware):
    """The same for the API, whose answers are documents for programs: a browser that shows one loads nothing for it."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = super().__call__(request)
        response.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        return response
