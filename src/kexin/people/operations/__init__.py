"""Verbs on staff: one verb, one transaction, one decision, one evidence line."""

from kexin.people.operations.invitations import invite, redeem_invitation
from kexin.people.operations.roles import assign_role, revoke_role
from kexin.people.operations.signing import (
    attempt,
    begin_session,
    change_password,
    end_session,
    forgive,
    refuse_sign_in,
)
from kexin.people.operations.staff import create_department, create_person, deactivate, set_lead
from kexin.people.operations.tokens import count_refused_token, create_token, revoke_token, touch_token
from kexin.people.operations.upkeep import forget_old_sign_ins

__all__ = [
    "assign_role",
    "attempt",
    "begin_session",
    "change_password",
    "count_refused_token",
    "create_department",
    "create_person",
    "create_token",
    "deactivate",
    "end_session",
    "forget_old_sign_ins",
    "forgive",
    "invite",
    "redeem_invitation",
    "refuse_sign_in",
    "revoke_role",
    "revoke_token",
    "set_lead",
    "touch_token",
]
