"""The shell's commands: staff and tokens from the host, and `--help` and `--json` everywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kexin.people import queries
from kexin.people.tests.factories import person
from kexin.site import cli, start, words
from kexin.site.models import Confirmation


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


#: Prints every help page of the shell as one JSON object, path -> page. A process of its own: a shell has one language.
WALK = """
import json, sys, typer
from typer.testing import CliRunner
from kexin.site import cli, shell
shell.ready("")
cli._mount()
def pages(command, path=()):
    yield " ".join(path), CliRunner().invoke(cli.app, [*path, "--help"], env={"COLUMNS": "200"}).stdout
    for name, one in getattr(command, "commands", {}).items():
        yield from pages(one, (*path, name))
print(json.dumps(dict(pages(typer.main.get_command(cli.app)))))
"""
CHINESE = re.compile(r"[\u3400-\u9fff]")
#: A line of help in its parts: what is typed, and what is said about it.
LINE = re.compile(r"^  (?P<typed>\S+(?: \S+)*?)  +(?P<said>.*\S)?\s*$")


def _pages(language: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "LC_", "LANG"))}
    given = {**kept, "KEXIN_HOME": "/nonexistent", **({"LANG": "zh_CN.UTF-8"} if language == "zh" else {"LANG": "C.UTF-8"})}
    done = subprocess.run([sys.executable, "-c", WALK], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages: dict[str, str] = json.loads(done.stdout)
    return pages


@pytest.mark.no_db
def test_every_line_of_help_is_in_the_language_of_the_terminal() -> None:
    chinese, english = _pages("zh"), _pages("en")
    assert chinese.keys() == english.keys() and len(chinese) > 20
    for path, page in english.items():
        # The product's own name and the words of the law that a person types are not translations.
        rest = page.replace("客信", "")
        assert not CHINESE.search(rest), (path, [line for line in page.splitlines() if CHINESE.search(line)])
    wrong = []
    for path, page in chinese.items():
        theirs = english[path].splitlines()
        for number, line in enumerate(page.splitlines()):
            said = (LINE.match(line) or {"said": line})["said"] or ""
            if said.strip() and not CHINESE.search(said):
                wrong.append(f"kexin {path}: {line}")
            assert number >= len(theirs) or line != theirs[number] or not said.strip(), f"kexin {path}: {line} in both languages"
    assert not wrong, "\n".join(wrong)


@pytest.mark.no_db
def test_what_the_shell_says_is_in_its_own_catalogue() -> None:
    """It speaks before there is a Django: a translation in another room's catalogue is not found."""
    said = []
    for path in sorted(Path(cli.__file__).parent.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "from kexin.site.words import gettext as _" in text:
            said += [(path.name, found) for found in re.findall(r'\b_\(\s*"([^"]+)"', text) if CHINESE.search(found)]
    assert len(said) > 150
    silent = [f"{name}: {text}" for name, text in said if words._english().gettext(text.replace("\\n", "\n")) == text.replace("\\n", "\n")]
    assert not silent, "\n".join(silent)


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("token", "create"), "--person is missing; see kexin token create --help"),
        (("token", "creat"), "there is no such command; see kexin token --help"),
        (("nothing",), "there is no such command; see kexin --help"),
        (("people", "list", "--jso"), "there is no option --jso; see kexin people list --help"),
        (("evidence", "export", "--first", "two"), "the value of --first is not valid; see kexin evidence export --help"),
        (("people", "list", "extra"), "the command is not written right"),
    ],
)
def test_a_mistyped_command_is_one_sentence(typed: tuple[str, ...], said: str) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KEXIN_")}
    command = [sys.executable, "-m", "kexin.site.cli", *typed]
    done = subprocess.run(
        command, env={**kept, "KEXIN_HOME": "/nonexistent", "KEXIN_LANG": "en"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and done.stderr.startswith(said) and len(done.stderr.splitlines()) == 1


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


def test_a_real_first_start_says_what_is_missing(root: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_founded", False)
    facts = _asked(root, "people", "start")
    assert "/invitations/" in facts["lines"][0]
    assert "kexin rulebook install retail" in facts["lines"][1]
    assert [one["key"] for one in facts["missing"]] == ["people", "rulebook", "witness", "backup", "recovery-kit"]
    secret = facts["lines"][0].rsplit("/", 1)[1]
    link = queries.open_link(secret)
    assert link is not None and link.founds
    assert _asked(root, "rulebook", "install", "retail")["number"] == 1
    made = _asked(root, "people", "create", "GL0001", "--name", "周立群", "--post", "head")
    assert "/invitations/" in made["link"]
    assert [row["posts"] for row in _asked(root, "people", "list")["people"]] == [["head"]]
    facts = _asked(root, "people", "start")
    assert [one["key"] for one in facts["missing"]] == ["company", "seats", "witness", "backup", "recovery-kit"]
    assert "示例公司" in facts["lines"][0] and "--post dpo" in facts["lines"][1]
    for post in facts["empty_posts"]:
        _asked(root, "people", "create", f"GL-{post}", "--name", "王敏", "--post", post)
    monkeypatch.setenv("KEXIN_WITNESS_URL", "https://witness.example")
    _asked(root, "people", "start", "--confirm", "key-ceremony", code=1)
    assert not Confirmation.objects.exists()
    left = _asked(root, "people", "start", "--confirm", "backup", "--confirm", "recovery-kit")["missing"]
    assert [one["key"] for one in left] == ["company"]
    assert {one.step for one in Confirmation.objects.all()} == set(start.OUTSIDE)
