"""The shell's commands: staff and tokens from the host, and `--help` and `--json` everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kexin.people import queries
from kexin.people.tests.factories import person
from kexin.site import cli


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


def _leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "commands"):
        return [leaf for name, one in command.commands.items() for leaf in _leaves(one, (*path, name))]
    return [(path, command)]


@pytest.mark.no_db
def test_every_command_has_help_and_json(root: typer.Typer) -> None:
    leaves = _leaves(typer.main.get_command(root))
    assert len(leaves) > 12
    for path, command in leaves:
        assert command.help, path
        assert "--json" in {name for one in command.params for name in one.opts}, path
        done = CliRunner().invoke(root, [*path, "--help"])
        assert done.exit_code == 0, path


def test_a_token_is_made_listed_and_revoked(root: typer.Typer) -> None:
    who = person(role="sales")
    common = ("--person", who.staff_no)
    made = _asked(root, "token", "create", *common, "--purposes", "presale,service", "--expires", "30")
    held = queries.token_held(made["token"])
    assert held is not None and held.purposes == ("presale", "service")
    assert made["token"] not in json.dumps(_asked(root, "token", "list", *common))
    assert _asked(root, "token", "revoke", made["id"]) == {"revoked": True}
    assert _asked(root, "token", "revoke", made["id"]) == {"revoked": False}
    assert queries.token_held(made["token"]) is None


@pytest.mark.parametrize(
    "changed", [("--person", "NOBODY"), ("--purposes", "audit"), ("--expires", "soon"), ("--expires", "400")]
)
def test_a_wrong_wish_is_one_sentence(root: typer.Typer, changed: tuple[str, str]) -> None:
    wishes = {"--person": person(role="sales").staff_no, "--purposes": "presale", "--expires": "30", changed[0]: changed[1]}
    answer = _asked(root, "token", "create", *(word for pair in wishes.items() for word in pair), code=1)
    assert answer["detail"] or answer["title"]


def test_a_real_first_start_says_what_is_missing(root: typer.Typer) -> None:
    facts = _asked(root, "people", "start")
    assert "/invitations/" in facts["lines"][0]
    assert "kexin rulebook install retail" in facts["lines"][1]
    secret = facts["lines"][0].rsplit("/", 1)[1]
    link = queries.open_link(secret)
    assert link is not None and link.founds
    assert _asked(root, "rulebook", "install", "retail")["number"] == 1
    made = _asked(root, "people", "create", "GL0001", "--name", "周立群", "--post", "head")
    assert "/invitations/" in made["link"]
    assert [row["posts"] for row in _asked(root, "people", "list")["people"]] == [["head"]]
    lines = _asked(root, "people", "start")["lines"]
    assert len(lines) == 2 and "示例公司" in lines[0] and "dpo" in lines[1]
