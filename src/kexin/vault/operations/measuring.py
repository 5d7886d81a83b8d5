"""How much each attribute is really used: the officer's page 数据利用 asks through regime; minimum necessity (PIPL 6, 19).

Two numbers per attribute. *Used*: values opened in full, used without being seen, exported or provided in the span; what
a list shows of open or masked values is nobody's use of one value and is not counted. *Filled*: people who have a value,
told by the display envelopes (grade 2: masked renderings) of everybody, or of a sample where there are many. Nothing of
grade 3 or 4 is opened, and only the totals are kept."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock, ids
from kexin.foundation.caller import Caller
from kexin.foundation.crypto import DoesNotOpen
from kexin.foundation.jobs import job
from kexin.regime import queries as regime
from kexin.regime import register as registry
from kexin.regime.types import AttributeDef, AttributeUse, DataUse
from kexin.vault import envelopes, masks
from kexin.vault.envelopes import DISPLAY
from kexin.vault.models import UseMeasure
from kexin.vault.types import KeyMissing

#: The span in which a use counts, in days (reviews.catalogue_unused of the shipped rulebooks).
DAYS = 90
#: People looked at; a house with no more than this is looked at whole.
SAMPLE = 2_000
BATCH = 200
#: A measuring is made again after this long, by the nightly timetable.
AGES_AFTER = timedelta(days=7)
#: One that has not ended after this long was lost with its worker.
LOST = timedelta(minutes=15)
_LIVING = "s.visible"
_USED = """
SELECT attribute, count(*), max(at) FROM vault_reveal WHERE at >= %(since)s GROUP BY attribute
UNION ALL
SELECT attribute, count(*), max(d.at) FROM vault_disclosure d, unnest(d.attributes) AS attribute
 WHERE d.at >= %(since)s GROUP BY attribute
