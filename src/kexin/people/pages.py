"""Pages of one's own account: sign in and out, password, tokens, sign-ins, one-time links."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.views import LoginView, ReauthenticateView
from django import forms
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import include, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kexin.foundation.clock import now
from kexin.foundation.problems import Problem
from kexin.foundation.ui.shell import purpose_name
from kexin.people import client, facts, operations, queries
from kexin.people.labels import ROLES, spoken
from kexin.people.middleware import CHOICE
from kexin.people.models import Person
from kexin.people.sign_in import SignInForm, begin
from kexin.people.types import LinkEnded, TokenRow, WeakPassword

BECAUSE = {
    "rights": gettext_lazy("您的岗位、部门或密码刚有变化，请重新登录。"),
    "idle": gettext_lazy("一段时间没有操作，已为您退出。没有保存的内容仍在原页面。"),
    "long": gettext_lazy("登录已满 12 小时，请重新登录。"),
    "out": gettext_lazy("已退出登录。"),
    "password": gettext_lazy("密码已更新，请用新密码登录。"),
}


#: Django's form views would answer PUT like POST, and OPTIONS.
FORM_METHODS = ["get", "head", "post"]


class SignInPage(LoginView):
    """工号 or e-mail and a password; in a demo also one person per post to try."""

    http_method_names = FORM_METHODS
    form_class = SignInForm
    template_name = "people/sign_in.html"

    def get_form_class(self) -> type[SignInForm]:
        return SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["because"] = BECAUSE.get(self.request.GET.get("because", ""), "")
        context["next"] = self.request.GET.get("next", "")
        context["founded"] = queries.anybody()
        context["demo"] = [
            {"role": next(role for role in queries.DEMO_ORDER if role in row.roles), "row": row, "posts": spoken(row.roles)}
            for row in (queries.demo_people() if client.is_loopback(self.request) else ())
        ]
        return context


class FreshProofPage(ReauthenticateView):
    """The password once more, before the gravest acts (a grade 4 value, keys, posts)."""

    http_method_names = FORM_METHODS
    template_name = "people/fresh_proof.html"


@require_POST
@login_not_required
@never_cache
def demo_sign_in(request: HttpRequest, role: str) -> HttpResponse:
    """One click into a demo person. Exists only in a database born as a demo, and only at this machine."""
    row = next((row for row in queries.demo_people() if role in row.roles), None)
    if row is None or role not in ROLES or not client.is_loopback(request):
        raise Http404
    person = Person.objects.get(id=row.id)
    login(request, person, backend="kexin.people.sign_in.StaffBackend")
    begin(request, person, way="demo")
    return HttpResponseRedirect(_inside(request, request.POST.get("next", "")))


def _inside(request: HttpRequest, target: str) -> str:
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return target if target and safe else "/"


@require_POST
def sign_out(request: Any) -> HttpResponse:
    """End this session and clear what the browser kept of it."""
    operations.end_session(request.caller, session_key=request.session.session_key, ending="signed_out")
    logout(request)
    answer = HttpResponseRedirect(reverse("account_login") + "?because=out")
    # Not "cookies": browsers then clear those of every system under the same registered domain, and people would be
    # signed out of all of them. The session's own is gone, the others say how pages look.
    answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@require_POST
def purpose(request: Any, code: str) -> HttpResponse:
    """Choose among one's own purposes; where the page does not serve it the choice has no effect."""
    if code not in facts.purposes(request.principal.roles):
        raise Http404
    request.session[CHOICE] = code
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return HttpResponseRedirect(_inside(request, request.POST.get("next", "")))


