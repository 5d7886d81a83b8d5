"""Every request gets its Caller here: from a session that still holds, or from a bearer token. Never from a body."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.problems import Problem
from kexin.foundation.ui import answers, place
from kexin.people import facts, operations, queries
from kexin.people.sign_in import BEGAN, EPOCH, SEEN
from kexin.people.types import TokenRefused

#: reliability.md §5, seconds: idle time for privileged posts and for the others, and the longest session.
IDLE_PRIVILEGED, IDLE, LONGEST = 15 * 60, 30 * 60, 12 * 3600
#: The last activity is written at most this often: a session is not saved on every request.
SEEN_EVERY = 60
PRIVILEGED = frozenset({"head", "dpo", "security_admin", "system_admin", "auditor", "guest_auditor"})
CHOICE = "kx_purpose"


class CallerMiddleware:
    """Sets ``request.caller`` (None for strangers), ``request.principal``, ``request.purposes`` (those to choose from
    here), ``request.standing`` (what pages carry; None for tokens), ``request.signed_in_at`` (the last proof of
    identity, None for tokens). A view is closed to strangers unless it says `login_not_required`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.caller, request.principal, request.purposes = None, None, ()
        request.standing, request.signed_in_at = None, None
        bearer = request.META.get("HTTP_AUTHORIZATION", "")
        try:
            if bearer:
                _by_token(request, bearer)
            elif request.user.is_authenticated:
                ended = _by_session(request)
                if ended:
                    return _sign_in_again(request, ended)
        except Problem as problem:
            return answers.problem(request, problem)
        response = self.get_response(request)
        if request.caller is not None:
            response.setdefault("Cache-Control", "no-store")
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Stand the caller at the view's place; turn strangers away from closed views."""
        if request.caller is not None:
            stand(request, place.purposes_at(view))
            return None
        if getattr(view, "login_required", True) is False:
            return None
        return _sign_in_again(request, "")


class TokenMiddleware:
    """The same for the API: a bearer token or nobody. Cookies are not looked at, so no page elsewhere can drive it; a
    view asks for its caller itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.caller, request.principal, request.purposes = None, None, ()
        request.standing, request.signed_in_at = None, None
        bearer = request.META.get("HTTP_AUTHORIZATION", "")
        if bearer:
            try:
                _by_token(request, bearer)
            except Problem as problem:
                return answers.problem(request, problem)
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        """Stand the caller at the view's place."""
        if request.caller is not None:
            stand(request, place.purposes_at(view))


def stand(request: Any, serves: tuple[str, ...]) -> None:
    """Put ``request.caller`` under the purpose in force at a place that serves these purposes."""
    if request.caller.kind is CallerKind.TOKEN:
        request.caller = request.caller.under(_token_purpose(request, serves))
        return
    request.standing = place.Standing(
        own=facts.purposes(request.principal.roles), chosen=request.session.get(CHOICE, "")
    )
    request.caller = request.caller.under(request.standing.at(serves))
    request.purposes = tuple(code for code in serves if code in request.standing.own)


def _by_token(request: Any, header: str) -> None:
    """A bearer token decides alone: a session cookie beside it is not looked at, so no forged form can ride on it."""
    request.user = AnonymousUser()
    scheme, _space, secret = header.partition(" ")
    held = queries.token_held(secret.strip()) if scheme.lower() == "bearer" else None
    if held is None:
        operations.count_refused_token()
        raise TokenRefused(remedy=_("请核对令牌，或在“我的账号”里新建一个。"))
    wanted = request.META.get("HTTP_KEXIN_PURPOSE", "")
    if wanted and wanted not in held.purposes:
        raise _purpose_not_held(wanted, held.purposes)
    request.token_purposes = held.purposes
    request.caller = held.caller.under(wanted or held.purposes[0])
    request.principal = SimpleLazyObject(lambda: queries.principal(request.caller))
    if held.caller.token_id is not None:
        operations.touch_token(held.caller.token_id, used_on=held.used_on)


def _purpose_not_held(wanted: str, held: tuple[str, ...]) -> Problem:
    problem = TokenRefused(
        _("Kexin-Purpose 只能从令牌自己的用途里选。"),
        remedy=_("这个令牌的用途：%(purposes)s。") % {"purposes": "、".join(held)},
        rule="people:token:purpose",
    )
    problem.status, problem.code = 403, "purpose-not-held"
    return problem


def _token_purpose(request: Any, serves: tuple[str, ...]) -> str:
    if request.META.get("HTTP_KEXIN_PURPOSE"):
        return str(request.caller.purpose)
    return place.Standing(own=request.token_purposes).at(serves)


def _by_session(request: Any) -> str:
    """Make the caller of a session, or end the session and say why ("rights", "idle", "long")."""
    person, session, at = request.user, request.session, int(time.time())
    request.caller = Caller(kind=CallerKind.STAFF, id=person.id, epoch=person.epoch, cause=f"request:{request.number}")
    request.principal = SimpleLazyObject(lambda: queries.principal(replace(request.caller, purpose="")))
    ended = ""
    if session.get(EPOCH) != person.epoch:
        ended = "rights"
    elif at - session.get(BEGAN, 0) > LONGEST:
        ended = "long"
    elif at - session.get(SEEN, 0) > _idle(request):
        ended = "idle"
    if ended:
        operations.end_session(request.caller, session_key=session.session_key, ending=ended)
        logout(request)
        request.caller, request.principal = None, None
    elif at - session.get(SEEN, 0) > SEEN_EVERY:
        session[SEEN] = at
    request.signed_in_at = None if ended else _proved_at(request)
    return ended


def _proved_at(request: Any) -> datetime:
    """The last time this session's person proved who they are: signing in, or the password once more (`fresh-proof`)."""
    proofs = [float(record["at"]) for record in get_authentication_records(request, request.user) if "at" in record]
    return datetime.fromtimestamp(max([float(request.session.get(BEGAN, 0)), *proofs]), tz=UTC)


def _idle(request: Any) -> int:
    return IDLE_PRIVILEGED if PRIVILEGED & request.principal.roles else IDLE


def _sign_in_again(request: HttpRequest, because: str) -> HttpResponse:
    """To the sign-in page and back afterwards; HTMX makes it a full-page turn."""
    back = request.get_full_path() if request.method == "GET" and not request.headers.get("HX-Request") else ""
    query = {key: value for key, value in (("next", back if back != "/" else ""), ("because", because)) if value}
    target = reverse("account_login") + (f"?{urlencode(query)}" if query else "")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)