"""


def register() -> None:
    """Tell regime who measures."""
    registry.register_measuring(registry.Measuring(read=read, begin=begin))


def read(caller: Caller) -> DataUse:
    """What was measured last. For who reads rulebooks; raises NotPermitted for anybody else."""
    regime.require(caller, "regime:rulebook:read")
    newest = UseMeasure.objects.order_by("-asked_at").first()
    row = UseMeasure.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
    busy = newest is not None and _under_way(newest)
    if row is None:
        return DataUse(days=DAYS, busy=busy)
    found = {
        key: AttributeUse(
            uses=one["uses"], last_on=date.fromisoformat(one["last_on"]) if one["last_on"] else None,
            filled=one["filled"], looked=one["looked"],
        )
        for key, one in row.attributes.items()
    }  # fmt: skip
    measured_on = clock.cn(row.finished_at).date() if row.finished_at else None
    return DataUse(
        attributes=found, measured_on=measured_on, days=row.days, observed=row.observed, looked=row.looked,
        people=row.people, busy=busy,
    )  # fmt: skip


def begin(caller: Caller) -> None:
    """Queue a measuring unless one is under way. Raises NotPermitted."""
    regime.require(caller, "regime:rulebook:publish", "regime:rulebook:read")
    _begin()


def measure_when_due() -> None:
    """Nightly: measure again what is a week old."""
    newest = UseMeasure.objects.order_by("-asked_at").first()
    if newest is None or newest.asked_at < clock.now() - AGES_AFTER:
        _begin()


def _begin() -> None:
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('vault.measure', 0))")
        newest = UseMeasure.objects.order_by("-asked_at").first()
        if newest is not None and _under_way(newest):
            return
        row = UseMeasure.objects.create(id=ids.uuid7(), asked_at=clock.now(), days=DAYS)
        measure_use.later(Caller.for_service("quality", purpose="quality", cause=f"measure:{row.id}"), measure=row.id)


def _under_way(row: UseMeasure) -> bool:
    return row.finished_at is None and row.asked_at > clock.now() - LOST


@job(name="vault.measure_use", lock="vault.measure")
def measure_use(caller: Caller, *, measure: uuid.UUID | str) -> None:
    """Background part of `begin`. Safe to run twice: what is finished stays."""
    row = UseMeasure.objects.filter(id=uuid.UUID(str(measure)), finished_at__isnull=True).first()
    if row is None:
        return
    catalogue = regime.bundle().attributes
    used = _used(row.days)
    people, row.observed, who = _sampled(str(row.id))
    filled, kinds = _filled(caller, who, ref=f"measure:{row.id}")
    row.attributes = {key: _of(one, used.get(key), filled[key], kinds) for key, one in catalogue.items() if one.collect}
    row.people, row.looked, row.finished_at = people, len(who), clock.now()
    row.save()
    UseMeasure.objects.filter(asked_at__lt=row.asked_at).delete()


def _of(attribute: AttributeDef, used: tuple[int, date] | None, filled: int, kinds: Counter[str]) -> dict[str, Any]:
    return {
        "uses": used[0] if used else 0,
        "last_on": used[1].isoformat() if used else "",
        "filled": filled,
        "looked": sum(kinds[kind] for kind in attribute.subject_kinds),
    }


def _used(days: int) -> Mapping[str, tuple[int, date]]:
    since = clock.now() - timedelta(days=days)
    found: dict[str, tuple[int, date]] = {}
    with connections["default"].cursor() as cursor:
        cursor.execute(_USED, {"since": since})
        for attribute, count, last in cursor.fetchall():
            before = found.get(attribute, (0, date.min))
            found[attribute] = (before[0] + count, max(before[1], clock.cn(last).date()))
    return found


def _sampled(seed: str) -> tuple[int, int, list[tuple[uuid.UUID, str, Mapping[str, Any], uuid.UUID | None]]]:
    """How many living people there are, since how many days, and a sample of them: id, kind, open values, audit id."""
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT count(*), min(s.created_at) FROM vault_subject s WHERE {_LIVING}")
        people, first = cursor.fetchone()
        days = (clock.now() - first).days if first else 0
        order = "ORDER BY hashtextextended(s.id::text, hashtext(%s))" if people > SAMPLE else ""
        sql = f"SELECT s.id, s.kind, s.facets::text, s.audit_id FROM vault_subject s WHERE {_LIVING} {order} LIMIT %s"
        cursor.execute(sql, [*([seed] if order else []), SAMPLE])
        return int(people), days, [(row[0], row[1], json.loads(row[2]), row[3]) for row in cursor.fetchall()]


def _filled(
    caller: Caller, who: Sequence[tuple[uuid.UUID, str, Mapping[str, Any], uuid.UUID | None]], *, ref: str
) -> tuple[Counter[str], Counter[str]]:
    """Attribute -> people who have a value; kind -> people looked at. One line for each batch, before it is opened."""
    filled: Counter[str] = Counter()
    kinds = Counter(kind for _id, kind, _facets, _audit in who)
    for start in range(0, len(who), BATCH):
        batch = who[start : start + BATCH]
        evidence.note_now(
            caller,
            Entry(
                event=Event.CUSTOMER_ANALYSED, decision="none", audit_item="A06", count=len(batch), ref=ref,
                audit_ids=tuple(audit for *_rest, audit in batch if audit),
            ),
        )  # fmt: skip
        displayed = _displayed([identity for identity, *_rest in batch])
        for identity, _kind, facets, _audit in batch:
            held = {key for key, value in facets.items() if value not in (None, "")} | displayed.get(identity, set())
            filled.update(held)
    return filled, kinds


def _displayed(subjects: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, set[str]]:
    """Which attributes each of these has a rendering of; what does not open is left out."""
    loaded = envelopes.load(subjects=subjects, entity=DISPLAY)
    try:
        opened = envelopes.open_all(loaded)
    except (DoesNotOpen, KeyMissing):
        opened = {}
        for one in loaded:
            try:
                opened |= envelopes.open_all([one])
            except (DoesNotOpen, KeyMissing):
                continue
    return {
        record[0]: {key for key, shown in values.items() if key != masks.STAMP and shown[1] not in (None, "")}
        for record, values in opened.items()
    }
