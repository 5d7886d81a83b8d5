"""`kexin import` with a named person's token: the same verbs, JSON for programs, one sentence for a mistake."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from kexin.chapters.collection.models import ImportRun
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people import operations as people
from kexin.people.tests.factories import SETUP, person
from kexin.regime import operations as regime
from kexin.site.commands import collection
from kexin.vault.models import Subject

CSV = "姓名,手机号,身份证\n陈雨桐,13800001234,\n沈一帆,138,\n"


@pytest.fixture
def token(tmp_path: Path) -> Path:
    from datetime import timedelta

    source = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    regime.install_rulebook(Caller.for_service("setup"), source=source)
    made = people.create_token(
        SETUP, person=person("steward").id, label="test", purposes=("presale",), expires_at=now() + timedelta(days=1)
    )
    path = tmp_path / "token"
    path.write_text(made.secret)
    path.chmod(0o600)
    return path


def run(token: Path, *more: str, purpose: str = "presale") -> tuple[int, str]:
    root = typer.Typer()
    root.callback()(lambda: None)
    collection.mount(root)
    file = token.parent / "list.csv"
    file.write_bytes(CSV.encode("gb18030"))
    done = CliRunner().invoke(
        root,
        ["import", str(file), "--source", "offline", "--purpose", purpose, "--basis", "unproven", "--token", str(token), *more],
    )
    return done.exit_code, done.stdout


def test_dry_run_then_import(token: Path) -> None:
    code, text = run(token, "--dry-run", "--json")
    assert code == 0 and json.loads(text)["new"] == 1 and Subject.objects.count() == 0
    errors = token.parent / "errors.xlsx"
    code, text = run(token, "--json", "--errors", str(errors))
    facts = json.loads(text)
    assert (code, facts["written"], facts["refused"], facts["stage"]) == (0, 1, 1, "done")
    assert facts["left_out_columns"]["身份证"] and errors.stat().st_mode & 0o077 == 0
    assert Subject.objects.count() == 1


def test_a_purpose_outside_the_token_is_refused(token: Path) -> None:
    code, _text = run(token, "--json", purpose="service")
    assert code == 1 and ImportRun.objects.count() == 0


def test_a_token_that_others_can_read_is_not_used(token: Path) -> None:
    token.chmod(0o644)
    assert run(token)[0] == 1


def test_columns_can_be_told(token: Path) -> None:
    code, text = run(token, "--json", "--map", "手机号=", "--dry-run")
    assert code == 0 and json.loads(text)["new"] == 2
    assert run(token, "--map", "没有=name")[0] == 1
