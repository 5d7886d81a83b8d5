"""The console as an app of phone and desktop: manifest, service worker, and the page for a lost network."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

HERE = Path(__file__).resolve().parent
#: Sign and ground of tokens.css, for the system's own frame.
ACCENT, GROUND = "#1f5aa6", "#f6f7f9"
VENDOR = ("htmx.min.js", "tabler.min.css", "icons.svg", "icon-192.png")


@require_GET
@login_not_required
def manifest(request: HttpRequest) -> JsonResponse:
    """What a browser asks before it offers to install."""
    sizes = (("icon-192", 192, "any"), ("icon-512", 512, "any"), ("icon-maskable-512", 512, "maskable"))
    icons: list[dict[str, Any]] = [
        {"src": static(f"vendor/{name}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in sizes
    ]
    icons.append({"src": static("kx/favicon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"})
    document = {
        "id": "/", "name": _("客信 客户信息管理"), "short_name": _("客信"), "start_url": "/", "scope": "/",
        "display": "standalone", "lang": "en" if request.LANGUAGE_CODE == "en" else "zh-CN",
        "theme_color": ACCENT, "background_color": GROUND, "icons": icons,
    }  # fmt: skip
    return JsonResponse(document, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})


@cache
def _worker() -> str:
    """The worker's text with the names of this build's files; another build has other names and empties the old cache."""
    own = sorted(path.name for path in (HERE / "static" / "kx").iterdir() if path.suffix in (".css", ".js", ".svg"))
    files = [static(f"kx/{name}") for name in own] + [static(f"vendor/{name}") for name in VENDOR]
    program = (HERE / "worker.js").read_text(encoding="utf-8")
    told = {"FILES": files, "OFFLINE": reverse("ui:offline"), "STATIC": static("")}
    kept = "kx-" + hashlib.sha256((json.dumps(told) + program).encode()).hexdigest()[:12]
    return "".join(f"const {name} = {json.dumps(value)};\n" for name, value in (told | {"KEPT": kept}).items()) + program


@require_GET
@login_not_required
def worker(request: HttpRequest) -> HttpResponse:
    """The program itself, at the root, because a worker reaches no higher than its own address."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


@require_GET
@login_not_required
def offline(request: HttpRequest) -> HttpResponse:
    """Kept by the worker and shown where there is no network: both languages, nobody's name, no form."""
    return render(request, "offline.html", {"theme": "auto"})
