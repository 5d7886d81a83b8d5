"""What browsers report when a page tries what the content security policy forbids: one log line, nothing kept."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

_log = logging.getLogger(__name__)
#: A report is a few hundred bytes.
LARGEST = 8_192
#: Anybody can send reports: a process writes at most so many lines in a minute, then waits for the next.
LINES_A_MINUTE = 20
_UNUSUAL = re.compile(r"[^A-Za-z0-9 :/._-]")
_written = [0, 0]


@csrf_exempt
@login_not_required
@require_POST
def policy_reports(request: HttpRequest) -> HttpResponse:
    """Log which directive stopped what on which page: codes and places, no query, no text of the page."""
    if len(request.body) > LARGEST:
        return HttpResponse(status=413)
    try:
        report = json.loads(request.body).get("csp-report")
    except (ValueError, AttributeError):
        report = None
    if not isinstance(report, dict):
        return HttpResponse(status=400)
    if _may_write():
        _log.warning(
            "malicious_csp_violation directive=%s blocked=%s page=%s",
            _plain(report.get("effective-directive") or report.get("violated-directive")),
            _plain(_place(report.get("blocked-uri"), origin=True)),
            _plain(_place(report.get("document-uri"), origin=False)),
        )
    return HttpResponse(status=204)


def _may_write() -> bool:
    minute = int(time.monotonic() // 60)
    _written[:] = [minute, _written[1] + 1 if _written[0] == minute else 1]
    return _written[1] <= LINES_A_MINUTE


def _place(address: Any, *, origin: bool) -> str:
    """Where something would have been fetched from, without its path (a path can carry what was to be sent away), or
    the path of a page of ours."""
    try:
        found = urlsplit(str(address)[:2_000])
    except ValueError:
        return "unreadable"
    if not origin:
        return found.path
    return f"{found.scheme}://{found.netloc}" if found.netloc else found.path.partition("/")[0]


def _plain(text: Any) -> str:
    return _UNUSUAL.sub("?", str(text))[:120]
