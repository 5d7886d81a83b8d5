"""Opening what an answer shows: envelopes and the facts behind them from one snapshot, after the line is committed.

A list is decided by one statement, announced by a second, and its envelopes are fetched by a third. Whoever is erased,
or whose grant, consent, state or age changes between the first and the third, would appear as he was. So the third
statement reads state and standing again beside each envelope: where one of all rows is not as it was decided, nothing
is opened and the question is asked again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.crypto import DoesNotOpen
from kexin.foundation.database import prepared
from kexin.foundation.problems import Unavailable
from kexin.regime import queries as regime
from kexin.regime.types import Action, Standing, SubjectFacts
from kexin.vault import envelopes
from kexin.vault.envelopes import DISPLAY, Envelope
from kexin.vault.queries.asking import Asking
from kexin.vault.queries.rows import Displayed, Raw
from kexin.vault.types import KeyMissing, KeyringDown, SubjectErased

T = TypeVar("T")

#: How often a question is asked before it gives up: each time somebody it is about changed while it was answered.
ATTEMPTS = 3
#: Rows of an answer that are decided again, singly.
_SAMPLE = 2


class Moved(Unavailable):
    """Somebody whom the answer is about changed (erased, frozen, a grant or consent ended) while it was drawn."""

    code = "customer-moved"
    title = _("客户信息刚刚有变化，请再试一次")


class PlanMismatch(Unavailable):
    """A row of a bulk answer that a single decision sees differently. The answer is withheld (invariant I6)."""

    code = "plan-mismatch"
    title = _("这次查询被暂停：逐条复核与批量结果不一致，已通知管理员")


def settled(ask: Callable[[], T]) -> T:
    """The answer of a question; asked again when somebody whom it is about was erased or changed meanwhile."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return ask()
        except (SubjectErased, Moved):
            continue
    return ask()


#: The standing comes from `subject_facts`, which is written otherwise than the join that decided the rows: a join that
#: is wrong would else agree with itself.
_STILL = """
SELECT s.id, s.kind, s.state, s.age_status, s.unproven, s.facets, s.contact_at, s.created_at, f.relations, f.consents,
       e.entity_id, e.grade, e.ver, e.suite, e.key_gen, e.ct
  FROM vault_subject s
  LEFT JOIN ({standing}) AS f ON f.subject_id = s.id
  LEFT JOIN vault_sealed e ON e.subject_id = s.id AND e.entity = %(entity)s
        AND (%(grades)s::smallint[] IS NULL OR e.grade = ANY(%(grades)s::smallint[]))
 WHERE s.id {those} AND s.visible
"""
_THOSE = {True: "= %(id)s::uuid", False: "= ANY(%(ids)s::uuid[])"}


def unchanged(
    asking: Asking,
    rows: Sequence[Raw],
    held: Mapping[uuid.UUID, Standing],
    *,
    entity: str,
    grades: Collection[int] | None = None,
    action: Action = Action.READ,
) -> list[Envelope]:
    """The envelopes of these rows, still closed, from a snapshot in which every row is what it was decided as.

    Raises Moved where one is not. Some rows are decided again, singly (regime.md, proof 4): a difference withholds the
    whole answer with PlanMismatch and leaves a line in the ledger.
    """
    if not rows:
        return []
    one = len(rows) == 1
    standing, named = regime.facts_lookup(asking.actor, one=one)
    those = {"id": rows[0].id} if one else {"ids": [row.id for row in rows]}
    asked = {**those, "entity": entity, "grades": list(grades) if grades is not None else None}
    seen: dict[uuid.UUID, SubjectFacts] = {}
    found: list[Envelope] = []
    for row in prepared(_STILL.format(standing=standing, those=_THOSE[one]), {**named, **asked}):
        if row[0] not in seen:
            seen[row[0]] = _facts(asking, row)
        if row[10] is not None:
            entity_id, grade, ver, suite, key_gen, ct = row[10:]
            found.append(Envelope(row[0], entity, entity_id, grade, ver, suite, key_gen, bytes(ct)))
    if not all(_same(row, held[row.id], seen.get(row.id)) for row in rows):
        raise Moved
    _decide_again(asking, rows, seen, action)
    return found


def _same(row: Raw, held: Standing, seen: SubjectFacts | None) -> bool:
    """Whether somebody is as decided. Consents at which no rule of the question looked may change."""
    if seen is not None and held.consents is None:
        seen = replace(seen, consents={})
    return seen == row.facts(held)


def _facts(asking: Asking, row: Sequence[Any]) -> SubjectFacts:
    standing = regime.standing_of(asking.actor, row[8] or (), row[9])
    return SubjectFacts(
        id=row[0],
        kind=row[1],
        state=row[2],
        age_status=row[3],
        unproven=row[4],
        facets=json.loads(row[5]) if isinstance(row[5], str) else row[5],
        grants=standing.grants,
        consents=standing.consents or {},
        contact_at=row[6],
        created_at=row[7],
    )


def _decide_again(
    asking: Asking, rows: Sequence[Raw], seen: Mapping[uuid.UUID, SubjectFacts], action: Action
) -> None:
    """The first row, and others spread over the answer."""
    for row in rows[:: max(1, len(rows) // _SAMPLE)][:_SAMPLE]:
        decision = asking.decide(action, seen[row.id], row.read)
        single = {key: decision.outcomes[key].outcome.value for key in row.read}
        if single != dict(row.read):
            evidence.note_now(
                asking.caller,
                Entry(
                    event=Event.ACCESS_DENIED,
                    decision="deny",
                    action=action.value,
                    ref="plan-mismatch",
                    count=len(rows),
                ),
            )
            raise PlanMismatch(missing=tuple(sorted(key for key in single if single[key] != row.read[key])))


def open_displays(
    asking: Asking, rows: Sequence[Raw], held: Mapping[uuid.UUID, Standing], *, action: Action = Action.READ
) -> Displayed:
    """Open display envelopes with one question to the keyring. Unreachable keys close every cell but not the list;
    one damaged envelope closes its own row. Raises Moved and PlanMismatch (see `unchanged`), and SubjectErased for
    somebody whose keys burned even later: `settled` asks again."""
    loaded = unchanged(asking, rows, held, entity=DISPLAY, action=action)
    try:
        opened = envelopes.open_all(loaded)
    except (KeyringDown, KeyMissing):
        return Displayed({}, frozenset(row.id for row in rows))
    except DoesNotOpen:
        return _open_singly(loaded)
    return Displayed({record[0]: values for record, values in opened.items()})


def _open_singly(loaded: Sequence[Envelope]) -> Displayed:
    values: dict[uuid.UUID, Mapping[str, Any]] = {}
    closed: set[uuid.UUID] = set()
    for one in loaded:
        try:
            values[one.subject_id] = envelopes.open_values([one])
        except DoesNotOpen:
            closed.add(one.subject_id)
    return Displayed(values, frozenset(closed))
