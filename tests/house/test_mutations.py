"""The list of mutations stays true: each edit still fits the source, each named test exists, and duties are proved by it.

That the tests really go red is shown by `make torture` (`python -m tests.mutations`).
"""

from __future__ import annotations

import pytest

from kexin.regime.rulebook.obligations import obligations
from tests.mutations.listed import PAGE, mutations, node, page, unfit

pytestmark = pytest.mark.no_db

#: Duties of which a test was seen red when the enforcement was taken away. May only grow.
PROVED = 74


def test_every_mutation_fits_the_source_as_it_is() -> None:
    wrong = [reason for one in mutations() for reason in unfit(one)]
    assert not wrong, "the source moved on, so move the edit along (tests/mutations/*.toml):\n" + "\n".join(wrong)
    words = [one.words for one in mutations()]
    assert len(set(words)) == len(words), "two mutations of the same words"


def test_a_duty_is_proved_by_a_test_that_it_names() -> None:
    named = {one.id: {node(test) for test in one.tests} for one in obligations()}
    wrong = [
        f"{one.words}: {duty} names other tests: {sorted(named.get(duty, ()))}"
        for one in mutations()
        for duty in one.duties
        if not named.get(duty, set()) & {node(test) for test in one.red}
    ]
    assert not wrong, "\n".join(wrong)


def test_duties_proved_by_a_mutation_only_grow() -> None:
    claimed = {one.id for one in obligations() if one.tests}
    proved = claimed & {duty for one in mutations() for duty in one.duties}
    assert len(proved) >= PROVED, f"duties that no mutation proves any more: {sorted(claimed - proved)}"
    assert len(proved) == PROVED, f"write it down: PROVED = {len(proved)}; not proved yet: {sorted(claimed - proved)}"


def test_the_page_of_mutations_is_true() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
