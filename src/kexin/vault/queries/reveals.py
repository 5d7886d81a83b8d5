"""How much of today's quota of full views a person has used."""

from __future__ import annotations

from kexin.foundation.caller import Caller
from kexin.vault import quota
from kexin.vault.queries.asking import ask


def reveal_quota(caller: Caller) -> tuple[int, int]:
    """Values opened today, and how many a day are usual for this person."""
    return quota.used_and_quota(ask(caller))
