"""Which database role may do what with this room's tables."""

GRANTS: dict[str, dict[str, str]] = {
    "crm_apirequest": {"web": "SELECT, INSERT, UPDATE, DELETE", "worker": "SELECT, DELETE"},
}
