"""Which cluster a table lives in: the keyring's tables in the keyring, everything else in the main database."""

from __future__ import annotations

from typing import Any

KEYRING_APP = "keyring"


class ClusterRouter:
    """The alias `evidence` is a second connection to the main database: it is asked for by name, never routed to."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str:
        return "keyring" if model._meta.app_label == KEYRING_APP else "default"

    def db_for_write(self, model: type[Any], **hints: Any) -> str:
        return self.db_for_read(model, **hints)

    def allow_relation(self, left: Any, right: Any, **hints: Any) -> bool:
        return bool((left._meta.app_label == KEYRING_APP) == (right._meta.app_label == KEYRING_APP))

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if db == "evidence":
            return False
        return (db == "keyring") == (app_label == KEYRING_APP)
