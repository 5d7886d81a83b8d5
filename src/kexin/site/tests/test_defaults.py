"""Shipped rulebooks from the shell and in force: chosen, checked, installed, and what they do to posts and limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kexin.foundation.caller import Caller
from kexin.people import operations as people
from kexin.people.models import RoleAssignment
from kexin.people.tests.desks import Desk
from kexin.people.tests.factories import SETUP, person
from kexin.people.types import RoleConflict
from kexin.regime import operations as regime
from kexin.regime import queries, register
from kexin.regime.models import RulebookVersion
from kexin.regime.rulebook import RulebookInvalid
from kexin.regime.rulebook.defaults import default
from kexin.site import cli, launcher
from kexin.vault import operations as vault
from kexin.vault.tests import views

KEYS = ("retail", "b2b", "small")


@pytest.fixture(scope="module")
def root() -> typer.Typer:
    if "people" not in {group.name for group in cli.app.registered_groups}:
        cli._mount()
    return cli.app


def _asked(root: typer.Typer, *words: str, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(root, [*words, "--json"])
    assert done.exit_code == code, done.output
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _count(monkeypatch: pytest.MonkeyPatch, persons: int) -> None:
    monkeypatch.setattr(register, "_person_counters", [lambda: persons])


def test_they_are_listed_checked_and_handed_out(root: typer.Typer, tmp_path: Path) -> None:
    listed = _asked(root, "rulebook", "defaults")["rulebooks"]
    assert [row["key"] for row in listed] == list(KEYS)
    assert listed[2]["form"] and not listed[0]["form"]
    for key in KEYS:
        checked = _asked(root, "rulebook", "check", key)
        assert checked["ok"] and checked["persons"] == (0 if key == "small" else None)
        _asked(root, "rulebook", "export", str(tmp_path / f"{key}.yaml"), "--default", key)
        assert (tmp_path / f"{key}.yaml").read_bytes() == default(key).source
    refused = _asked(root, "rulebook", "export", str(tmp_path / "x.yaml"), "--default", "bank", code=1)
    assert "retail, b2b, small" in refused["detail"] and not (tmp_path / "x.yaml").exists()


def test_the_check_counts_persons(root: typer.Typer) -> None:
    codes = {
        persons: [one["code"] for one in _asked(root, "rulebook", "check", "small", "--persons", str(persons),
                                                code=int(persons >= 100_000))["findings"]]
        for persons in (89_999, 90_000, 99_999, 100_000)
    }  # fmt: skip
    assert ["not_small" in codes[persons] for persons in codes] == [False, True, True, True]
    assert _asked(root, "rulebook", "check", "retail", "--persons", "5000000")["ok"]


@pytest.mark.parametrize("key", KEYS)
def test_each_is_installed_once(root: typer.Typer, key: str) -> None:
    assert _asked(root, "rulebook", "install", key)["number"] == 1
    assert _asked(root, "rulebook", "install", "retail", "--once") == {
        "installed": False, "number": 1, "sha256": queries.bundle().sha256
    }  # fmt: skip
    assert queries.bundle().rulebook.profile.size == default(key).size
    lines = _asked(root, "people", "start")["lines"]
    assert any("示例公司" in line for line in lines), "the sample company is named until it is replaced"


def test_set_up_refuses_what_does_not_ship_before_it_makes_anything() -> None:
    launcher.known_rulebook("", demo=True)
    launcher.known_rulebook("b2b", demo=False)
    for key, demo in (("bank", False), ("retail", True)):
        with pytest.raises(launcher.DoesNotCome):
            launcher.known_rulebook(key, demo=demo)


def test_a_small_firm_of_a_hundred_thousand_persons_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """In force nothing changes by itself; the next publication and the pages say it."""
    setup = Caller.for_service("setup", cause="test")
    _count(monkeypatch, 100_000)
    with pytest.raises(RulebookInvalid) as caught:
        regime.install_rulebook(setup, source=default("small").source)
    assert {finding.code for finding in caught.value.findings} == {"not_small"}
    assert not RulebookVersion.objects.exists()
    _count(monkeypatch, 90_000)
    made = regime.install_rulebook(setup, source=default("small").source)
    assert "not_small" in {finding.code for finding in made.findings if finding.level == "warning"}
    _count(monkeypatch, 100_000)
    assert [finding.level for finding in queries.profile_findings()] == ["error"]


def test_a_general_rulebook_is_not_counted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> int:
        raise AssertionError("a count of every record that nobody needs")

    monkeypatch.setattr(register, "_person_counters", [never])
    regime.install_rulebook(Caller.for_service("setup", cause="test"), source=default("retail").source)
    assert queries.profile_findings() == ()


@pytest.mark.parametrize(
    ("key", "held", "wanted", "kept_apart"),
    [
        # Said by the rulebook alone: `posts` would allow it.
        ("retail", "dpo", "sales", True),
        ("retail", "marketer", "dpo", True),
        ("small", "dpo", "sales", False),
        # Small mode of everyday.md.
        ("retail", "security_admin", "system_admin", True),
        ("small", "security_admin", "system_admin", False),
        ("small", "system_admin", "auditor", True),
        ("small", "head", "sales_lead", False),
        ("small", "head", "dpo", False),
        ("small", "head", "auditor", True),
        ("b2b", "head", "sales_lead", True),
    ],
)
def test_posts_that_the_rulebook_keeps_apart_are_kept_apart(key: str, held: str, wanted: str, kept_apart: bool) -> None:
    regime.install_rulebook(Caller.for_service("setup", cause="test"), source=default(key).source)
    one = person(held)
    if kept_apart:
        with pytest.raises(RoleConflict):
            people.assign_role(SETUP, person=one.id, role=wanted)
    else:
        people.assign_role(SETUP, person=one.id, role=wanted)
    roles = set(RoleAssignment.objects.filter(person_id=one.id).values_list("role", flat=True))
    assert roles == ({held} if kept_apart else {held, wanted})


@pytest.mark.parametrize("key", KEYS)
def test_the_console_works_under_each(key: str) -> None:
    """List, search, new customer, card, import and deletion: what a rulebook lacks is left out, never an error."""
    views.put_in_force(default(key).source)
    made = vault.admit(
        views.importer(), values={"name": "司马青衫", "mobile": views.phone(), "city": "杭州市", "note": "下周回访"},
        source=views.SOURCE,
    )  # fmt: skip
    seller = Desk("sales")
    regime.grant(views.importer(), subject=made.subject_id, principal=seller.person.id, relation="owner")
    page = seller.client.get("/customers").content.decode()
    assert "司马青衫" in page and "138****" in page
    for address in ("/customers?view=all&f.city=杭州市", "/customers/new", f"/customers/{made.subject_id}",
                    f"/customers/{made.subject_id}/timeline", f"/customers/{made.subject_id}/consents",
                    f"/customers/{made.subject_id}/mobile/why"):  # fmt: skip
        answer = seller.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
    assert "司马青衫" in seller.client.post("/customers/searches", {"q": "司马青衫"}).content.decode()
    assert Desk("steward").client.get("/imports").status_code == 200
    for role in ("dpo", "auditor"):
        assert Desk(role).client.get(f"/customers/{made.subject_id}").status_code == 200
    assert Desk("dpo").client.get(f"/customers/{made.subject_id}/erasures/new").status_code == 200
