"""Rows for analysis: pseudonyms and coarse values, no way back to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import crypto
from kexin.foundation.caller import Caller
from kexin.regime.types import Action, Outcome, Sql
from kexin.vault.queries.asking import ask
from kexin.vault.queries.compared import refuse_sealed
from kexin.vault.queries.filters import BadFilter, attributes_used, checked, compile_filters
from kexin.vault.queries.page import checked_columns
from kexin.vault.types_views import FeatureRow, Features, Filter, UnknownAttribute

_PSEUDONYM_CHARS = 24


def features(caller: Caller, *, columns: Iterable[str], filters: Iterable[Filter] = (), k: int = 5) -> Features:
    """Open values of the people whom this caller may analyse. Sealed values never come this way.

    A pseudonym is an HMAC under a key that lives only as long as this call: two runs cannot be joined. Every
    combination of values stands for at least ``k`` people (never below the rulebook's k_internal); the others are
    withheld and counted. The line `customer.analysed` names the count.
    """
    asking = ask(caller)
    asked, narrowed = checked_columns(asking, columns), checked(filters)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= 1_000_000:
        raise BadFilter(_("最小人数应当是整数"))
    k = max(k, asking.bundle.rulebook.controls.k_internal)
    refuse_sealed(asking, narrowed, action=Action.ANALYSE)
    plan = asking.plan(Action.ANALYSE, asked, filters=attributes_used(narrowed))
    if any(asking.attributes[key].storage != "facet" for key in asked):
        raise UnknownAttribute(_("这项信息已加密，不进入分析"))
    denied = next((key for key in asked if plan.columns.get(key, Outcome.DENY) is Outcome.DENY), None)
    if denied is not None:
        raise asking.refusal(denied, plan.denials.get(denied))
    where = compile_filters(asking, narrowed)
    pieces: list[Sql] = []
    for key in asked:
        outcome = plan.columns[key]
        value = Sql("s.facets ->> %s", (key,))
        if isinstance(outcome, Sql):
            value = Sql(f"CASE WHEN ({outcome.text}) = 'allow' THEN s.facets ->> %s END", (*outcome.params, key))
        pieces.append(value)
    chosen = "".join(f", ({piece.text})" for piece in pieces)
    sql = f"SELECT s.id{chosen} FROM vault_subject s WHERE s.visible AND ({plan.row.text}) AND ({where.text})"
    params = [value for piece in pieces for value in piece.params]
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, (*params, *plan.row.params, *where.params))
        rows = [] if plan.empty else cursor.fetchall()
    sizes = Counter(row[1:] for row in rows)
    kept = [row for row in rows if sizes[row[1:]] >= k]
    evidence.note(
        asking.caller,
        Entry(
            event=Event.CUSTOMER_ANALYSED,
            decision="allow",
            action=Action.ANALYSE.value,
            rule_ids=plan.rule_ids,
            rulebook=asking.bundle.sha256,
            count=len(kept),
        ),
    )
    run = crypto.random_bytes(crypto.KEY_BYTES)
    return Features(
        k=k,
        withheld=len(rows) - len(kept),
        rows=tuple(
            FeatureRow(
                pseudonym=crypto.hmac_sha256(run, row[0].bytes).hex()[:_PSEUDONYM_CHARS],
                values={key: value or "" for key, value in zip(asked, row[1:], strict=True)},
            )
            for row in kept
        ),
    )
