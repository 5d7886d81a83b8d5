"""Claims the tables of libraries and of this room: none of them holds customer information, and here is why."""

from __future__ import annotations

from kexin.foundation.holding import impersonal
from kexin.regime.register import Unclaimed, register_holding, unclaimed

DECLARED = (
    impersonal(["site.Birth", "site.Heartbeat"], reason="facts about the installation itself"),
    impersonal(["site.Confirmation"], reason="which member of staff said that a backup and a recovery kit exist"),
    impersonal(
        ["sessions.Session", "account.EmailAddress", "account.EmailConfirmation", "auth.Group", "auth.Permission"],
        reason="sign-in of staff: a person's id and times; customers have no account here",
    ),
    impersonal(["contenttypes.ContentType"], reason="names of tables"),
    impersonal(
        [
            "procrastinate.ProcrastinateJob",
            "procrastinate.ProcrastinateEvent",
            "procrastinate.ProcrastinatePeriodicDefer",
            "procrastinate.ProcrastinateWorker",
        ],
        reason="queued work: ids, numbers, flags and short codes only (foundation.jobs refuses anything else)",
    ),
)


def register() -> None:
    """Claim them, once per process."""
    register_holding(*DECLARED)


def refuse_unclaimed() -> None:
    """Stop a process that knows a table which nobody could erase, export or account for."""
    from django.apps import apps

    found = unclaimed(model._meta.label for model in apps.get_models())
    if found:
        raise Unclaimed(f"no Holding claims {', '.join(found)}: write one, or impersonal(…), in the room's holdings.py")
