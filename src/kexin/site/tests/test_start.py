"""The first page of a real installation: what is missing, for whoever answers for it, as the shell prints it."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from django.test import Client

from kexin.evidence import queries as evidence
from kexin.evidence.tests.conftest import Ledger, ledger  # noqa: F401 - a fixture
from kexin.evidence.types import Filters
from kexin.foundation.caller import Caller
from kexin.people import facts, queries
from kexin.people.rules import posts
from kexin.people.tests.desks import Desk
from kexin.people.tests.factories import person
from kexin.regime import operations as regime
from kexin.site import navigation, start
from kexin.site.models import Confirmation


def test_who_answers_for_it_reads_what_the_shell_prints_and_no_link_is_dead() -> None:
    client = Desk("system_admin").client
    page = client.get("/").content.decode()
    assert "还没有生效的制度" in page and "还没有人担任：" in page and "kexin witness" in page
    assert all(one.said in page for one in start.missing())
    client.cookies["language"] = "en"
    assert "No rulebook is in force" in client.get("/").content.decode()


@pytest.mark.parametrize("role", ["system_admin", "head", "dpo", "auditor", "steward", "sales", "analyst"])
def test_before_a_rulebook_no_link_is_dead(role: str) -> None:
    client = Desk(role).client
    for place in ("/", "/palette"):
        page = client.get(place, follow=True).content.decode()
        inside = {link for link in re.findall(r'href="(/[^"#]*)"', page) if not link.startswith("/static")}
        assert "/account" in inside
        assert {link: client.get(link, follow=True).status_code for link in inside} == dict.fromkeys(inside, 200)


@pytest.mark.parametrize("role", ["sales", "auditor", "analyst"])
def test_everybody_else_goes_to_work(role: str) -> None:
    client = Desk(role).client
    assert client.get("/").status_code == 302
    assert client.post("/start-confirmations/backup").status_code == 403
    assert not Confirmation.objects.exists()


def test_what_was_done_outside_is_confirmed_once_with_who_and_when() -> None:
    head, admin = Desk("head").client, Desk("system_admin").client
    assert head.post("/start-confirmations/rulebook").status_code == 404
    assert head.get("/start-confirmations/backup").status_code == 405 and not Confirmation.objects.exists()
    for client in (head, admin):
        assert client.post("/start-confirmations/backup")["Location"] == "/"
    row = Confirmation.objects.get()
    assert (row.step, str(row.by)) == ("backup", head.session["_auth_user_id"])
    page = admin.get("/").content.decode()
    assert "还没有确认过备份" not in page and "还没有确认过恢复资料" in page


def test_a_whole_installation_and_a_demo_have_no_such_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "born_demo", lambda: True)
    client = Desk("system_admin").client
    assert client.get("/").status_code == 302
    monkeypatch.undo()
    regime.install_rulebook(Caller.for_service("setup", cause="test"), source=own_rulebook())
    for role in ("head", "dpo", "security_admin", "auditor"):
        person(role)
    for step in start.OUTSIDE:
        client.post(f"/start-confirmations/{step}")
    assert [one.key for one in start.missing()] == ["witness"]
    monkeypatch.setenv("KEXIN_WITNESS_URL", "https://witness.example")
    assert start.missing() == [] and client.get("/").status_code == 302


def test_the_sign_in_page_says_where_the_first_account_comes_from(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_founded", False)
    assert not facts.born_demo()
    assert "kexin people start" in client.get("/sign-in").content.decode()
    person("system_admin")
    assert "kexin people start" not in client.get("/sign-in").content.decode()


def test_the_ledger_keeps_who_confirmed(ledger: Ledger) -> None:  # noqa: F811
    for _ in range(2):
        start.confirm(Caller.for_service("maintenance"), step="recovery-kit")
    ledger.sequence()
    [line] = evidence.lines(Filters())
    assert (line.event, line.ref, line.kind) == ("setting.changed", "start:recovery-kit", "service")


def own_rulebook() -> bytes:
    """The shipped one with a company's own name."""
    source = resources.files("kexin.regime.data").joinpath("retail.yaml").read_text(encoding="utf-8")
    return source.replace(start.SAMPLE, "").encode()


def test_before_a_rulebook_every_purpose_has_a_name() -> None:
    """The page above shows the purpose in force; a code is no word."""
    codes = {code for purposes in posts.PURPOSES.values() for code in purposes}
    assert codes <= set(navigation.UNPUBLISHED)
