"""Between an answer's query and its opening: whoever is erased, or whose grant ends there, does not appear as he was."""

from __future__ import annotations

import io
import itertools
import uuid
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from kexin.evidence import operations as evidence
from kexin.evidence.types import Event
from kexin.regime import operations as regime
from kexin.vault import envelopes, queries
from kexin.vault import operations as vault
from kexin.vault.models import Subject
from kexin.vault.queries.opening import ATTEMPTS, Moved
from kexin.vault.tests import views
from kexin.vault.types import SubjectNotFound
from kexin.vault.types_views import Card, Page, Shown, Sort

NAME, MOBILE, EMAIL = "陈雨桐", "13812345678", "yt@example.cn"
COLUMNS = ["name", "mobile", "city"]
ANNOUNCED = (Event.CUSTOMER_LISTED, Event.CUSTOMER_SEARCHED, Event.CUSTOMER_OPENED, Event.RELEASE_STARTED)

QUESTIONS: dict[str, Callable[[Any, uuid.UUID], Any]] = {
    "page": lambda me, _one: queries.page(me, columns=COLUMNS),
    "page by pinyin": lambda me, _one: queries.page(me, columns=COLUMNS, sort=Sort(field="pinyin")),
    "match a phone": lambda me, _one: queries.match(me, term=MOBILE, columns=COLUMNS),
    "match a name": lambda me, _one: queries.match(me, term=NAME, columns=COLUMNS),
    "match an address": lambda me, _one: queries.match(me, term="文一西路969号", columns=COLUMNS),
    "match one character": lambda me, _one: queries.match(me, term="陈", columns=COLUMNS),
    "card": lambda me, one: queries.card(me, subject=one, columns=COLUMNS),
    "export": lambda me, _one: vault.release(me, columns=COLUMNS),
}
every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


@pytest.fixture(autouse=True)
def company(db: None) -> None:
    views.put_in_force()


@pytest.fixture
def after_the_line(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], list[Event]]:
    """From the call on something happens each time an answer's line was just committed; answers with those lines."""
    note = evidence.note_now

    def begin(happens: Callable[[], Any]) -> list[Event]:
        lines: list[Event] = []
        inside = False

        def noting(caller: Any, entry: Any) -> Any:
            nonlocal inside
            noted = note(caller, entry)
            if entry.event in ANNOUNCED and not inside:
                lines.append(entry.event)
                inside = True
                happens()
                inside = False
            return noted

        monkeypatch.setattr(evidence, "note_now", noting)
        return lines

    return begin


def customer(owner: Any) -> uuid.UUID:
    return views.customer(
        owner, name=NAME, mobile=MOBILE, email=EMAIL, city="杭州市", address="浙江省杭州市余杭区文一西路 969 号"
    )


def erase(one: uuid.UUID) -> None:
    officer = views.sales("rights", "dpo")
    vault.continue_erasure(officer, erasure=vault.erase(officer, subject=one).id)


def cells(answer: Any, me: Any, one: uuid.UUID) -> dict[str, str] | None:
    """What an answer shows of this person: attribute -> text; None when the person is not in it."""
    if isinstance(answer, Card):
        return None if answer.gone else {key: cell.text for key, cell in answer.cells.items()}
    if isinstance(answer, Page):
        row = next((row for row in answer.rows if row.id == one), None)
        return {key: row.cells[key].text for key in COLUMNS} if row else None
    _name, chunks = vault.open_file(me, file=answer.file_id)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(chunks)))
    rows = [[cell.value or "" for cell in row] for row in book.active.iter_rows(min_row=3)]
    return dict(zip(COLUMNS, rows[0][1:], strict=True)) if rows else None


@every_question
def test_whoever_is_erased_between_the_query_and_the_opening_is_not_in_the_answer(
    question: Callable[[Any, uuid.UUID], Any], after_the_line: Any
) -> None:
    me = views.sales()
    one = customer(me)
    assert cells(question(me, one), me, one), "the question shows the person while nothing happens"
    after_the_line(lambda: Subject.objects.get(id=one).state == "active" and erase(one))
    assert cells(question(me, one), me, one) is None


@every_question
def test_a_grant_that_ends_between_the_query_and_the_opening_counts_no_more(
    question: Callable[[Any, uuid.UUID], Any], after_the_line: Any
) -> None:
    me = views.sales()
    one = customer(me)
    before = cells(question(me, one), me, one)
    assert before and "陈" in before["name"]
    lines = after_the_line(lambda: regime.end_grant(views.importer(), subject=one, relation="owner"))
    shown = cells(question(me, one), me, one)
    assert shown is None or (shown["name"] != before["name"] and "雨桐" not in shown["name"]), shown
    assert len(lines) == 2, "asked again under a line of its own"


@every_question
@pytest.mark.parametrize("change", ["frozen", "minor", "discarded"])
def test_a_state_that_changes_between_the_query_and_the_opening_counts(
    question: Callable[[Any, uuid.UUID], Any], change: str, after_the_line: Any
) -> None:
    me = views.sales()
    one = customer(me)
    changes: dict[str, Callable[[], Any]] = {
        "frozen": lambda: Subject.objects.filter(id=one).update(state="frozen"),
        "minor": lambda: Subject.objects.filter(id=one).update(age_status="minor"),
        "discarded": lambda: Subject.objects.filter(id=one, discarded_at=None).update(discarded_at="2026-11-23T00:00Z"),
    }
    after_the_line(changes[change])
    try:
        shown = cells(question(me, one), me, one)
    except SubjectNotFound:
        shown = None
    assert not shown or not any(shown.values())


@every_question
def test_an_answer_that_never_settles_is_withheld_and_nothing_was_opened(
    question: Callable[[Any, uuid.UUID], Any], after_the_line: Any, fetched: list[Any]
) -> None:
    me = views.sales()
    one = customer(me)
    ages = itertools.cycle(["adult", "unknown"])
    lines = after_the_line(lambda: Subject.objects.filter(id=one).update(age_status=next(ages)))
    fetched.clear()
    with pytest.raises(Moved) as withheld:
        question(me, one)
    assert withheld.value.status == 503 and len(lines) == ATTEMPTS and fetched == []


def test_nobody_waits_for_others_who_changed_nothing_that_was_asked(after_the_line: Any) -> None:
    """A stranger's grant, another customer, a new version of nothing decided: one line, one answer."""
    me = views.sales()
    one, other = customer(me), views.customer(None)

    def elsewhere() -> None:
        regime.grant(views.importer(), subject=one, principal=uuid.uuid4(), relation="owner")
        Subject.objects.filter(id=other).update(state="frozen")

    lines = after_the_line(elsewhere)
    assert queries.card(me, subject=one).cells["name"].shown is Shown.FULL
    assert len(lines) == 1


def test_what_a_search_verifies_by_opening_is_looked_at_again_too(
    after_the_line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address is compared by opening grade 3: the person who leaves after the display was open stays shut."""
    me = views.sales()
    one = customer(me)
    opened: list[int] = []
    real = envelopes.open_all

    def opening(loaded: Any, **options: Any) -> Any:
        answer = real(loaded, **options)
        opened.extend(envelope.grade for envelope in loaded)
        Subject.objects.filter(id=one, state="active").update(state="erasing")
        return answer

    monkeypatch.setattr(envelopes, "open_all", opening)
    assert not queries.match(me, term="文一西路969号", columns=COLUMNS).rows
    assert 3 not in opened
