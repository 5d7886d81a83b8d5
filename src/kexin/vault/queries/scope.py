"""The governed set: which people a caller may touch with one action. Other rooms join it as `subject_id IN (scope)`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kexin.foundation.caller import Caller
from kexin.regime.types import Action
from kexin.vault.types_views import Filter


@dataclass(frozen=True, slots=True)
class Scope:
    """An opaque subquery of subject ids with its parameters. Only `scope` makes one: there is none without a Caller."""

    sql: str
    params: tuple[object, ...]


def scope(caller: Caller, *, action: Action = Action.READ, filters: Iterable[Filter] = ()) -> Scope:
    """The people this caller may reach with this action, narrowed by filters that the caller may use."""
    raise NotImplementedError
