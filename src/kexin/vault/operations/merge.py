"""Two records found to be one person, and the way back."""

from __future__ import annotations

import uuid

from kexin.foundation.caller import Caller
from kexin.vault.types import MergeResult


def merge(caller: Caller, *, source: uuid.UUID, target: uuid.UUID) -> MergeResult:
    """Fold `source` into `target`: the survivor keeps its values and takes those it lacks."""
    raise NotImplementedError


def unmerge(caller: Caller, *, merge_id: uuid.UUID) -> MergeResult:
    """Undo a merge: the source returns byte for byte; later work on the survivor stays."""
    raise NotImplementedError
