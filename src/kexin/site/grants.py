"""Rights of the database roles on this room's tables and on those of libraries; the format is that of every room."""

from __future__ import annotations

_ALL = "SELECT, INSERT, UPDATE, DELETE"

GRANTS: dict[str, dict[str, str]] = {
    "site_birth": {"web": "SELECT", "worker": "SELECT", "sequencer": "SELECT", "reader": "SELECT"},
    "site_heartbeat": {"web": "SELECT", "worker": "SELECT, INSERT, UPDATE", "sequencer": "SELECT, INSERT, UPDATE"},
    "site_confirmation": {"web": "SELECT, INSERT", "reader": "SELECT"},
    # Libraries. Sessions are the web's; the worker may only sweep expired ones.
    "django_session": {"web": _ALL, "worker": "SELECT, DELETE"},
    "django_content_type": {"web": "SELECT", "worker": "SELECT"},
    "django_migrations": {"web": "SELECT", "worker": "SELECT"},
    # procrastinate: web queues (the job's trigger also writes its first event), the worker does the rest.
    "procrastinate_jobs": {"web": "SELECT, INSERT", "worker": _ALL},
    "procrastinate_events": {"web": "SELECT, INSERT", "worker": _ALL},
    "procrastinate_periodic_defers": {"worker": _ALL},
    "procrastinate_workers": {"worker": _ALL},
    # Sign-in by 工号 needs no allauth address book; the app is installed for its views and forms alone.
    "account_emailaddress": {"web": "SELECT"},
    "account_emailconfirmation": {},
    "auth_group": {},
    "auth_group_permissions": {},
    "auth_permission": {},
}
