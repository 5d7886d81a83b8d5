"""Which database role may do what with this room's tables."""

GRANTS: dict[str, dict[str, str]] = {
    "collection_importrun": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT, INSERT, UPDATE"},
    "collection_importbatch": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT"},
    "collection_importrejection": {"web": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, DELETE"},
    "collection_columnmemory": {"web": "SELECT, INSERT, UPDATE", "worker": "SELECT"},
}
