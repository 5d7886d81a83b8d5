"""How a no is shown: a problem as JSON for programs, a drawer for a part of a page, a page for a person."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template import TemplateDoesNotExist, TemplateSyntaxError, loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from kexin.foundation import refusals
from kexin.foundation.problems import Problem
from kexin.foundation.ui import shell

_log = logging.getLogger(__name__)


class ProblemMiddleware:
    """Turns a `Problem` that a page raised into its answer, so that no face repeats it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            # Django answers a method that a view does not know with an empty body (and has logged it already).
            words = error(request, 405)
            response.content = words.content
            for name, value in words.items():
                response[name] = value
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer problems; anything else is a fault of ours and goes on to the 500 page."""
        return problem(request, exception) if isinstance(exception, Problem) else None


def problem(request: HttpRequest, what: Problem) -> HttpResponse:
    """The answer to a problem in the form this request can show."""
    if _wants_json(request):
        body = json.dumps(what.document(), ensure_ascii=False)
        answer = HttpResponse(body, status=what.status, content_type="application/problem+json")
        if what.status == 401:
            answer["WWW-Authenticate"] = 'Bearer realm="kexin"'
        return answer
    context = {
        "problem": what,
        "number": getattr(request, "number", "")[:13],
        # Never beside a 404: of somebody who is not there nothing is recorded, and the two must read the same.
        "recorded": what.status != 404 and refusals.recorded(),
        "back": _back(request),
    }
    if request.headers.get("HX-Request"):
        answer = render(request, "problem_panel.html", context, status=what.status)
        answer["HX-Retarget"], answer["HX-Reswap"] = "#kx-refusal", "innerHTML"
        if what.code == "purpose-changed":
            answer["HX-Trigger"] = "kx:outdated"
        return answer
    return _page(request, what.status, context)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself cannot be read; 413 where it is too much to read."""
    too_much = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return error(request, 413 if too_much else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 without a rule of the rulebook behind it."""
    return error(request, 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or the form came from elsewhere."""
    _log.warning("malicious_csrf", extra={"request": request})
    sentence = _("页面已打开太久，或提交来自别的页面。没有执行任何操作。")
    expired = _problem(403, "form-expired", _("没有提交"), sentence, _("请刷新页面后再提交一次。"))
    expired.outdated = True
    return problem(request, expired)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return error(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """500, or 503 while a database does not answer."""
    fault = sys.exc_info()[1]
    return error(request, 503 if isinstance(fault, OperationalError | InterfaceError) else 500)


def error(request: HttpRequest, status: int) -> HttpResponse:
    """One of the house's own answers by status."""
    title, detail, remedy = WORDS()[status]
    return problem(request, _problem(status, f"http-{status}", title, detail, remedy))


def WORDS() -> dict[int, tuple[str, str, str]]:
    """What each status says: what happened, what it means, what to do."""
    return {
        400: (_("没有看懂这个请求"), _("内容不完整或格式不对，没有执行任何操作。"), _("请返回上一页，检查后再提交。")),
        403: (_("没有打开"), _("这个页面属于另一个岗位的工作。"), _("需要时请联系系统管理员调整岗位。")),
        404: (_("没有找到这个页面"), _("地址可能写错了，或内容已经删除。"), _("请从左侧导航重新进入。")),
        405: (_("没有执行"), _("这个地址不接受这种操作，没有改变任何内容。"), _("请从页面上的按钮或左侧导航进入。")),
        409: (_("没有保存"), _("有人先改了同一处，或它的状态已经变化。"), _("请刷新后再改，两边的内容都还在。")),
        413: (_("文件太大，没有接收"), _("超过了单个文件的上限。"), _("请拆成几个文件，分次上传。")),
        429: (_("请慢一点"), _("短时间内请求太多，这一次没有执行。"), _("请稍等一分钟再试。")),
        500: (_("这里出了问题"), _("这是系统的原因，不是您的操作。已有内容没有改变。"), _("请稍后再试；仍不行时，请联系系统管理员。")),
        503: (_("暂时无法打开"), _("系统的一部分正在维护或恢复，没有改变任何内容。"), _("请几分钟后再试。")),
    }


def _problem(status: int, code: str, title: str, detail: str, remedy: str) -> Problem:
    made = Problem(detail, remedy=remedy)
    made.status, made.code, made.title = status, code, title
    return made


def _wants_json(request: HttpRequest) -> bool:
    accept = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("json" in accept and "html" not in accept)


def _back(request: HttpRequest) -> str:
    """The page of ours that this request came from, so that a refusal leads back to it; "" where there is none."""
    came_from = urlsplit(request.META.get("HTTP_REFERER", ""))
    here = request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME", "")
    if came_from.netloc != here or (came_from.path == request.path and request.method == "GET"):
        return ""
    address = urlunsplit(("", "", came_from.path, came_from.query, ""))
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


def _page(request: HttpRequest, status: int, context: dict[str, Any]) -> HttpResponse:
    """A full page. A fault while drawing it must not hide the first one, so a fault of ours has a page that needs
    neither session nor database, and plain text where even that fails."""
    if status not in (500, 503):
        return render(request, "problem.html", context, status=status)
    try:
        return HttpResponse(loader.render_to_string("bare_problem.html", {**context, **shell.look(request)}), status=status)
    except (TemplateDoesNotExist, TemplateSyntaxError, ValueError, OSError):
        _log.exception("the page for a fault could not be drawn")
        title, detail, remedy = WORDS()[status]
        return HttpResponse(f"{title}\n{detail}\n{remedy}\n", status=status, content_type="text/plain; charset=utf-8")
