"""Headers and cookies of every kind of answer (reliability.md §5), one by one."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client, override_settings

from kexin.foundation.ui import policy_reports
from kexin.people.tests.factories import PASSWORD, person
from kexin.vault.tests.worlds import rulebook_in_force

ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "font-src": "'self'",
    "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'", "object-src": "'none'",
    "manifest-src": "'self'", "worker-src": "'self'", "report-uri": "/policy-reports",
}  # fmt: skip
#: What the API answers is for programs: a browser that shows it loads nothing for it.
PROGRAMS = {"default-src": "'none'", "frame-ancestors": "'none'"}


@pytest.fixture
def seller(client: Client) -> Client:
    """A browser that signed in by the page itself."""
    rulebook_in_force()
    member = person("sales", password=PASSWORD)
    assert client.post("/sign-in", {"login": member.staff_no, "password": PASSWORD}).status_code == 302
    client.raise_request_exception = False
    return client


def _answers(client: Client) -> dict[str, Any]:
    """One of every kind."""
    return {
        "a page": client.get("/customers"),
        "a redirect": client.get("/"),
        "a part": client.get("/account", headers={"HX-Request": "true"}),
        "a refusal": client.get("/imports"),
        "nowhere": client.get("/nowhere"),
        "another method": client.put("/customers"),
        "bad JSON": client.post("/policy-reports", b"{", content_type="application/csp-report"),
        "the API without a token": client.get("/api/v1/customers/00000000-0000-7000-8000-000000000000"),
        "a document": client.get("/api/v1/openapi.json"),
        "a picture": client.get("/watermark.svg"),
        "health": client.get("/healthz"),
        "a stranger's page": Client().get("/sign-in"),
        "a stranger sent away": Client().get("/customers"),
        "a file": _file(client),
    }


def _file(client: Client) -> Any:
    answer = client.get("/static/kx/say.js")
    assert b"".join(answer.streaming_content)
    answer.close()
    return answer


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_every_answer_carries(name: str, seller: Client) -> None:
    for kind, answer in _answers(seller).items():
        assert answer.get(name) == ALWAYS[name], kind


def test_every_answer_carries_the_policy_and_it_allows_nothing_inline(seller: Client) -> None:
    for kind, answer in _answers(seller).items():
        parts = (one.strip().partition(" ") for one in answer["Content-Security-Policy"].split(";"))
        allowed = PROGRAMS if kind in ("the API without a token", "a document") else POLICY
        assert {name: value for name, _space, value in parts} == allowed, kind
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_every_answer_turns_sensors_off_and_has_a_number(seller: Client) -> None:
    numbers = []
    for kind, answer in _answers(seller).items():
        for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
            assert f"{feature}=()" in answer["Permissions-Policy"], kind
        numbers.append(answer["X-Request-Id"])
    assert len(set(numbers)) == len(numbers)


def test_nothing_signed_in_is_kept_by_a_browser_and_files_are(seller: Client) -> None:
    for kind, answer in _answers(seller).items():
        kept = {"a picture": "private, max-age=60"}.get(kind, "no-store")
        if kind != "a file":
            assert kept in answer["Cache-Control"], kind
    assert "Cookie" in seller.get("/watermark.svg")["Vary"]


def test_signing_out_clears_what_the_browser_kept(seller: Client) -> None:
    assert seller.post("/sign-out")["Clear-Site-Data"] == '"cache", "storage"'


def test_cookies_are_closed_to_scripts_and_other_sites(seller: Client) -> None:
    seller.get("/customers")
    seller.post("/languages/en")
    seller.post("/themes/dark")
    seller.post("/densities/compact")
    seen = {name: cookie for name, cookie in seller.cookies.items() if cookie.value}
    assert {"sid", "csrf", "language", "theme", "density"} <= set(seen)
    for name, cookie in seen.items():
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["domain"], name


@pytest.mark.no_db
def test_away_from_loopback_everything_is_bound_to_this_origin_over_tls() -> None:
    """Settings are made at start, so another process reads them as an installation with a name would."""
    wanted = (
        "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "ALLOWED_HOSTS", "DEBUG",
        "SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "SESSION_COOKIE_AGE", "SESSION_SAVE_EVERY_REQUEST", "SESSION_ENGINE",
    )  # fmt: skip
    program = "import json; from kexin.site import settings; print(json.dumps({name: getattr(settings, name, None) for name in %r}))"
    environment = {**os.environ, "KEXIN_ROLE": "", "KEXIN_ORIGIN": "https://kexin.example.cn"}
    done = subprocess.run([sys.executable, "-c", program % (wanted,)], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "SESSION_COOKIE_NAME": "__Host-sid", "CSRF_COOKIE_NAME": "__Host-csrf", "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True, "LANGUAGE_COOKIE_SECURE": True, "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 63_072_000, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "ALLOWED_HOSTS": ["kexin.example.cn"],
        "DEBUG": False, "SESSION_COOKIE_DOMAIN": None, "CSRF_COOKIE_DOMAIN": None, "SESSION_COOKIE_AGE": 43_200,
        "SESSION_SAVE_EVERY_REQUEST": False, "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    }  # fmt: skip


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=63_072_000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True)
def test_over_tls_the_browser_is_told_to_stay_and_plain_http_is_sent_there_with_all_headers() -> None:
    sent = Client().get("/sign-in")
    assert sent.status_code == 301 and sent["Location"].startswith("https://")
    for name, value in ALWAYS.items():
        if name not in ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"):
            assert sent[name] == value
    answer = Client().get("/sign-in", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


class _Head(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.scripts: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("name"):
            self.meta[str(given["name"])] = given.get("content") or ""
        if tag == "script":
            self.scripts.append(given)


def test_htmx_evaluates_nothing_keeps_no_history_and_stays_at_home(seller: Client) -> None:
    for page in (seller.get("/customers"), Client().get("/sign-in")):
        head = _Head()
        head.feed(page.content.decode())
        told = json.loads(head.meta["htmx-config"])
        wanted = {
            "allowEval": False, "allowScriptTags": False, "includeIndicatorStyles": False, "historyCacheSize": 0,
            "refreshOnHistoryMiss": True, "selfRequestsOnly": True,
        }  # fmt: skip
        assert {name: told[name] for name in wanted} == wanted
        assert all(one["src"] and one["src"].startswith("/static/") for one in head.scripts)


def test_what_the_policy_stops_is_one_line_without_values(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    report = {
        "csp-report": {
            "effective-directive": "img-src", "blocked-uri": "https://evil.example/?q=13800001234",
            "document-uri": "http://localhost:8600/customers/1?view=own\r\nforged",
        }
    }  # fmt: skip
    policy_reports._written[:] = [0, 0]
    with caplog.at_level(logging.WARNING, logger=policy_reports.__name__):
        for _ in range(policy_reports.LINES_A_MINUTE + 5):
            answer = client.post("/policy-reports", json.dumps(report), content_type="application/csp-report")
            assert answer.status_code == 204
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "malicious_csp_violation directive=img-src blocked=https://evil.example page=/customers/1"
    assert len(lines) <= 2 * policy_reports.LINES_A_MINUTE, "anybody can send reports: the log must not fill"
    for body in (b"", b"[]", b"{}", b'{"csp-report": 1}', b"\xff", b'{"csp-report": {"blocked-uri": "http://["}}'):
        assert client.post("/policy-reports", body, content_type="application/csp-report").status_code in (204, 400), body
    assert client.post("/policy-reports", b"x" * 9_000, content_type="application/csp-report").status_code == 413
    assert not any(re.search(r"1\d{10}", line) for line in lines)
