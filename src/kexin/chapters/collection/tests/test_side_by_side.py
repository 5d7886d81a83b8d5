"""Two imports of the same people at the same moment (reliability.md §6, item 51)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

import pytest
from django.db import connections

from kexin.chapters.collection import operations
from kexin.chapters.collection.tests.test_operations import HEADER, tried
from kexin.foundation.caller import Caller
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.vault import keys

PEOPLE = 400


@pytest.mark.bad_input(51)
def test_two_imports_at_the_same_moment_write_nobody_twice(fresh_db: Any) -> None:
    keys.forget()
    source = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    regime.install_rulebook(Caller.for_service("setup"), source=source)
    steward = caller_for(person("steward"), "presale")
    text = HEADER + "".join(f"陈雨桐,{13_800_000_000 + no},杭州市,,\n" for no in range(PEOPLE))
    runs = [tried(steward, text).id for _copy in range(2)]
    together = threading.Barrier(2)

    def work(run: Any) -> int:
        together.wait()
        try:
            return operations.run(steward, run=run).counts.written
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(work, runs))
    assert sum(written) == PEOPLE
    with fresh_db.connect("admin") as connection:
        assert connection.execute("SELECT count(*) FROM vault_subject").fetchone()[0] == PEOPLE
    keys.forget()
