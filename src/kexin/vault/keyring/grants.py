"""Rights of the database roles in the keyring. Only the worker re-wraps; nobody changes or removes a tombstone."""

GRANTS: dict[str, dict[str, str]] = {
    "keyring_epoch": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT, UPDATE"},
    "keyring_subjectkey": {"web": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, UPDATE, DELETE"},
    "keyring_filekey": {"web": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, UPDATE, DELETE"},
    "keyring_indexkey": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT, UPDATE, DELETE"},
    "keyring_tombstone": {"web": "SELECT, INSERT", "worker": "SELECT, INSERT"},
}
