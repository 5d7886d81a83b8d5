"""The API's own chain: as guarded as the pages', blind to cookies, and every refusal a document."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from kexin.chapters.crm.tests.worlds import Api
from kexin.people.tests.factories import PASSWORD, person
from kexin.site import urls as site_urls
from kexin.vault.tests import views

GUARDS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def _broken(request: Any) -> None:
    raise ArithmeticError


urlpatterns = [path("api/v1/broken", _broken), *site_urls.urlpatterns]
handler400, handler403, handler404, handler500 = (
    site_urls.handler400, site_urls.handler403, site_urls.handler404, site_urls.handler500,
)  # fmt: skip
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def api() -> Api:
    views.put_in_force()
    return Api()


@pytest.fixture
def browser() -> Client:
    made = Client(raise_request_exception=False)
    made.post("/sign-in", {"login": person("sales", password=PASSWORD).staff_no, "password": PASSWORD})
    return made


@pytest.mark.parametrize(
    ("address", "status"), [("customers/{}", 200), ("customers/{}?fields=%00", 422), ("nothing", 404), ("broken", 500)]
)
def test_every_answer_is_guarded(api: Api, address: str, status: int) -> None:
    made = api.create("k").json()["id"]
    answer = api("GET", f"/{address.format(made)}")
    assert answer.status_code == status
    assert {name: answer.get(name) for name in GUARDS} == GUARDS
    assert answer["Content-Type"].startswith("application/json" if status == 200 else "application/problem+json")
    assert not answer.cookies and answer["Content-Length"] == str(len(answer.content))


def test_a_token_that_holds_no_longer_is_guarded_as_well(api: Api) -> None:
    answer = api("GET", f"/customers/{uuid.uuid4()}", Authorization="Bearer kx_nothing")
    assert answer.status_code == 401 and {name: answer.get(name) for name in GUARDS} == GUARDS


def test_a_browser_that_is_signed_in_is_a_stranger_and_its_session_is_not_looked_at(
    api: Api, browser: Client
) -> None:
    assert browser.get("/customers").status_code == 200
    with CaptureQueriesContext(connections["default"]) as asked:
        answer = browser.get(f"/api/v1/customers/{uuid.uuid4()}")
    assert answer.status_code == 401 and answer.json()["type"].endswith("token-refused")
    assert len(asked) == 0


def test_a_host_that_is_not_ours_gets_nothing(api: Api) -> None:
    made = api.create("k").json()["id"]
    answer = api("GET", f"/customers/{made}", Host="evil.example")
    assert answer.status_code == 400 and made not in answer.content.decode()


def test_a_program_chooses_the_language_by_its_header(api: Api) -> None:
    for wanted, language, word in (("en-GB", "en", "token"), ("zh-CN", "zh-CN", "令牌"), ("", "zh-CN", "令牌")):
        answer = api("GET", "/customers", Authorization="Bearer kx_x", Accept_Language=wanted)
        assert answer["Content-Language"] == language and word in answer.json()["title"]


def test_pages_keep_their_own_chain(api: Api, browser: Client) -> None:
    assert Client(enforce_csrf_checks=True).post("/sign-in", {"login": "x", "password": "y"}).status_code == 403
    assert browser.get("/customers").headers["Content-Security-Policy"].count("'self'") > 3
