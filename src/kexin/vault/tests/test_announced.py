"""Every line announces at least what opens under it, whatever the verb; and there are few places that open at all."""

from __future__ import annotations

import ast
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kexin import vault as room
from kexin.evidence import operations as evidence
from kexin.evidence.types import FILE_CLASS, Event
from kexin.foundation import clock
from kexin.regime import queries as regime
from kexin.vault import operations as vault
from kexin.vault import queries
from kexin.vault.models import Sealed, Subject
from kexin.vault.operations import rebuilding
from kexin.vault.operations.reveal import NoValue
from kexin.vault.tests import views
from kexin.vault.tests.worlds import ERASER, IMPORTER, QUALITY
from kexin.vault.types import About
from kexin.vault.types_views import ContactUse


class Balance:
    """Announced and opened per line, envelopes and files apart."""

    def __init__(self) -> None:
        self.announced: dict[tuple[uuid.UUID, bool], int] = defaultdict(int)
        self.opened: dict[tuple[uuid.UUID, bool], int] = defaultdict(int)

    def check(self, *, opens: int, files: int = 0) -> None:
        """Nothing opened beyond its line, and so many opens in all (else the comparison would be empty)."""
        silent = {line: n for line, n in self.opened.items() if n > self.announced.get(line, 0)}
        assert not silent, f"opened and not announced: {silent}"
        assert sum(n for (_line, file), n in self.opened.items() if not file) == opens
        assert sum(n for (_line, file), n in self.opened.items() if file) == files


@pytest.fixture
def balance(db: None, monkeypatch: pytest.MonkeyPatch) -> Balance:
    views.put_in_force()
    kept = Balance()
    note, count = evidence.note_now, evidence.count_opens

    def noting(caller: Any, entry: Any) -> Any:
        noted = note(caller, entry)
        kept.announced[noted.intake_id, entry.event is Event.FILE_OPENED] += entry.opens
        return noted

    def counting(*, noted: Any, grade: int, opens: int = 1) -> None:
        kept.opened[noted.intake_id, grade == FILE_CLASS] += opens
        count(noted=noted, grade=grade, opens=opens)

    monkeypatch.setattr(evidence, "note_now", noting)
    monkeypatch.setattr(evidence, "count_opens", counting)
    return kept


def customer(owner: Any = None, **more: str) -> uuid.UUID:
    return views.customer(owner, email="a@example.cn", address="浙江省杭州市余杭区文一西路 969 号", **more)


def amended(subject: uuid.UUID, **change: Any) -> None:
    ver = Subject.objects.get(id=subject).ver
    vault.amend(IMPORTER, subject=subject, expected_ver=ver, source=views.SOURCE, **{"values": {}, **change})


def test_looking(balance: Balance) -> None:
    me = views.sales()
    one = customer(me, mobile="13812345678")
    queries.page(me, columns=["name", "mobile"])
    queries.card(me, subject=one)
    balance.check(opens=0)
    vault.reveal(me, subject=one, attribute="mobile", reason="verify")
    vault.contact(me, subject=one, attribute="mobile", use=ContactUse.CALL)
    with pytest.raises(NoValue):
        vault.reveal(me, subject=one, attribute="landline", reason="verify")
    balance.check(opens=3)
    assert queries.match(me, term="文一西路969号").rows
    balance.check(opens=4)


def test_amending_and_removing_with_a_history(
    balance: Balance, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """A re-seal opens old versions too."""
    one = customer()
    for number in range(2):
        amended(one, values={"mobile": f"1391111000{number}"})
    balance.check(opens=2)
    with django_capture_on_commit_callbacks(execute=True):
        amended(one, remove=["email"])
    balance.check(opens=2 + 1 + 2)


def test_merging_and_parting(balance: Balance) -> None:
    target, source = customer(), views.customer(None, wechat_id="yutong_chen")
    merged = vault.merge(QUALITY, source=source, target=target)
    vault.unmerge(QUALITY, merge_id=merged.merge_id)
    balance.check(opens=4)


def test_leaving_under_a_hold_and_asking_for_a_copy(balance: Balance) -> None:
    one = customer()
    for holding in regime.holdings():
        holding.export(ERASER, one)
    balance.check(opens=1)
    vault.place_hold(ERASER, subject=one, attributes=["mobile"], ground="tax")
    vault.continue_erasure(ERASER, erasure=vault.erase(ERASER, subject=one).id)
    balance.check(opens=2)


def test_a_walk_that_meets_a_damaged_record_looks_twice_under_two_lines(balance: Balance) -> None:
    people = [customer() for _number in range(3)]
    row = Sealed.objects.get(subject_id=people[1], entity="identity", grade=3)
    damaged = bytes(row.ct)[:-1] + bytes([bytes(row.ct)[-1] ^ 1])
    Sealed.objects.filter(subject_id=people[1], entity="identity", grade=3).update(ct=damaged)
    rows = list(Subject.objects.filter(id__in=people).order_by("id"))
    _changed, failed = rebuilding.bring_up(IMPORTER, rows, tokens=False, ref="rebuild:test")
    assert failed == 1
    balance.check(opens=6)


def test_files(balance: Balance) -> None:
    me = views.sales()
    ends = clock.now() + timedelta(days=1)
    kept = vault.keep_file(me, chunks=[b"x"], kind="upload", name="a.csv", expires_at=ends, about=About(purpose="presale"))
    balance.check(opens=0)
    for _time in range(2):
        vault.open_file(me, file=kept.id)
    balance.check(opens=0, files=2)


#: Who opens, and who fetches keys. Sealing fetches keys too; whatever opens with them passes `envelopes` or `files`.
OPENERS: dict[str, set[str]] = {
    "sealing.open_values": {"envelopes.py"},
    "file_keys.fetch": {"files.py"},
    "keys.fetch": {"envelopes.py", "operations/amend.py", "operations/rebuilding.py"},
    "sealing.open_bytes": set(),
    "sealing.unwrap": {"keys.py", "providers.py"},
    "crypto.gcm_open": {"files.py", "sealing.py"},
    "crypto.sm4_open": {"files.py", "sealing.py"},
    "crypto.siv_open": {"sealing.py"},
}


@pytest.mark.no_db
def test_values_are_opened_in_few_places() -> None:
    """A key that is fetched past the modules that count would open something that no comparison can see."""
    folder = Path(next(iter(room.__path__)))
    found: dict[str, set[str]] = {name: set() for name in OPENERS}
    for path in folder.rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            if name in found:
                found[name].add(str(path.relative_to(folder)))
    assert found == OPENERS
