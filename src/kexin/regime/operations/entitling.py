"""Who drafts and signs rulebooks, and how lately they proved who they are."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.problems import Refused
from kexin.people import queries as people
from kexin.regime.queries import rulebook as stored
from kexin.regime.queries.permissions import proof_holds


class NotPublisher(Refused):
    """Somebody else drafts or signs rulebooks."""

    code = "not-publisher"
    title = _("没有签署：您的岗位不能起草或签署制度")


class FreshProofNeeded(Refused):
    """A signature asks for a recent proof of identity (`controls.fresh_signin`)."""

    code = "fresh-proof-needed"
    title = _("没有签署：请先再确认一次身份")


def entitled(caller: Caller, *permissions: str) -> None:
    """Named people only, under the rulebook that is in force now (a draft cannot name its own signers)."""
    roles = people.principal(caller).roles if caller.kind in (CallerKind.STAFF, CallerKind.TOKEN) else ()
    if not any(stored.permitted(roles, permission) for permission in permissions):
        raise NotPublisher(who="dpo")


def proved_lately(caller: Caller, signed_in_at: datetime | None) -> None:
    """Refuse a signature of a session whose person proved who they are too long ago. A token of a named person is its
    own proof: it is kept like a key (0600) and never lies in a browser."""
    if caller.kind is not CallerKind.TOKEN and not proof_holds(signed_in_at):
        raise FreshProofNeeded(_("签署前须重新登录或输入密码。"), remedy=_("确认身份后回到此页再签署，已填写的内容都还在。"))
