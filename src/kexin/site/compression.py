"""Pages leave compressed: a list of fifty people is 190 kB of markup and 11 kB on the wire (docs/decisions/0012)."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

#: Markup and documents. Packs, certificates and sheets are compressed already, or are read by programs as they are.
KINDS = ("text/html", "application/json", "image/svg+xml", "text/javascript", "application/manifest+json")


class Compression(GZipMiddleware):
    """Django's own, with its random padding against guessing by size, for what gains by it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress what is of these kinds, where the browser takes it."""
        if response.streaming or not response.get("Content-Type", "").startswith(KINDS):
            return response
        return super().process_response(request, response)
