"""64 retries of one request at once open one customer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from kexin.chapters.crm import operations
from kexin.people.tests.factories import caller_for, person
from kexin.vault.tests import views


@pytest.mark.bad_input(35)
def test_sixty_four_at_once_open_one_customer(fresh_db: Any) -> None:
    views.put_in_force()
    caller = caller_for(person("sales"), "presale")
    values = {"name": "陈雨桐", "mobile": views.phone()}

    def send(_no: int) -> str:
        try:
            return str(operations.open_customer(caller, values=values, source=views.SOURCE, key="k", body=b"same").id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(send, range(64)))
    assert len(answers) == 1
    with fresh_db.connect("admin") as connection:
        assert connection.execute("SELECT count(*) FROM vault_subject").fetchone()[0] == 1
        assert connection.execute("SELECT count(*) FROM regime_grant WHERE relation = 'owner'").fetchone()[0] == 1
