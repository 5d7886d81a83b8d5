"""Who may do what to the vault's tables: rights of the database roles, applied by set-up, compared in a test."""

_WORK = "SELECT, INSERT, UPDATE, DELETE"
_KEEP = "SELECT, INSERT, UPDATE"
_APPEND = "SELECT, INSERT"

GRANTS: dict[str, dict[str, str]] = {
    # Nobody deletes a subject: the empty place stays, so that ids and numbers are never reused.
    "vault_subject": {"web": _KEEP, "worker": _KEEP},
    "vault_merge": {"web": _WORK, "worker": _WORK},
    "vault_sealed": {"web": _WORK, "worker": _WORK},
    "vault_sealedhistory": {"web": _WORK, "worker": _WORK},
    "vault_installation": {"web": "SELECT", "worker": "SELECT", "sequencer": "SELECT", "reader": "SELECT"},
    "vault_tokenexact": {"web": _WORK, "worker": _WORK},
    "vault_tokengram": {"web": _WORK, "worker": _WORK},
    "vault_searchmisses": {"web": _KEEP, "worker": _KEEP},
    "vault_revealcount": {"web": _WORK, "worker": _WORK},
    "vault_trialrows": {"web": _WORK, "worker": _WORK},
    "vault_sourceact": {"web": _APPEND, "worker": _APPEND},
    "vault_provenance": {"web": _WORK, "worker": _WORK},
    "vault_reveal": {"web": _WORK, "worker": _WORK},
    "vault_disclosure": {"web": _WORK, "worker": _WORK},
    "vault_file": {"web": _KEEP, "worker": _KEEP},
    "vault_filechunk": {"web": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, DELETE"},
    "vault_filesubject": {"web": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, DELETE"},
    "vault_hold": {"web": _WORK, "worker": _WORK},
    "vault_erasure": {"web": _KEEP, "worker": _KEEP},
    "vault_erasurestep": {"web": _KEEP, "worker": _KEEP},
    "vault_rebuild": {"web": _KEEP, "worker": _KEEP},
    "vault_upkeep": {"web": _KEEP, "worker": _KEEP},
    "vault_usemeasure": {"web": _WORK, "worker": _WORK},
    "vault_watch": {"web": "SELECT, INSERT, DELETE", "worker": "SELECT, INSERT, DELETE"},
}
