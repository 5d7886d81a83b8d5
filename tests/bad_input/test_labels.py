"""A company's own words (names of items, purposes, posts, sections, choices) as markup: on no page do they become any."""

from __future__ import annotations

import itertools
import re
from importlib import resources
from typing import Any

import pytest

from kexin.regime import queries as regime
from tests.bad_input.world import ROLES, World
from tests.house.test_routes import routes

MARK = '\\"><b data-kx-beacon>'
_WORDS = re.compile(r"\{zh: (?P<zh>[^,{}\"]+), en: (?P<en>[^,{}\"]+)\}")


def _marked(source: str) -> str:
    return _WORDS.sub(lambda found: f'{{zh: "{found["zh"]}{MARK}", en: "{found["en"]}{MARK}"}}', source)


@pytest.mark.bad_input(12)
def test_no_word_of_a_rulebook_becomes_markup(db: Any) -> None:
    source = resources.files("kexin.regime.data").joinpath("retail.yaml").read_text(encoding="utf-8")
    rulebook = _marked(source).replace("name: 青禾家居（示例公司）", f'name: "青禾家居{MARK}"').encode()
    world = World(rulebook)
    assert "data-kx-beacon" in regime.bundle().attributes["mobile"].label["zh"]
    met = 0
    languages = itertools.cycle(("zh-hans", "en"))
    for role in ROLES:
        for route in sorted(set(routes())):
            world.clients[role].cookies["language"] = next(languages)
            address = world.fill(route)
            for page in (address, f"{address}?step=source", f"{address}?step=columns") if route.endswith("<uuid:run>") else (address,):
                got = world.ask(role, page)
                if got.answer.get("Content-Type", "").startswith("text/html"):
                    assert b"<b data-kx-beacon>" not in got.content, f"{role}: {page}"
                    met += b"&lt;b data-kx-beacon&gt;" in got.content
    assert met > 40, "the words stand on too few pages to prove anything"
