"""Where a person stands decides under which purpose they ask. A page declares the purposes it serves and carries the
standing it was drawn under; what is sent from it is done under that purpose or not at all."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kexin.foundation.problems import Conflict
from kexin.foundation.ui import shell

View = TypeVar("View", bound=Callable[..., Any])
#: How a page's standing travels: in every form beside its token, and with every part that a page asks for.
FIELD, HEADER = "kx-standing", "Kexin-Standing"
#: Codes of purposes, and the one that was chosen. Nothing else was written by a page of ours.
_WRITTEN = re.compile(r"([a-z0-9_,]{0,900})/([a-z0-9_]{0,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides somebody's purpose wherever they stand: purposes of their posts, the usual one first, and their choice."""

    own: tuple[str, ...]
    chosen: str = ""

    def at(self, serves: tuple[str, ...]) -> str:
        """The purpose in force at a place that serves these.

        A choice counts only when both name it. Where they share nothing the place's own purpose stands, and the
        rulebook will say no with its reason. A place without a purpose takes the person's usual one.
        """
        if not serves:
            return self.own[0] if self.own else ""
        shared = [code for code in serves if code in self.own]
        if self.chosen in shared:
            return self.chosen
        return shared[0] if shared else serves[0]

    def written(self) -> str:
        """As a page carries it: ``presale,service/service``."""
        return ",".join(self.own) + "/" + self.chosen

    @classmethod
    def read(cls, text: str) -> Standing | None:
        """What a page carried; None for anything that no page of ours says."""
        found = _WRITTEN.fullmatch(text)
        return cls(own=tuple(code for code in found[1].split(",") if code), chosen=found[2]) if found else None


class PurposeChanged(Conflict):
    """The page was drawn under another purpose than the one its request would now run under: nothing is done."""

    code = "purpose-changed"
    title = gettext_lazy("没有执行")


def place(*purposes: str) -> Callable[[View], View]:
    """Declare the purposes a page serves, its usual one first: ``@place("presale", "service")``.

    The middleware gives ``request.caller`` the first of them that the person's posts work under, or the one the
    person chose among several. A page without a declaration takes the person's usual purpose; it asks nothing about
    customers. What comes from a page that was drawn under another purpose raises PurposeChanged before the view runs.
    """

    def declare(view: View) -> View:
        @functools.wraps(view)
        def stand(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refuse_another_purpose(request, purposes)
            return view(request, *args, **kwargs)

        stand.kx_purposes = purposes  # type: ignore[attr-defined]
        return cast(View, stand)

    return declare


def purposes_at(view: Any) -> tuple[str, ...]:
    """The declaration of a view, () when it makes none."""
    return tuple(getattr(view, "kx_purposes", ()))


def refuse_another_purpose(request: Any, serves: tuple[str, ...]) -> None:
    """Compare what the page carried with what stands now. Raises PurposeChanged.

    What is carried decides nothing but a no: the purpose itself comes from session and posts alone. It is compared as
    the purpose *here*, not as the page's own, because a form may lead to a place of another purpose. A program's
    token has no page, and an address typed by hand is a page of its own.
    """
    now: Standing | None = getattr(request, "standing", None)
    if now is None:
        return
    carried = request.headers.get(HEADER, "") or (request.POST.get(FIELD, "") if request.method == "POST" else "")
    if not carried:
        return
    then = Standing.read(carried)
    purpose = now.at(serves)
    if then is None or then.at(serves) != purpose:
        before, after = shell.purpose_name(then.at(serves)) if then else _("另一个用途"), shell.purpose_name(purpose)
        told = _("此页打开时的用途是“%(before)s”，现在是“%(after)s”。") % {"before": before, "after": after}
        raise PurposeChanged(told, remedy=_("请刷新此页，按现在的用途核对后再做一次；也可以先在页面上方换回原来的用途。"))
    if purpose in then.own and purpose not in now.own:
        told = _("此页打开时您的岗位在“%(purpose)s”下工作，现在不再是了。") % {"purpose": shell.purpose_name(purpose)}
        raise PurposeChanged(told, remedy=_("岗位刚有变化时请刷新此页；需要恢复时请联系安全管理员。"))
