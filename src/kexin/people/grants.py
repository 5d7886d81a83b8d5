"""What each database role may do with this room's tables; set-up applies it and a test compares it with the catalogue."""

from __future__ import annotations

GRANTS: dict[str, dict[str, str]] = {
    "people_department": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
    "people_person": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
    "people_roleassignment": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
    "people_apitoken": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
    "people_signin": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT, DELETE"},
    "people_attempt": {"web": "SELECT, INSERT, UPDATE, DELETE", "worker": "SELECT, DELETE"},
    "people_invitation": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
}
