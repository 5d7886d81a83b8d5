"""DOOR: publishing a notice: from then on its bytes are fixed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from kexin.foundation.caller import Caller


def publish_notice(
    caller: Caller, *, texts: Mapping[str, bytes], kind: str = "general", major: bool = True
) -> uuid.UUID:
    """Fix a notice's bytes per language (zh always) as its next version; answers its id. One evidence line.

    ``major``: consents given under an older major version become stale (PIPL 14: a changed purpose, method or kind of
    information is asked for again); an editorial version leaves them alone. Raises NoticeInvalid, NotEntitled.
    """
    raise NotImplementedError
