"""API tokens: a named person's, for some of that person's purposes, with an end."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kexin.evidence.operations import count_refusal
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.clock import cn, now
from kexin.foundation.problems import Invalid
from kexin.people import facts, queries
from kexin.people.models import ApiToken, RoleAssignment
from kexin.people.operations.decisions import demand, deny, line, locked
from kexin.people.rules.posts import HOST_SERVICES, Act
from kexin.people.types import NotEntitled, PersonNotFound, TokenMade

#: Longer than a year nobody remembers what a token is for.
LONGEST = timedelta(days=366)


def create_token(
    caller: Caller, *, person: uuid.UUID, label: str, purposes: Iterable[str], expires_at: datetime
) -> TokenMade:
    """Make a token for oneself (or, from the host's shell, for a named person). The secret is answered this once.

    A token cannot make tokens, and its purposes are some of the person's own.
    """
    at, label, wanted = now(), label.strip(), tuple(dict.fromkeys(purposes))
    if not 0 < len(label) <= 64:
        raise Invalid(_("请写明令牌的用处，1 到 64 个字符。"), errors=({"field": "label"},))
    if not at < expires_at <= at + LONGEST:
        raise Invalid(_("到期时间要在今天之后、一年以内。"), errors=({"field": "expires_at"},))
    with transaction.atomic():
        own = caller.kind is CallerKind.STAFF and caller.id == person and queries.principal(caller).is_current
        if not own and caller.service not in HOST_SERVICES:
            deny(caller, Act.REVOKE_TOKEN)
            raise NotEntitled(_("令牌只能由本人建立。"), remedy=_("请本人登录后在“我的账号”里建立。"))
        if not locked(person).is_active:
            raise PersonNotFound(_("这个账号已停用。"))
        beyond = [code for code in wanted if code not in facts.purposes(_roles(person))]
        if not wanted or beyond:
            raise Invalid(_("令牌的用途要从本人岗位的用途里选，至少一项。"), errors=({"field": "purposes", "not_own": beyond},))
        secret = queries.TOKEN_PREFIX + secrets.token_urlsafe(32)
        token = ApiToken.objects.create(
            person_id=person,
            label=label,
            digest=queries.digest_of(secret),
            ends=secret[-4:],
            purposes=list(wanted),
            created_at=at,
            expires_at=expires_at,
        )
        line(caller, "token.created", ref=token.id)
    return TokenMade(id=token.id, secret=secret, expires_at=expires_at)


def _roles(person: uuid.UUID) -> list[str]:
    """Posts in force: one whose time ran out lends its purposes to no token."""
    in_force = Q(revoked_at__isnull=True) & (Q(until__isnull=True) | Q(until__gt=now()))
    return list(RoleAssignment.objects.filter(in_force, person_id=person).values_list("role", flat=True))


def revoke_token(caller: Caller, *, token: uuid.UUID) -> bool:
    """End a token at once: one's own, or anyone's for the security administrator. False when it had ended."""
    with transaction.atomic():
        row = ApiToken.objects.select_for_update().filter(id=token).first()
        if row is None or row.person_id != caller.id:
            demand(caller, Act.REVOKE_TOKEN)
        if row is None or row.revoked_at is not None:
            return False
        ApiToken.objects.filter(id=token).update(revoked_at=now())
        line(caller, "token.revoked", ref=token)
    return True


def touch_token(token: uuid.UUID, *, used_on: date | None) -> None:
    """Remember the day of use (once a day: reading through the API must not cost a write each time). ``used_on``: what
    the look-up of the token found there."""
    today = cn(now()).date()
    if used_on != today:
        ApiToken.objects.filter(id=token).exclude(used_on=today).update(used_on=today)


def count_refused_token() -> None:
    """Count a bearer token that speaks for nobody; aggregated, because anybody can send any number of them."""
    count_refusal("token.refused")
