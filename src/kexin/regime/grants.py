"""What each database role may do with this room's tables; set-up applies it and a test compares it with the catalogue."""

from __future__ import annotations

GRANTS: dict[str, dict[str, str]] = {
    "regime_grant": {
        "web": "SELECT, INSERT, UPDATE, DELETE",
        "worker": "SELECT, INSERT, UPDATE, DELETE",
        "reader": "SELECT",
    },
    "regime_consentevent": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT"},
    "regime_consentstate": {
        "web": "SELECT, INSERT, UPDATE, DELETE",
        "worker": "SELECT, INSERT, UPDATE, DELETE",
        "reader": "SELECT",
    },
    "regime_receipt": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT"},
    "regime_notice": {"web": "SELECT, INSERT", "worker": "SELECT"},
    "regime_noticetext": {"web": "SELECT, INSERT", "worker": "SELECT"},
    "regime_rulebookversion": {"web": "SELECT, INSERT", "worker": "SELECT", "reader": "SELECT"},
    "regime_rulebooksignature": {"web": "SELECT, INSERT", "worker": "SELECT"},
    "regime_rulebookdraft": {"web": "SELECT, INSERT, UPDATE, DELETE", "worker": "SELECT"},
    "regime_rulebookimpact": {"web": "SELECT, INSERT, UPDATE, DELETE", "worker": "SELECT, UPDATE"},
    "regime_rulebookactivation": {"web": "SELECT, INSERT", "worker": "SELECT", "reader": "SELECT"},
}
