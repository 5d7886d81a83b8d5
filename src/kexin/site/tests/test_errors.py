"""Every kind of no: what happened, what to do, and the request's number, in both languages, on a page and in its drawer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import translation
from tests.house.test_routes import signed_in_as

from kexin.foundation.problems import Conflict, Problem
from kexin.foundation.ui import answers
from kexin.people.tests.factories import person
from kexin.regime import queries as regime
from kexin.site import testing
from kexin.site import urls as site_urls
from kexin.vault.tests import views


class _Busy(Problem):
    status, code = 429, "slow-down"


#: What a view does, by the status that its answer has.
FAULTS: dict[int, type[Exception]] = {
    400: SuspiciousOperation, 403: PermissionDenied, 404: Http404, 409: Conflict, 429: _Busy, 500: RuntimeError,
}  # fmt: skip


def _fault(request: HttpRequest, status: int) -> HttpResponse:
    if status in answers.WORDS() and status not in FAULTS:
        return answers.error(request, status)
    raise FAULTS[status]


urlpatterns = [path("faults/<int:status>", _fault), *site_urls.urlpatterns]
handler400, handler403, handler404, handler500 = (
    site_urls.handler400, site_urls.handler403, site_urls.handler404, site_urls.handler500,
)  # fmt: skip

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def seller(db: Any) -> Client:
    return signed_in_as(person("sales"))


def _ask(client: Client, status: int, **headers: str) -> Any:
    """An answer of that status, made as people meet it."""
    if status == 405:
        return client.put("/customers", headers=headers)
    if status == 413:
        return client.post("/customers/new", {"name": "陈" * 400_000}, headers=headers)
    return client.get(f"/faults/{status}", headers=headers)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("status", sorted(answers.WORDS()))
def test_a_person_reads_what_happened_what_to_do_and_a_number(status: int, language: str, seller: Client) -> None:
    seller.cookies["language"] = language
    with translation.override(language):
        words = [str(one) for one in answers.WORDS()[status]]
    if status in (409, 429):  # a problem speaks with its own words
        words = []
    for headers in ({}, {"HX-Request": "true"}):
        answer = _ask(seller, status, **headers)
        assert answer.status_code == status
        text = answer.content.decode()
        for sentence in words:
            assert sentence in text
        assert f"{answer['X-Request-Id'][:13]}" in text
        assert ("<html" in text) is not bool(headers)
        if headers:
            assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#kx-refusal", "innerHTML")
            assert "data-kx-close" in text
        elif language == "en":
            heard = re.sub(r"<(script|style|title).*?</\1>|<[^>]+>|客信|信|中文|中|林晓雯|林|用途", "", text, flags=re.DOTALL)
            assert not re.search("[\u4e00-\u9fff]", heard), heard
    if status == 405:
        assert "GET" in answer["Allow"]


def _denials(databases: testing.Fresh) -> list[str]:
    with databases.connect("sequencer") as ledger:
        rows = ledger.execute("SELECT body FROM evidence_intake WHERE decision = 'deny'").fetchall()
    return [bytes(body).decode() for (body,) in rows]


def test_a_refusal_says_that_it_is_on_record_only_where_it_is(fresh_db: testing.Fresh) -> None:
    """The line in the ledger names the request whose number the person saw."""
    views.put_in_force()
    seller = signed_in_as(person("sales"))
    before = len(_denials(fresh_db))
    plain = seller.get("/faults/403").content.decode()
    assert "已记入操作存证" not in plain and len(_denials(fresh_db)) == before
    others = views.customer(views.sales())
    answer = seller.post(f"/customers/{others}/mobile/reveals", {"pick": "verify"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 403 and "已记入操作存证" in text and answer["X-Request-Id"][:13] in text
    assert [line for line in _denials(fresh_db) if f"request:{answer['X-Request-Id']}" in line]


def test_a_refusal_leads_back_to_a_page_of_ours_alone(seller: Client) -> None:
    for came_from, lands in (
        ("http://testserver/customers?view=own", "/customers?view=own"),
        ("https://evil.example/customers", ""),
        ("http://testserver//evil.example", ""),
        ("javascript:alert(1)", ""),
    ):
        text = seller.get("/faults/409", headers={"Referer": came_from}).content.decode()
        assert (f'href="{lands}"' in text) if lands else "evil" not in text and "alert(1)" not in text, came_from


def test_without_a_database_people_still_get_a_page(fresh_db: testing.Fresh) -> None:
    """503, drawn without session, person and rulebook."""
    client = signed_in_as(person("sales"))
    assert regime.bundle_or_none() is None
    place = connections["default"].settings_dict
    there = place["HOST"]
    connections["default"].close()
    place["HOST"] = "/nonexistent"
    try:
        answer = client.get("/customers")
        part = client.get("/customers", headers={"HX-Request": "true"})
    finally:
        place["HOST"] = there
        connections["default"].close()
    assert answer.status_code == part.status_code == 503
    assert "暂时无法打开" in answer.content.decode() and "<html" in answer.content.decode()
    assert "暂时无法打开" in part.content.decode() and part["HX-Retarget"] == "#kx-refusal"


@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=3)
def test_too_many_fields_are_too_much(seller: Client) -> None:
    answer = seller.post("/customers/new", {str(number): "x" for number in range(9)})
    assert answer.status_code == 413
