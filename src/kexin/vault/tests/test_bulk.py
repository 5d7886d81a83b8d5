"""Records by the thousand: what they cost in statements, and that they are what single ones are."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import canonical
from kexin.regime import queries as regime
from kexin.vault import bulk, copying, envelopes, records
from kexin.vault import operations as vault
from kexin.vault.envelopes import IDENTITY
from kexin.vault.models import Subject
from kexin.vault.operations.admit import sharing
from kexin.vault.search import normal
from kexin.vault.tests import worlds
from kexin.vault.tests.worlds import IMPORTER, SOURCE


def opened(subject: uuid.UUID) -> dict[str, str]:
    noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    return envelopes.open_values(envelopes.load(subjects=[subject], entity=IDENTITY), noted=noted)


@pytest.mark.usefixtures("open_house")
def test_a_long_input_is_sealed_by_other_processes_too() -> None:
    rows = (worlds.values(number) for number in range(8_100))
    done = vault.admit_many(IMPORTER, rows=rows, source=SOURCE, want_ids=True)
    assert (done.admitted, done.batches, done.refused) == (8_100, 9, ())
    assert Subject.objects.count() == len(set(done.subject_ids)) == 8_100
    mobiles = [opened(one)["mobile"] for one in done.subject_ids[::150]]
    assert mobiles == [worlds.values(number)["mobile"] for number in range(0, 8_100, 150)]
    numbers = list(Subject.objects.order_by("id").values_list("number", flat=True))
    assert len(set(numbers)) == 8_100


@pytest.mark.usefixtures("house")
def test_a_thousand_rows_cost_as_many_statements_as_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[str] = []
    real = copying.copy
    monkeypatch.setattr(
        copying, "copy", lambda cursor, target, lines: (copies.append(target), real(cursor, target, lines))[1]
    )

    def cost(count: int, start: int) -> tuple[int, int, int]:
        copies.clear()
        rows = [worlds.values(start + number) for number in range(count)]
        with (
            CaptureQueriesContext(connections["default"]) as main,
            CaptureQueriesContext(connections["keyring"]) as keyring,
        ):
            assert vault.admit_many(IMPORTER, rows=rows, source=SOURCE).admitted == count
        return len(main), len(keyring), len(copies)

    vault.admit_many(IMPORTER, rows=[worlds.values(9_999)], source=SOURCE)
    few, many = cost(60, 0), cost(1_000, 100)
    assert few == many
    assert many[2] == 6, "five tables and the keys"
    assert many[:2] == (17, 4), "savepoints of the test included"


@pytest.mark.usefixtures("house")
def test_one_record_costs_few_statements_and_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "copy", lambda *_: pytest.fail("COPY for one record"))
    vault.admit(IMPORTER, values=worlds.values(1), source=SOURCE)
    with (
        CaptureQueriesContext(connections["default"]) as main,
        CaptureQueriesContext(connections["keyring"]) as keyring,
    ):
        vault.admit(IMPORTER, values=worlds.values(2), source=SOURCE)
    assert [query["sql"][:6] for query in keyring.captured_queries] == ["SELECT", "INSERT"]
    assert len(main) <= 9, [query["sql"][:70] for query in main.captured_queries]


@pytest.mark.usefixtures("house")
def test_rows_that_differ_in_a_facet_that_rules_name_are_decided_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single decision = bulk decision: the first row's facts never decide about the second."""
    real = regime.decide
    asked: list[Any] = []

    def spy(caller: Any, **given: Any) -> Any:
        asked.append(dict(given["subject"].facets))
        return real(caller, **given)

    monkeypatch.setattr(regime, "decide", spy)
    monkeypatch.setattr(records, "facets_named", lambda bundle: frozenset({"city"}))
    rows = [
        worlds.values(1, city="\u676d\u5dde\u5e02"),
        worlds.values(2, city="\u5b81\u6ce2\u5e02"),
        worlds.values(3, city="\u676d\u5dde\u5e02"),
    ]
    assert vault.admit_many(IMPORTER, rows=rows, source=SOURCE).admitted == 3
    assert [one["city"] for one in asked] == ["\u676d\u5dde\u5e02", "\u5b81\u6ce2\u5e02"]


@pytest.mark.usefixtures("house")
def test_tokens_are_found_alone_and_by_the_hundred() -> None:
    catalogue = records.Catalogue.now()
    done = vault.admit_many(IMPORTER, rows=[worlds.values(n) for n in range(80)], source=SOURCE, want_ids=True)
    prepared = [
        records.prepare(worlds.values(n), bundle=catalogue.bundle, purpose=SOURCE.purpose, kind="person")
        for n in range(80)
    ]
    wanted = [row for one in prepared for row in bulk.exact_tokens(records.tokens_of(one, catalogue))]
    assert {row[0] for row in sharing(wanted)} == set(done.subject_ids)
    assert {row[0] for row in sharing(wanted[:1])} == {done.subject_ids[0]}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"b": "1", "a": ["m", '\u9648"\\\n\u0001\u007f']},
        {"n": 2**63, "m": -1, "t": True, "x": None},
        {"\u00e9": "\U00020000/"},
    ],
)
def test_plain_bytes_are_canonical_bytes(value: dict[str, Any]) -> None:
    assert canonical.dumps_plain(value) == canonical.dumps(value)


def test_what_is_already_in_normal_form_is_left_alone() -> None:
    for code in (*range(0x30, 0x3A), *range(0x61, 0x7B), *range(0x4E00, 0xA000)):
        assert normal._once(normal._once(chr(code))) == chr(code) == normal.searchable(chr(code))
