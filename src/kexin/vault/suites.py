"""Which suite new seals, keys and tokens are of: what the operator set, else the profile of the rulebook in force.

What is old stays as it was made and opens by its own header; a changed profile queues the work that brings everything
living over (`operations.rotation.follow_suite`, the walk of `operations.rebuilding`, `operations.generations`).
"""

from __future__ import annotations

import time

from django.conf import settings
from django.db import connections

from kexin.regime import queries as regime
from kexin.regime.types import Rulebook
from kexin.vault import sealing

#: How long a process may seal with what it knew before, in seconds; as long as it may hold keys.
KNOWN_S = 300
#: Name of the database -> (until, suite).
known: dict[str, tuple[float, int]] = {}


def in_force() -> int:
    """The suite of this moment, remembered for a few minutes: it decides how something is sealed, never whether.
    Before the first rulebook (set-up makes epochs then) suite 1. KEXIN_SUITE=3 is for key providers in FIPS modes."""
    if settings.KEXIN_SUITE:
        return int(settings.KEXIN_SUITE)
    database = str(connections["default"].settings_dict["NAME"])
    kept = known.get(database)
    if kept is None or kept[0] <= time.monotonic():
        bundle = regime.bundle_or_none()
        kept = (time.monotonic() + KNOWN_S, wanted(bundle.rulebook if bundle else None))
        known[database] = kept
    return kept[1]


def wanted(book: Rulebook | None) -> int:
    """The suite that a rulebook's profile asks for: ``crypto_suite: sm`` is suite 2 (国密)."""
    if settings.KEXIN_SUITE:
        return int(settings.KEXIN_SUITE)
    return sealing.SUITE_SM4 if book is not None and book.profile.crypto_suite == "sm" else sealing.SUITE_SIV
