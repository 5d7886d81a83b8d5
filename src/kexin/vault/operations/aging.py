"""The nightly change of age: who turns 14 or 18 is found by today's token, and nobody's birthday is opened for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.jobs import job
from kexin.regime import queries as regime
from kexin.vault import age
from kexin.vault.models import Subject, Upkeep
from kexin.vault.search.indexes import AGE, IndexDef, all_indexes
from kexin.vault.search.keyed import tokeniser
from kexin.vault.search.tokens import Tokeniser

_NAME = "age"
#: How far back a first run looks, in days; from then on it knows the day that it finished last.
_FIRST_DAYS = 400
#: People per transaction and evidence line.
BATCH = 500
#: Days asked about in one query.
_DAYS = 100
#: What a turn makes of whom.
_BECOMES = {age.YOUTH_YEARS: "minor", age.ADULT_YEARS: "adult"}

Token = tuple[str, int, bytes]


@job(name="vault.come_of_age", lock="vault.come_of_age")
def come_of_age(caller: Caller) -> Mapping[str, int]:
    """Set the age status of everybody who turned 14 or 18 since the last finished run, today included. Safe to run
    again and to kill anywhere: a turn is over when its token is gone, in the transaction that changed the record."""
    return {"changed": until(caller, today=clock.today_cn())}


def until(caller: Caller, *, today: date) -> int:
    """The same up to a given day; answers how many records changed."""
    bundle = regime.bundle_or_none()
    indexes = [one for one in all_indexes(bundle.attributes) if one.plan == AGE] if bundle else []
    done = Upkeep.objects.filter(name=_NAME).first()
    first = done.day if done else today - timedelta(days=_FIRST_DAYS)
    changed = 0
    if bundle is not None:
        days = [first + timedelta(days=ahead) for ahead in range((today - first).days + 1)]
        for some in _batched(days, _DAYS):
            changed += _turn(caller, _tokens(tokeniser(bundle, writing=True), indexes, some), bundle.sha256)
    Upkeep.objects.update_or_create(name=_NAME, defaults={"day": max(today, first), "at": clock.now()})
    return changed


def _batched(days: Sequence[date], size: int) -> Iterator[Sequence[date]]:
    for start in range(0, len(days), size):
        yield days[start : start + size]


def _tokens(made: Tokeniser, indexes: Sequence[IndexDef], days: Sequence[date]) -> dict[Token, int]:
    """Token -> years, for every index that tells a birthday, in every generation that is written."""
    return {
        token: years
        for index in indexes
        for years in _BECOMES
        for day in days
        for token in made.exact(index, age.word(years, day))
    }


def _turn(caller: Caller, tokens: Mapping[Token, int], rulebook: str) -> int:
    changed = 0
    while batch := _batch(caller, tokens, rulebook):
        changed += batch[1]
    return changed


def _batch(caller: Caller, tokens: Mapping[Token, int], rulebook: str) -> tuple[int, int] | None:
    """One transaction: find, lock, change, forget the turns, write the line. None when nothing is due."""
    with transaction.atomic():
        found = _due(list(tokens))
        if not found:
            return None
        years: dict[uuid.UUID, int] = {}
        for subject_id, *token in found:
            turn = tokens[token[0], token[1], bytes(token[2])]
            years[subject_id] = max(turn, years.get(subject_id, 0))
        rows = Subject.objects.select_for_update().filter(id__in=years).exclude(state="erased").order_by("id")
        grown = [row for row in rows if age.older(row.age_status, _BECOMES[years[row.id]])]
        for row in grown:
            row.age_status = _BECOMES[years[row.id]]
        Subject.objects.bulk_update(grown, ["age_status"])
        _forget(found)
        if grown:
            entry = Entry(
                event=Event.CUSTOMER_CAME_OF_AGE,
                decision="none",
                rulebook=rulebook,
                audit_ids=tuple(row.audit_id for row in grown if row.audit_id),
                count=len(grown),
            )
            evidence.note(caller, entry)
    return len(found), len(grown)


def _due(tokens: Sequence[Token]) -> list[tuple[Any, ...]]:
    """(subject, index, gen, token) by the primary key of the tokens: as many probes as days, whatever the table's size."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT t.subject_id, t.index, t.gen, t.token"
            " FROM unnest(%s::text[], %s::smallint[], %s::bytea[]) AS w(index, gen, token)"
            " CROSS JOIN LATERAL (SELECT * FROM vault_tokenexact x WHERE x.index = w.index AND x.gen = w.gen"
            " AND x.token = w.token LIMIT %s) t LIMIT %s",
            [[one[0] for one in tokens], [one[1] for one in tokens], [one[2] for one in tokens], BATCH, BATCH],
        )
        return list(cursor.fetchall())


def _forget(found: Sequence[tuple[Any, ...]]) -> None:
    """These turns are over."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "DELETE FROM vault_tokenexact t USING unnest(%s::uuid[], %s::text[], %s::smallint[], %s::bytea[])"
            " AS w(subject_id, index, gen, token) WHERE t.subject_id = w.subject_id AND t.index = w.index"
            " AND t.gen = w.gen AND t.token = w.token",
            [list(column) for column in zip(*found, strict=True)],
        )
