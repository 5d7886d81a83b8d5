"""Signing in and staying signed in, through the whole stack of middleware."""

from __future__ import annotations

import statistics
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.models import Session
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import path

from kexin.foundation.clock import now
from kexin.foundation.ui.place import place
from kexin.people import facts, operations
from kexin.people.models import Attempt, Person, SignIn
from kexin.people.sign_in import BEGAN, SEEN
from kexin.people.tests.factories import PASSWORD, SETUP, caller_for, person
from kexin.site import urls as site_urls


@place("presale", "service")
def _whoami(request: Any) -> JsonResponse:
    return JsonResponse({"id": str(request.caller.id), "purpose": request.caller.purpose, "kind": request.caller.kind})


def _proof(request: Any) -> JsonResponse:
    return JsonResponse({"at": request.signed_in_at.timestamp()})


@login_not_required
def _api(request: HttpRequest) -> JsonResponse:
    caller: Any = request.caller  # type: ignore[attr-defined]
    return JsonResponse({"purpose": caller.purpose if caller else None, "roles": sorted(request.principal.roles) if caller else []})  # type: ignore[attr-defined]


urlpatterns = [path("whoami", _whoami), path("proof", _proof), path("api/v1/whoami", _api), *site_urls.urlpatterns]
handler400, handler403, handler404, handler500 = (
    site_urls.handler400, site_urls.handler403, site_urls.handler404, site_urls.handler500,
)  # fmt: skip

pytestmark = pytest.mark.urls(__name__)


def _sign_in(client: Client, login: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/sign-in", {"login": login, "password": password}, **extra)


@pytest.fixture
def seller() -> Person:
    return person("sales", password=PASSWORD, email="lin@example.cn")


@pytest.fixture
def signed_in(client: Client, seller: Person) -> Client:
    assert _sign_in(client, seller.staff_no).status_code == 302
    return client


@pytest.mark.parametrize("as_typed", [lambda p: p.staff_no, lambda p: p.staff_no.lower(), lambda p: "Lin@Example.cn", lambda p: f" {p.staff_no} "])
def test_staff_number_or_mail(client: Client, seller: Person, as_typed: Any) -> None:
    assert _sign_in(client, as_typed(seller)).status_code == 302
    assert client.get("/whoami").json() == {"id": str(seller.id), "purpose": "presale", "kind": "staff"}
    assert SignIn.objects.get(person=seller).way == "password"


def test_the_session_key_is_new(client: Client, seller: Person) -> None:
    client.get("/sign-in")
    session = client.session
    session["planted"] = "1"
    session.save()
    client.cookies["sid"] = session.session_key
    planted = session.session_key
    _sign_in(client, seller.staff_no)
    assert client.cookies["sid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda p: operations.deactivate(SETUP, person=p.id),
        lambda p: operations.assign_role(SETUP, person=p.id, role="analyst"),
        lambda p: operations.revoke_role(SETUP, person=p.id, role="sales"),
        lambda p: operations.change_password(caller_for(p), old=PASSWORD, new="另一句足够长的话：月亮与六便士"),
    ],
    ids=["deactivated", "granted", "revoked", "password"],
)
def test_a_change_of_rights_kills_the_next_request(signed_in: Client, seller: Person, change: Any) -> None:
    assert signed_in.get("/whoami").status_code == 200
    change(seller)
    answer = signed_in.get("/whoami")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?")
    assert not SignIn.objects.filter(person=seller, ended_at__isnull=True).exists()


def test_idle_and_longest_time(signed_in: Client) -> None:
    session = signed_in.session
    session[SEEN] = int(time.time()) - 31 * 60
    session.save()
    assert "because=idle" in signed_in.get("/whoami")["Location"]


def test_privileged_posts_idle_sooner(client: Client) -> None:
    auditor = person("auditor", password=PASSWORD)
    _sign_in(client, auditor.staff_no)
    session = client.session
    session[SEEN] = int(time.time()) - 16 * 60
    session.save()
    assert "because=idle" in client.get("/whoami")["Location"]


def test_at_most_three_live_sessions(seller: Person) -> None:
    clients = [Client() for _ in range(4)]
    for client in clients:
        _sign_in(client, seller.staff_no)
    assert [client.get("/whoami").status_code for client in clients] == [302, 200, 200, 200]


def test_unknown_wrong_and_left_look_the_same(client: Client, seller: Person) -> None:
    leaver = person("sales", password=PASSWORD)
    operations.deactivate(SETUP, person=leaver.id)
    never = person("sales")
    pages = []
    for login, password in ((seller.staff_no, "错误的密码但是足够长的"), ("NOBODY", PASSWORD), (leaver.staff_no, PASSWORD), (never.staff_no, PASSWORD)):
        answer = Client().post("/sign-in", {"login": login, "password": password})
        text = answer.content.decode().replace(login, "")
        token = answer.context["csrf_token"]
        pages.append((answer.status_code, text.replace(str(token), "")))
        Attempt.objects.using("evidence").all().delete()
    assert len({status for status, _ in pages}) == 1
    assert len({len(text) for _, text in pages}) == 1


