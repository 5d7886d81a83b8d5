"""Which database role may do what with this room's tables."""

GRANTS: dict[str, dict[str, str]] = {
    "privacy_erasurerequest": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT, UPDATE"},
}
