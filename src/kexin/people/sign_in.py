"""Signing in through allauth: one backend, our limits, the same answer whoever is asked about."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kexin.people import client, operations
from kexin.people.models import Person

#: reliability.md §3: five failures in five minutes for one account, ten in a minute from one network.
PER_ACCOUNT, ACCOUNT_WINDOW = 5, timedelta(minutes=5)
PER_NETWORK, NETWORK_WINDOW = 10, timedelta(minutes=1)

EPOCH, BEGAN, SEEN = "kx_epoch", "kx_began", "kx_seen"


class StaffBackend(ModelBackend):
    """工号 or e-mail with a password. Exactly one lookup and one hash, whether or not anybody is found."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Person | None:
        """The person, if active and the password is right."""
        if not username or not password:
            return None
        person = _named(username)
        if person is None or not person.is_active or not person.has_usable_password():
            make_password(password)
            return None
        return person if person.check_password(password) else None

    def has_perm(self, *_: Any, **__: Any) -> bool:
        """Django's own permissions are not used: the rulebook decides."""
        return False


def _named(login: str) -> Person | None:
    field = "email" if "@" in login else "staff_no"
    return Person.objects.annotate(key=Lower(field)).filter(key=login.strip().lower()).first()


class StaffAdapter(DefaultAccountAdapter):
    """allauth's hooks: closed sign-up, our limiter, our evidence, a session that knows the rights it began with."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are opened by the system administrator, never by oneself."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """Check within the limits; every failure looks and costs the same."""
        login = str(credentials.get("username") or credentials.get("email") or "").strip().lower()
        network = client.network(request)
        allowed = operations.attempt("network", network, limit=PER_NETWORK, window=NETWORK_WINDOW)
        allowed = operations.attempt("account", login, limit=PER_ACCOUNT, window=ACCOUNT_WINDOW) and allowed
        if not allowed:
            operations.refuse_sign_in(person=None, limited=True)
            raise ValidationError(
                _("尝试次数过多，请 5 分钟后再试。忘记密码请联系系统管理员重新邀请。"), code="too_many_login_attempts"
            )
        person = authenticate(request, username=login, password=credentials.get("password"))
        if person is None:
            known = _named(login)
            operations.refuse_sign_in(person=known.id if known else None, limited=False)
            return None
        operations.forgive("network", network)
        operations.forgive("account", login, all_of_them=True)
        return person  # type: ignore[return-value]

    def reauthenticate(self, user: Any, password: str) -> bool:
        """A fresh proof before the gravest acts, under the same limits."""
        return self.authenticate(self.request, username=user.staff_no, password=password) is not None

    def login(self, request: HttpRequest, user: Any) -> None:
        """Begin a session under a new key and remember the rights' epoch."""
        super().login(request, user)
        begin(request, user, way=getattr(request, "kx_way", "password"))

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """One sentence for every way of failing."""
        if code == "incorrect_password":
            return ValidationError(_("密码不对，请再试一次。"), code=code)
        return ValidationError(_("工号或密码不对。忘记密码请联系系统管理员重新邀请。"), code="mismatch")

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No greeting: the page one wanted is answer enough."""


def begin(request: HttpRequest, person: Person, *, way: str) -> None:
    """Mark a session that Django has just begun (its key is already a new one)."""
    at = int(time.time())
    request.session[EPOCH] = person.epoch
    request.session[BEGAN] = at
    request.session[SEEN] = at
    operations.begin_session(
        person.id,
        session_key=str(request.session.session_key),
        way=way,
        place=client.address(request),
        device=client.device(request),
    )


class SignInForm(LoginForm):
    """工号 or e-mail, password. Nothing is remembered beyond the browser session."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("remember", None)
        self.fields["login"] = forms.CharField(
            label=gettext_lazy("工号或邮箱"),
            max_length=254,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "spellcheck": "false"}),
        )
        self.fields["password"] = forms.CharField(
            label=gettext_lazy("密码"),
            max_length=128,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )
        self.order_fields(["login", "password"])

    def user_credentials(self) -> dict[str, str]:
        """One credential, whichever of the two was typed."""
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data.get("password", "")}