def test_known_and_unknown_take_as_long(seller: Person) -> None:
    def cost(login: str) -> float:
        Attempt.objects.using("evidence").all().delete()
        began = time.perf_counter()
        Client().post("/sign-in", {"login": login, "password": "错误的密码但是足够长的"})
        return time.perf_counter() - began

    known, unknown = [], []
    for _ in range(12):
        known.append(cost(seller.staff_no))
        unknown.append(cost("NOBODY"))
    assert 0.6 < statistics.median(known) / statistics.median(unknown) < 1.6


def test_five_wrong_passwords_close_the_account_for_a_while(client: Client, seller: Person) -> None:
    for _ in range(5):
        assert "工号或密码不对" in _sign_in(client, seller.staff_no, "错误的密码但是足够长的").content.decode()
    blocked = _sign_in(client, seller.staff_no)
    assert "尝试次数过多" in blocked.content.decode()
    assert client.get("/whoami").status_code == 302
    # Another header cannot buy another network.
    other = _sign_in(client, seller.staff_no, headers={"X-Forwarded-For": "203.0.113.9"})
    assert "尝试次数过多" in other.content.decode()


def test_the_limit_is_exact_under_threads(fresh_db: Any) -> None:
    from django.db import connections

    allowed: list[bool] = []

    def guess() -> None:
        try:
            allowed.append(operations.attempt("account", "xs1", limit=5, window=timedelta(minutes=5)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (allowed.count(True), len(allowed)) == (5, 32)


def test_sign_up_and_allauth_pages_are_closed(client: Client) -> None:
    for address in ("/signup", "/accounts/signup/", "/sign-up", "/accounts/password/reset/"):
        assert client.post(address, {"username": "x", "password1": PASSWORD}).status_code in (302, 404)
    assert not Person.objects.filter(staff_no="x").exists()


def _token(seller: Person, *purposes: str) -> str:
    return operations.create_token(
        caller_for(seller), person=seller.id, label="脚本", purposes=purposes, expires_at=now() + timedelta(days=2)
    ).secret


@pytest.mark.bad_input(34)
def test_token_selects_only_its_own_purposes(client: Client, seller: Person) -> None:
    secret = _token(seller, "service", "presale")

    def ask(**headers: str) -> Any:
        return client.get("/api/v1/whoami", headers={"Authorization": f"Bearer {secret}", **headers})

    assert ask().json() == {"purpose": "service", "roles": ["sales"]}
    assert ask(**{"Kexin-Purpose": "presale"}).json()["purpose"] == "presale"
    refused = ask(**{"Kexin-Purpose": "contract_b2b"})
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert client.get("/api/v1/whoami", headers={"Authorization": "Bearer kx_wrong"}).status_code == 401
    operations.deactivate(SETUP, person=seller.id)
    assert ask().status_code == 401


@pytest.mark.bad_input(34)
def test_a_token_does_not_borrow_the_cookie_beside_it(signed_in: Client) -> None:
    answer = signed_in.get("/api/v1/whoami", headers={"Authorization": "Bearer kx_wrong"})
    assert answer.status_code == 401


@pytest.mark.bad_input(34)
def test_beside_a_token_the_person_of_the_cookie_is_not_there(signed_in: Client) -> None:
    """A program that holds somebody's token must not act on the browser's person, nor prove who that is."""
    secret = _token(person("sales"), "presale")
    beside = {"Authorization": f"Bearer {secret}"}
    assert signed_in.get("/fresh-proof").status_code == 200
    assert signed_in.get("/fresh-proof", headers=beside)["Location"].startswith("/sign-in")
    before = signed_in.session["account_authentication_methods"]
    assert signed_in.post("/fresh-proof", {"password": PASSWORD}, headers=beside)["Location"].startswith("/sign-in")
    assert signed_in.session["account_authentication_methods"] == before


def test_purpose_is_chosen_only_where_place_and_post_share_it(signed_in: Client) -> None:
    assert signed_in.post("/purposes/service").status_code == 302
    assert signed_in.get("/whoami").json()["purpose"] == "service"
    assert signed_in.post("/purposes/mkt_sms").status_code == 404
    assert signed_in.post("/whoami?purpose=mkt_sms", {"purpose": "mkt_sms"}).json()["purpose"] == "service"


def test_demo_sign_in_needs_birth_loopback_and_post(client: Client, seller: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.post("/demo-sign-ins/sales").status_code == 404
    monkeypatch.setattr(facts, "born_demo", lambda: True)
    assert client.get("/demo-sign-ins/sales").status_code == 405
    for refused in (
        {"REMOTE_ADDR": "203.0.113.9"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_HOST": "localhost.evil.example"},
    ):
        assert client.post("/demo-sign-ins/sales", **{"HTTP_HOST": "localhost:8600", **refused}).status_code in (400, 404)
    assert client.post("/demo-sign-ins/sales", HTTP_HOST="localhost:8600").status_code == 302
    assert SignIn.objects.get(person=seller).way == "demo"


def test_sign_in_page_offers_demo_people_only_in_a_demo(client: Client, seller: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "demo-sign-ins" not in client.get("/sign-in", HTTP_HOST="localhost").content.decode()
    monkeypatch.setattr(facts, "born_demo", lambda: True)
    assert "demo-sign-ins/sales" in client.get("/sign-in", HTTP_HOST="localhost").content.decode()


def test_after_signing_in_only_our_own_pages(client: Client, seller: Person) -> None:
    answer = client.post("/sign-in", {"login": seller.staff_no, "password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_choosing_a_purpose_leads_to_our_own_pages_only(signed_in: Client) -> None:
    for target, lands in (("https://evil.example/", "/"), ("//evil.example", "/"), ("/customers", "/customers")):
        assert signed_in.post("/purposes/presale", {"next": target})["Location"] == lands


def test_sign_out_ends_the_session(signed_in: Client, seller: Person) -> None:
    key = signed_in.cookies["sid"].value
    answer = signed_in.post("/sign-out")
    assert answer["Clear-Site-Data"]
    assert not Session.objects.filter(session_key=key).exists()
    assert SignIn.objects.get(person=seller).ending == "signed_out"


def test_account_page_changes_password_and_makes_tokens(signed_in: Client, seller: Person) -> None:
    assert signed_in.get("/account").status_code == 200
    made = signed_in.post("/account/tokens", {"label": "夜间导入", "purposes": ["presale"], "days": "30"})
    assert "kx_" in made.content.decode()
    wrong = signed_in.post("/account/password", {"old": "不对的密码", "new": "另一句足够长的话：月亮与六便士"})
    assert wrong.status_code == 422
    assert "原密码不对" in wrong.content.decode()
    assert signed_in.post("/account/password", {"old": PASSWORD, "new": "另一句足够长的话：月亮与六便士"}).status_code == 302
    assert _sign_in(signed_in, seller.staff_no, "另一句足够长的话：月亮与六便士").status_code == 302


def test_invitation_page(client: Client) -> None:
    one = person("sales")
    made = operations.invite(SETUP, person=one.id)
    assert one.name in client.get(f"/invitations/{made.secret}").content.decode()
    assert client.post(f"/invitations/{made.secret}", {"password": "short"}).status_code == 422
    assert client.post(f"/invitations/{made.secret}", {"password": PASSWORD}).status_code == 302
    assert client.get(f"/invitations/{made.secret}").status_code == 404
    assert _sign_in(client, one.staff_no).status_code == 302


def test_chinese_first_and_english_by_choice(client: Client) -> None:
    assert "登录" in client.get("/sign-in", headers={"Accept-Language": "en"}).content.decode()
    assert client.post("/languages/en", {"next": "/sign-in"})["Location"] == "/sign-in"
    page = client.get("/sign-in").content.decode()
    assert '<html lang="en"' in page
    assert "Sign in" in page
    assert client.post("/languages/xx").status_code == 404
    assert client.post("/languages/zh-hans", {"next": "//evil.example"})["Location"] == "/"


def test_watermark_names_the_reader_and_never_a_stranger(signed_in: Client, seller: Person) -> None:
    tile = signed_in.get("/watermark.svg")
    assert seller.staff_no in tile.content.decode()
    assert tile["Vary"] == "Cookie" or "Cookie" in tile["Vary"]
    assert Client().get("/watermark.svg").status_code == 302


def test_htmx_is_sent_to_sign_in_as_a_whole_page(client: Client) -> None:
    answer = client.get("/whoami", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/sign-in")


def test_a_fresh_proof_asks_for_the_password_again(signed_in: Client) -> None:
    session = signed_in.session
    session[BEGAN] -= 3600
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    assert time.time() - signed_in.get("/proof").json()["at"] > 3000
    assert signed_in.get("/fresh-proof").status_code == 200
    wrong = signed_in.post("/fresh-proof", {"password": "错误的密码但是足够长的"})
    assert "密码不对" in wrong.content.decode()
    assert time.time() - signed_in.get("/proof").json()["at"] > 3000
    assert signed_in.post("/fresh-proof", {"password": PASSWORD}).status_code == 302
    assert time.time() - signed_in.get("/proof").json()["at"] < 60
