"""The base of every error that a user may read: what is wrong, where, which rule, and what to do (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class Problem(Exception):
    """An answer that is not the one asked for. Rooms subclass it beside the function that raises it.

    ``status`` is the HTTP status, ``code`` a stable slug (last part of the problem type URI), ``title`` and
    ``detail`` sentences in the reader's language (lazy translations are welcome), ``remedy`` what to do next.
    ``rule`` and ``article`` name the rule of the rulebook and the article of law behind a refusal, ``missing``
    the facts that were not known, ``who`` the role that can change it. Nothing here may hold a sealed value.
    """

    status: int = 400
    code: str = "bad-request"
    title: Any = _("请求无法处理")
    #: Whether the page that asked is out of date: its reader is offered to draw it again.
    outdated: bool = False

    def __init__(
        self,
        detail: Any = "",
        *,
        remedy: Any = "",
        rule: str = "",
        article: str = "",
        missing: tuple[str, ...] = (),
        who: Any = "",
        errors: tuple[dict[str, Any], ...] = (),
    ) -> None:
        super().__init__(str(detail) or str(self.title))
        self.detail = detail
        self.remedy = remedy
        self.rule = rule
        self.article = article
        self.missing = missing
        self.who = who
        self.errors = errors

    def document(self) -> dict[str, Any]:
        """The problem as a JSON object (application/problem+json)."""
        document: dict[str, Any] = {
            "type": f"urn:kexin:problem:{self.code}",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self.detail) or str(self.title),
        }
        extras = {
            "remedy": str(self.remedy),
            "rule": self.rule,
            "article": self.article,
            "missing": list(self.missing),
            "who": str(self.who),
            "errors": list(self.errors),
        }
        document.update({key: value for key, value in extras.items() if value})
        return document


class Invalid(Problem):
    """The input cannot be read as what it should be."""

    status = 422
    code = "invalid"
    title: Any = _("内容需要更正")


class Refused(Problem):
    """A decision said no. Absent and forbidden look the same from outside where that would leak."""

    status = 403
    code = "refused"
    title: Any = _("没有执行")


class NotFound(Problem):
    """No such thing for this caller."""

    status = 404
    code = "not-found"
    title: Any = _("没有找到")


class Conflict(Problem):
    """Somebody changed it first, or it is not in the state that this verb needs."""

    status = 409
    code = "conflict"
    title: Any = _("与现在的状态冲突")
    outdated = True


class Unavailable(Problem):
    """A part of the system is down; nothing was changed and a retry is safe."""

    status = 503
    code = "unavailable"
    title: Any = _("暂时无法打开")
