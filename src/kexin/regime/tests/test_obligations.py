"""Duties as data against the reference: every row, its article, the day it came into force, and how sure we are of it.

Dates: law.md (its list of short names and §1), and where it is silent the final article of the stored text of the law
(LawRefBook/Laws, snapshot of 2025-04, read 2026-11-23). Reports of the press are S, what nobody confirmed is M.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from kexin.regime.rulebook.obligations import audit_items, obligations

pytestmark = pytest.mark.no_db

TODAY = date(2026, 11, 23)
#: law.md: the short names at its head, the tier table, §1.3–1.5.
IN_LAW_MD = {
    "ndr": "2025-01-01", "aud": "2025-05-01", "xbr": "2024-03-22", "scc": "2023-06-01", "inc": "2025-11-01",
    "min": "2024-01-01", "csl": "2026-01-01", "face": "2025-06-01", "con_rules": "2024-07-01", "sms": "2015-06-30",
    "iad": "2023-05-01", "dpo": "2025-07-18",
}  # fmt: skip
#: Final articles of the stored texts.
IN_THE_TEXT = {
    "pipl": "2021-11-01", "ndr": "2025-01-01", "dsl": "2021-09-01", "civ": "2021-01-01", "cry": "2023-07-01",
    "fra": "2022-12-01", "min": "2024-01-01", "con_fines": "2015-03-15", "adv": "2015-09-01", "ecl": "2019-01-01",
    "alg": "2022-03-01", "tax": "2002-10-15", "inv": "1993-12-23", "aml": "2025-01-01", "crd": "2013-03-15",
    "gb35273": "2020-10-01",
}  # fmt: skip
REPORTED = {"chd": "2019-10-01", "con": "2014-03-15", "acc": "2016-01-01"}
UNVERIFIED = {"ntm": "2021-05-01"}
#: law.md §1: rows by law, and what it marks weaker than V.
ROWS = Counter(
    {"PIPL": 50, "NDR": 24, "DSL": 6, "CSL": 7, "CIV": 2, "CRY": 1, "FRA": 1, "AUD": 7, "DPO": 1, "XB": 2, "SCC": 4,
     "INC": 4, "MIN": 5, "CHD": 1, "FACE": 1, "CON": 3, "ADV": 2, "SMS": 2, "NTM": 1, "IAD": 1, "ECL": 4, "ALG": 1,
     "TAX": 2, "ACC": 1, "AML": 1, "CRD": 1, "GB": 23}
)  # fmt: skip
WEAKER = {
    "MIN-37": "S", "CHD-1": "M", "FACE-1": "S", "CON-23": "S", "SMS-18": "S", "SMS-19": "S", "NTM-13": "M", "IAD-17": "M",
    "ACC-1": "M", "CSL-43": "S", "CSL-46": "S", "CSL-51": "S",
}  # fmt: skip
#: Rows whose article number nobody verified, or that have none: the number is left out, so that no page shows it.
WITHOUT_ARTICLE = {"DPO-1", "CHD-1", "FACE-1", "SMS-18", "SMS-19", "ACC-1"}


def test_every_row_of_the_reference_is_there_once() -> None:
    ids = [row.id for row in obligations()]
    assert len(set(ids)) == len(ids)
    assert Counter(one.split("-")[0] for one in ids) == ROWS


def test_dates_are_those_of_the_law_or_of_its_text() -> None:
    used = {row.source.key: row.source for row in obligations()}
    known = {**IN_LAW_MD, **IN_THE_TEXT, **REPORTED, **UNVERIFIED}
    assert {key: str(one.effective_from) for key, one in used.items() if one.effective_from} == known
    assert {key for key, one in used.items() if one.mark == "M"} == set(UNVERIFIED)
    assert all(used[key].mark == "S" for key in REPORTED)
    assert all(one.verified and one.effective_to is None for one in used.values())


def test_a_draft_obliges_nobody() -> None:
    """通信短信息和语音呼叫服务管理规定 was published for comments in 2020 and is not in force."""
    assert {row.id for row in obligations() if not row.in_force(TODAY)} == {"SMS-19"}


@pytest.mark.parametrize(
    ("identity", "day", "binds"),
    [
        ("CSL-23", date(2025, 12, 31), False),
        ("CSL-23", date(2026, 1, 1), True),
        ("PIPL-13", date(2021, 10, 31), False),
        ("INC-4", date(2025, 11, 1), True),
    ],
)
def test_an_old_audit_replays_against_the_law_of_its_day(identity: str, day: date, binds: bool) -> None:
    assert next(row for row in obligations() if row.id == identity).in_force(day) is binds


def test_what_is_weaker_is_marked_and_says_why() -> None:
    assert {row.id: row.mark for row in obligations() if row.mark != "V"} == WEAKER
    assert all(row.note for row in obligations() if row.mark != "V" and row.id != "FACE-1")
    assert {row.id for row in obligations() if not row.certain} == {"CHD-1", "NTM-13", "IAD-17", "ACC-1"}
    assert {row.id for row in obligations() if not row.article} == WITHOUT_ARTICLE


def test_rows_say_how_they_are_to_be_met() -> None:
    assert all(row.mode and row.chapter and row.duty and row.probe for row in obligations())


def test_the_checklist_is_the_annex() -> None:
    """26 items, 二 to 二十七; the wording from A20.2 on was not in the stored text."""
    items = audit_items()
    groups = list(dict.fromkeys(item.id[:3] for item in items))
    assert groups == [f"A{number:02}" for number in range(2, 27)]
    assert items[-1].id == "A26–27"
    at = next(place for place, item in enumerate(items) if item.id == "A20.2")
    assert {item.mark for item in items[:at]} == {"V"}
    assert {item.mark for item in items[at:]} == {"M"}
    assert len(items) == 82
