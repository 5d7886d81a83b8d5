"""Why do we have this? The seven lines behind one value, and everything that happened to it."""

from __future__ import annotations

import uuid

from kexin.foundation.caller import Caller
from kexin.vault.types_views import Why


def why(caller: Caller, *, subject: uuid.UUID, attribute: str) -> Why:
    """Source, purpose, basis, notice and consent, who saw it, who was given it, until when: for one value."""
    raise NotImplementedError
