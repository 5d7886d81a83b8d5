"""Both languages are complete and the words are the house's: every sentence has its English, with the same places."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from tests.house.tree import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import messages

PLACE = re.compile(r"%\(\w+\)[a-z]")
#: screens.md, Words: how nothing is said.
NEVER = ("您没有权限", "操作失败", "非法", "抱歉", "！", "信封", "见证人", "墓碑")


def _entries() -> Iterator[tuple[str, str, str]]:
    for path in messages.catalogues():
        for one in messages.read(path):
            ids = one.id if isinstance(one.id, tuple) else (one.id,)
            said = one.string if isinstance(one.string, tuple) else (one.string,)
            yield from ((path.parents[3].name, ids[0], english) for english in said if ids[0])


@pytest.mark.timeout(120)
def test_every_sentence_has_its_english() -> None:
    assert not {str(path): rows for path, rows in messages.missing().items()}


def test_the_english_keeps_the_places() -> None:
    wrong = [
        (room, text) for room, text, said in _entries() if sorted(PLACE.findall(text)) != sorted(PLACE.findall(said))
    ]
    assert not wrong


@pytest.mark.timeout(120)
def test_no_sentence_uses_a_word_that_the_house_does_not_say() -> None:
    assert not [
        (str(path), line, text) for path, line, text in messages.sentences() if any(word in text for word in NEVER)
    ]
