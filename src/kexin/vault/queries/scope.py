"""The governed set: which people a caller may touch with one action. Other rooms join it as `subject_id IN (scope)`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, final

from kexin.foundation.caller import Caller
from kexin.regime.types import Action, BulkPlan
from kexin.vault.queries.asking import Asking, ask
from kexin.vault.queries.compared import refuse_sealed
from kexin.vault.queries.filters import attributes_used, checked, compile_filters
from kexin.vault.types_views import Filter

_made_here = object()


@final
class Scope:
    """An opaque subquery of subject ids. Only `scope` makes one, for a Caller and an action; it holds conditions and
    parameters, never ids, so that a right that ends between two uses ends here too when the scope is asked again."""

    __slots__ = ("_params", "_sql", "action", "caller")

    def __init__(self, seal: object, *, caller: Caller, action: Action, sql: str, params: tuple[Any, ...]) -> None:
        if seal is not _made_here:
            raise TypeError("a Scope is made by vault.queries.scope, for a Caller")
        self.caller = caller
        self.action = action
        self._sql = sql
        self._params = params

    @property
    def sql(self) -> str:
        """``SELECT s.id …`` without parentheses: write it as ``subject_id IN (`` + sql + ``)``."""
        return self._sql

    @property
    def params(self) -> tuple[Any, ...]:
        """The parameters of `sql`, in order."""
        return self._params

    def __repr__(self) -> str:
        return f"<Scope {self.action.value}>"

    def __reduce__(self) -> Any:
        raise TypeError("a Scope is not stored: ask again")


def scope(caller: Caller, *, action: Action = Action.READ, filters: Iterable[Filter] = ()) -> Scope:
    """The people this caller may reach with this action (for at least one attribute), narrowed by filters that the
    caller may use. Raises AttributeRefused for a filter that a rule keeps away, UnknownAttribute for one that compares a
    sealed value: how many it finds, nobody would count."""
    asking, narrowed = ask(caller), checked(filters)
    refuse_sealed(asking, narrowed, action=action)
    _plan, condition, params = governed(asking, action=action, filters=narrowed)
    sql = f"SELECT s.id FROM vault_subject s WHERE {condition}"
    return Scope(_made_here, caller=caller, action=action, sql=sql, params=params)


def governed(
    asking: Asking,
    *,
    action: Action,
    filters: tuple[Filter, ...],
    sorts: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
) -> tuple[BulkPlan, str, tuple[Any, ...]]:
    """The plan over the whole catalogue, and its condition over alias ``s`` with parameters. The set of rows never
    depends on which columns somebody asks for."""
    used = attributes_used(filters)
    for key in (*used, *sorts, *groups):
        asking.attribute(key)
    plan = asking.plan(action, asking.attributes, filters=used, sorts=sorts, groups=groups)
    if plan.empty:
        return plan, "FALSE", ()
    narrowed = compile_filters(asking, filters)
    return plan, f"s.visible AND ({plan.row.text}) AND ({narrowed.text})", (*plan.row.params, *narrowed.params)
