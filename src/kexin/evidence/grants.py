"""Who may do what on the ledger's tables: web writes intake and reads, the sequencer alone appends."""

GRANTS: dict[str, dict[str, str]] = {
    # FOR UPDATE SKIP LOCKED asks for UPDATE; the sequencer writes its own lines (refusals) through intake too.
    "evidence_intake": {"web": "INSERT", "worker": "INSERT", "sequencer": "SELECT, INSERT, UPDATE, DELETE"},
    "evidence_leaf": {"web": "SELECT", "worker": "SELECT", "sequencer": "SELECT, INSERT", "reader": "SELECT"},
    "evidence_payload": {"web": "SELECT", "worker": "SELECT, DELETE", "sequencer": "SELECT, INSERT"},
    "evidence_subject": {"web": "SELECT", "worker": "SELECT", "sequencer": "SELECT, INSERT", "reader": "SELECT"},
    "evidence_tile": {"web": "SELECT", "worker": "SELECT", "sequencer": "SELECT, INSERT", "reader": "SELECT"},
    "evidence_checkpoint": {"web": "SELECT", "worker": "SELECT", "sequencer": "SELECT, INSERT", "reader": "SELECT"},
    "evidence_keeperstate": {
        "web": "SELECT",
        "worker": "SELECT",
        "sequencer": "SELECT, INSERT, UPDATE",
        "reader": "SELECT",
    },
    "evidence_verification": {
        "web": "SELECT, INSERT, UPDATE",
        "worker": "SELECT, INSERT, UPDATE",
        "reader": "SELECT",
    },
    "evidence_refusal": {
        "web": "SELECT, INSERT, UPDATE",
        "worker": "SELECT, INSERT, UPDATE",
        "sequencer": "SELECT, UPDATE, DELETE",
    },
    "evidence_opencount": {"web": "INSERT, SELECT", "worker": "INSERT, SELECT, DELETE", "reader": "SELECT"},
    "evidence_openfinding": {"web": "SELECT", "worker": "SELECT, INSERT, UPDATE", "reader": "SELECT"},
    "evidence_reconciliation": {"web": "SELECT", "worker": "SELECT, INSERT, UPDATE", "reader": "SELECT"},
}