class PasswordForm(forms.Form):
    """The old password and a new one."""

    old = forms.CharField(
        label=gettext_lazy("现在的密码"), max_length=128, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    new = forms.CharField(
        label=gettext_lazy("新密码"), max_length=128, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("至少 15 个字符，可以用一句自己的话。"),
    )  # fmt: skip


class TokenForm(forms.Form):
    """A new token: what for, for which purposes, until when."""

    label = forms.CharField(label=gettext_lazy("用在哪里"), max_length=64)
    purposes = forms.MultipleChoiceField(label=gettext_lazy("用途"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label=gettext_lazy("有效期"), coerce=int,
        choices=[(30, gettext_lazy("30 天")), (90, gettext_lazy("90 天")), (365, gettext_lazy("365 天"))],
    )  # fmt: skip

    def __init__(self, *args: Any, own: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purposes"].choices = [(code, purpose_name(code)) for code in own]  # type: ignore[attr-defined]


@require_GET
def account(request: Any) -> HttpResponse:
    """My account: posts, sign-ins, tokens, password."""
    return _account(request)


def _account(request: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    own = facts.purposes(request.principal.roles)
    context = {
        "posts": spoken(request.principal.roles),
        "sessions": queries.sessions(request.caller, session_key=request.session.session_key),
        "tokens": _tokens(queries.tokens(request.caller)),
        "password_form": PasswordForm(),
        "token_form": TokenForm(own=own),
        **more,
    }
    return render(request, "people/account.html", context, status=status)


def _tokens(rows: list[TokenRow]) -> list[dict[str, Any]]:
    """Tokens as the page shows them; each purpose is named once, however many tokens have it."""
    names = {code: purpose_name(code) for code in {code for row in rows for code in row.purposes}}
    return [
        {
            "row": row,
            "purposes": [names[code] for code in row.purposes],
            "is_live": row.revoked_at is None and row.expires_at > now(),
        }
        for row in rows
    ]


@require_POST
@sensitive_post_parameters()
def password(request: Any) -> HttpResponse:
    """Change one's own password; then sign in again everywhere."""
    form = PasswordForm(request.POST)
    if form.is_valid():
        try:
            operations.change_password(request.caller, old=form.cleaned_data["old"], new=form.cleaned_data["new"])
        except WeakPassword as fault:
            for error in fault.errors:
                form.add_error(error["field"], error["message"])
        else:
            logout(request)
            return HttpResponseRedirect(reverse("account_login") + "?because=password")
    return _account(request, status=422, password_form=form)


@require_POST
def tokens(request: Any) -> HttpResponse:
    """Make a token; its secret is shown on this one answer."""
    form = TokenForm(request.POST, own=facts.purposes(request.principal.roles))
    if not form.is_valid():
        return _account(request, status=422, token_form=form)
    made = operations.create_token(
        request.caller,
        person=request.caller.id,
        label=form.cleaned_data["label"],
        purposes=form.cleaned_data["purposes"],
        expires_at=now() + timedelta(days=form.cleaned_data["days"]),
    )
    return _account(request, made=made)


@require_POST
def token_end(request: Any, token: Any) -> HttpResponse:
    """End one of one's tokens at once."""
    operations.revoke_token(request.caller, token=token)
    return HttpResponseRedirect(reverse("people:account"))


class InvitationForm(forms.Form):
    """A first password; the founding link also asks who the first person is."""

    staff_no = forms.CharField(label=gettext_lazy("工号"), max_length=32)
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=64)
    password = forms.CharField(
        label=gettext_lazy("密码"), max_length=128, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("至少 15 个字符，可以用一句自己的话。"),
    )  # fmt: skip

    def __init__(self, *args: Any, founds: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not founds:
            del self.fields["staff_no"], self.fields["name"]


@require_http_methods(["GET", "POST"])
@login_not_required
@never_cache
@sensitive_post_parameters()
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Open a one-time link: set a password, then sign in with it. Reading the link does not use it up."""
    link = queries.open_link(secret)
    if link is None:
        raise LinkEnded(_("请系统管理员重新发一个。"))
    form = InvitationForm(request.POST or None, founds=link.founds)
    if request.method == "POST" and form.is_valid():
        try:
            operations.redeem_invitation(secret=secret, **form.cleaned_data)
        except LinkEnded:
            raise
        except Problem as fault:
            for error in fault.errors or ({"field": None, "message": str(fault.detail)},):
                field = "password" if error.get("field") == "new" else error.get("field")
                form.add_error(field, error.get("message", str(fault.detail)))
        else:
            return HttpResponseRedirect(reverse("account_login") + "?because=password")
    context = {"form": form, "link": link, "rules": password_validators_help_texts()}
    return render(request, "people/invitation.html", context, status=200 if not form.errors else 422)


_own = (
    [
        path("account", account, name="account"),
        path("account/password", password, name="password"),
        path("account/tokens", tokens, name="tokens"),
        path("account/tokens/<uuid:token>/end", token_end, name="token_end"),
        path("purposes/<slug:code>", purpose, name="purpose"),
        path("demo-sign-ins/<slug:role>", demo_sign_in, name="demo_sign_in"),
        path("invitations/<str:secret>", invitation, name="invitation"),
    ],
    "people",
)
# allauth looks for its own bare names.
urlpatterns = [
    path("sign-in", SignInPage.as_view(), name="account_login"),
    path("sign-out", sign_out, name="account_logout"),
    path("fresh-proof", FreshProofPage.as_view(), name="account_reauthenticate"),
    path("", include(_own)),
]
