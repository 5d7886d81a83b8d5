"""What the ledger holds on a person: nothing. Random audit ids stand in for customers, and their mapping dies with the key."""

from kexin.foundation.holding import impersonal

IMPERSONAL = (
    impersonal(
        (
            "evidence.Intake",
            "evidence.Leaf",
            "evidence.Payload",
            "evidence.Subject",
            "evidence.Tile",
            "evidence.Checkpoint",
            "evidence.KeeperState",
            "evidence.Verification",
            "evidence.Refusal",
            "evidence.OpenCount",
            "evidence.OpenFinding",
            "evidence.Reconciliation",
        ),
        reason="Codes, counts and hashes; customers appear as random audit ids whose mapping dies with their keys, "
        "details are bytes sealed by the vault under the same keys.",
    ),
)
