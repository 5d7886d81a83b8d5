"""The few addresses of the layout itself: watermark, language, theme, row height, single keys."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from kexin.foundation.clock import cn, now
from kexin.foundation.ui import app, shell
from kexin.foundation.ui.policy_reports import policy_reports
from kexin.foundation.ui.tasks import task, tasks

YEAR_S = 365 * 24 * 3600

_WATERMARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="190" viewBox="0 0 300 190">'
    '<text x="30" y="150" transform="rotate(-22 30 150)" font-family="PingFang SC,Noto Sans CJK SC,Microsoft YaHei,'
    'sans-serif" font-size="13" fill="#000">{text}</text></svg>'
)


@require_GET
def watermark(request: Any) -> HttpResponse:
    """Name, 工号 and minute as one tile. Kept by the browser for a minute, and never across two people's sessions."""
    who = request.principal
    text = escape(f"{who.name} {who.staff_no} {cn(now()):%Y-%m-%d %H:%M}")
    answer = HttpResponse(_WATERMARK.format(text=text), content_type="image/svg+xml")
    answer["Cache-Control"], answer["Vary"] = "private, max-age=60", "Cookie"
    return answer


@require_POST
@login_not_required
def language(request: HttpRequest, code: str) -> HttpResponse:
    """Remember the reader's language."""
    if code not in dict(settings.LANGUAGES):
        raise Http404
    return _remember(request, settings.LANGUAGE_COOKIE_NAME, code)


@require_POST
@login_not_required
def theme(request: HttpRequest, name: str) -> HttpResponse:
    """Remember light, dark or as the system."""
    if name not in shell.THEMES:
        raise Http404
    return _remember(request, shell.THEME_COOKIE, name)


@require_POST
@login_not_required
def density(request: HttpRequest, name: str) -> HttpResponse:
    """Remember the row height."""
    if name not in shell.DENSITIES:
        raise Http404
    return _remember(request, shell.DENSITY_COOKIE, name)


@require_POST
@login_not_required
def shortcuts(request: HttpRequest, name: str) -> HttpResponse:
    """Remember whether single keys act."""
    if name not in shell.KEYS:
        raise Http404
    return _remember(request, shell.KEYS_COOKIE, name)


def _remember(request: HttpRequest, cookie: str, value: str) -> HttpResponse:
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    answer = HttpResponse(status=204) if request.headers.get("HX-Request") else HttpResponseRedirect(back)
    answer.set_cookie(cookie, value, max_age=YEAR_S, secure=request.is_secure(), httponly=True, samesite="Lax")
    return answer


app_name = "ui"
urlpatterns = [
    path("watermark.svg", watermark, name="watermark"),
    path("languages/<str:code>", language, name="language"),
    path("themes/<str:name>", theme, name="theme"),
    path("densities/<str:name>", density, name="density"),
    path("shortcuts/<str:name>", shortcuts, name="shortcuts"),
    path("tasks", tasks, name="tasks"),
    path("tasks/<slug:kind>/<uuid:task>", task, name="task"),
    path("app.webmanifest", app.manifest, name="manifest"),
    path("worker.js", app.worker, name="worker"),
    path("offline", app.offline, name="offline"),
    path("policy-reports", policy_reports, name="policy-reports"),
]
