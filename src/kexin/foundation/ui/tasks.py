"""The page 任务: own long work, live while it runs, found again after leaving."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kexin.foundation import tasks as work
from kexin.foundation.problems import NotFound


@require_GET
def tasks(request: Any) -> HttpResponse:
    """Everything that the reader began."""
    found = work.of(request.caller)
    busy = [task for task in found if task.is_busy]
    return render(request, "tasks.html", {"busy": busy, "ended": [task for task in found if not task.is_busy]})


@require_GET
def task(request: Any, kind: str, task: uuid.UUID) -> HttpResponse:
    """One of them, asked for again while it runs; opened as an address of its own it leads to the page."""
    found = work.one(request.caller, kind=kind, task=task)
    if found is None:
        raise NotFound(_("没有这件任务。"), remedy=_("任务只有发起人自己看得到，保留最近 20 件。"))
    return render(request, "task.html" if request.headers.get("HX-Request") else "tasks.html", {"task": found, "busy": [found]})
