"""Any order of verbs: the database agrees with a model of a few lines, and what is erased stays erased."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.problems import Problem
from kexin.vault import envelopes, keys
from kexin.vault import operations as vault
from kexin.vault.envelopes import IDENTITY
from kexin.vault.models import Sealed, Subject
from kexin.vault.tests.worlds import ERASER, IMPORTER, QUALITY, SOURCE, customer


class Lifecycle(RuleBasedStateMachine):
    """The model: mobile and state per record, and who lives inside whom."""

    people = Bundle("people")
    merges = Bundle("merges")

    def __init__(self) -> None:
        super().__init__()
        self.mobile: dict[uuid.UUID, str] = {}
        self.state: dict[uuid.UUID, str] = {}
        self.inside: dict[uuid.UUID, uuid.UUID] = {}
        self.undone: set[uuid.UUID] = set()

    def usable(self, who: uuid.UUID) -> bool:
        return self.state[who] == "active"

    @rule(target=people, no=st.integers(0, 99))
    def admit(self, no: int) -> uuid.UUID:
        who = customer(no)
        self.mobile[who], self.state[who] = f"138{no:08d}", "active"
        return who

    @rule(who=people, no=st.integers(0, 99))
    def amend(self, who: uuid.UUID, no: int) -> None:
        ver = Subject.objects.get(id=who).ver
        verb = lambda: vault.amend(
            IMPORTER, subject=who, values={"mobile": f"139{no:08d}"}, expected_ver=ver, source=SOURCE
        )
        if self.usable(who):
            verb()
            self.mobile[who] = f"139{no:08d}"
        else:
            with pytest.raises(Problem):
                verb()

    @rule(who=people)
    def freeze_or_thaw(self, who: uuid.UUID) -> None:
        if self.state[who] == "frozen":
            vault.unfreeze(ERASER, subject=who)
            self.state[who] = "active"
        elif self.state[who] == "active" and who not in self.inside:
            vault.freeze(QUALITY, subject=who, ground="request")
            self.state[who] = "frozen"

    @rule(target=merges, source=people, other=people)
    def merge(self, source: uuid.UUID, other: uuid.UUID) -> Any:
        free = source != other and not {source, other} & set(self.inside)
        if free and self.usable(source) and self.usable(other):
            done = vault.merge(QUALITY, source=source, target=other)
            self.inside[source] = other
            return done
        with pytest.raises(Problem):
            vault.merge(QUALITY, source=source, target=other)
        return None

    @rule(done=merges)
    def unmerge(self, done: Any) -> None:
        if done is None or done.merge_id in self.undone:
            return
        if self.usable(done.source_id) and self.usable(done.target_id):
            vault.unmerge(QUALITY, merge_id=done.merge_id)
            self.undone.add(done.merge_id)
            del self.inside[done.source_id]

    @rule(who=people)
    def erase(self, who: uuid.UUID) -> None:
        asked = vault.erase(ERASER, subject=who)
        assert vault.continue_erasure(ERASER, erasure=asked.id).state == "done"
        family = {who}
        while more := {one for one, host in self.inside.items() if host in family} - family:
            family |= more
        for one in family:
            self.state[one] = "erased"

    @invariant()
    def the_house_agrees(self) -> None:
        for who, state in self.state.items():
            row = Subject.objects.get(id=who)
            assert row.state == state
            if state == "erased":
                assert not keys.generations(who) and not Sealed.objects.filter(subject_id=who).exists()
                continue
            assert row.visible == (who not in self.inside)
            noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
            opened = envelopes.open_values(envelopes.load(subjects=[who], entity=IDENTITY), noted=noted)
            assert opened["mobile"] == self.mobile[who]


@pytest.mark.usefixtures("house")
def test_any_order_of_verbs() -> None:
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=12, stateful_step_count=14, deadline=None,
            suppress_health_check=list(HealthCheck), database=None,
        ),
    )  # fmt: skip
