"""Having a draft's effect counted, and signing what was seen."""

from __future__ import annotations

import uuid
from datetime import datetime

from kexin.foundation.caller import Caller
from kexin.regime import operations as regime_operations
from kexin.regime import queries as regime
from kexin.regime.operations.publishing import Published
from kexin.regime.types import ImpactView


def assess(caller: Caller, *, draft: uuid.UUID, again: bool = False) -> ImpactView:
    """Have a draft's effect counted in the background; one that is still good is answered."""
    return regime_operations.assess_draft(caller, draft=draft, again=again)


def assess_version(caller: Caller, *, number: int, again: bool = False) -> ImpactView:
    """The same for a version that waits for its signature."""
    return regime_operations.assess_version(caller, number=number, again=again)


def sign(caller: Caller, *, impact: uuid.UUID, digest: str, signed_in_at: datetime | None) -> Published:
    """Sign what this counting is about: one's own draft (the first signature), or the version that waits (the second).
    ``digest`` comes from the page that showed it. Raises as `regime.publish_draft` and `regime.sign_rulebook`."""
    view = regime.impact(caller, impact=impact)
    waiting = regime.waiting(view.sha256)
    if waiting is not None:
        return regime_operations.sign_rulebook(caller, version=waiting.id, impact=digest, signed_in_at=signed_in_at)
    own = next((one for one in regime.open_drafts(caller) if one.mine and one.sha256 == view.sha256), None)
    if own is None:
        raise regime.DraftUnknown()
    return regime_operations.publish_draft(caller, draft=own.id, impact=digest, signed_in_at=signed_in_at)


def measure(caller: Caller) -> None:
    """Have the use of the catalogue measured in the background."""
    regime_operations.measure_use(caller)
