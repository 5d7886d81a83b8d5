"""`kexin evidence` and `kexin-verify` as an auditor at a shell uses them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kexin.evidence import keys, queries, witnessing
from kexin.evidence.rules import notes
from kexin.evidence.tests.conftest import Ledger
from kexin.foundation import crypto
from kexin.site.tests.servers import free_port


def _kexin(ledger: Ledger, *arguments: str) -> tuple[int, dict[str, object]]:
    environment = {**ledger.databases.environment("web"), "KEXIN_MIRROR": os.environ["KEXIN_MIRROR"]}
    command = [sys.executable, "-m", "kexin.site.cli", "evidence", *arguments, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_verify_export_and_judge_elsewhere(ledger: Ledger, tmp_path: Path):
    ledger.write(12)
    ledger.deliver()
    code, verdict = _kexin(ledger, "verify")
    assert (code, verdict["state"], verdict["checked"]) == (0, "passed", 12)
    code, made = _kexin(ledger, "export", "--first", "3", "--out", str(tmp_path))
    assert code == 0
    command = [sys.executable, "-m", "kexin.evidence.verifier", str(made["pack"]), "--trust", str(keys.trust_path()), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["first"], json.loads(done.stdout)["last"]) == (0, 3, 12)
    ledger.tamper("UPDATE evidence_leaf SET body = overlay(body placing '\\x58'::bytea from 20) WHERE seq = 7")
    code, verdict = _kexin(ledger, "verify")
    assert (code, verdict["state"], verdict["damage"], verdict["line"]) == (1, "failed", "changed", 8)
    code, refused = _kexin(ledger, "export", "--first", "99")
    assert code == 1 and refused["code" if "code" in refused else "title"]


def test_the_keys_are_shown_and_changed_at_the_shell(ledger: Ledger):
    ledger.write(3)
    before = keys.ring().key("receipt")
    code, done = _kexin(ledger, "rotate-key", "receipt")
    assert (code, done["old"], done["after"]) == (0, before.id.hex(), 3)
    assert keys.ring().key("receipt").id.hex() == done["new"]
    code, shown = _kexin(ledger, "keys")
    assert code == 0 and shown == keys.trust()
    assert [one["id"] for one in shown["keys"] if one["purpose"] == "receipt"] == [done["old"], done["new"]]
    trusted = keys.trust_path().read_bytes()
    code, refused = _kexin(ledger, "rotate-key", "pseudonym")
    assert code == 1 and "checkpoint" in str(refused["detail"]) and keys.trust_path().read_bytes() == trusted
    ledger.sequence()
    assert queries.line(3).line.ref == "signing:receipt"


def test_a_witness_is_trusted_by_its_key_and_never_under_another(ledger: Ledger):
    known = keys.trust()["witnesses"]
    made = [notes.Key(name="auditor", public=crypto.public_key(crypto.signing_key()), type=notes.COSIGNATURE) for _ in range(2)]
    assert _kexin(ledger, "trust", made[0].vkey())[1]["witness"] == "auditor"
    assert _kexin(ledger, "trust", made[0].vkey())[0] == 0, "twice is once"
    assert keys.trust()["witnesses"] == [*known, made[0].vkey()]
    for wrong in (made[1].vkey(), made[0].vkey()[:-2], "auditor"):
        code, answer = _kexin(ledger, "trust", wrong)
        assert code == 1 and answer["detail"]
    assert keys.trust()["witnesses"] == [*known, made[0].vkey()]


@contextmanager
def _witness(folder: Path, trust: Path, port: int) -> Iterator[tuple[str, str]]:
    """`kexin witness` as an auditor starts it on a machine without an installation: its address and its public key."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "DJANGO_"))}
    command = [
        sys.executable, "-m", "kexin.site.cli", "witness", "--trust", str(trust), "--folder", str(folder), "--name", "auditor",
        "--port", str(port), "--json",
    ]  # fmt: skip
    environment = {**kept, "KEXIN_HOME": str(folder / "none"), "KEXIN_LANG": "en"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    facts = json.loads(process.stdout.readline())
    try:
        yield facts["url"], facts["key"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        process.stdout.close()


def test_the_witness_program_keeps_key_and_state_and_refuses_what_is_older_forked_or_a_strangers(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder, port = tmp_path / "auditor", free_port()
    with _witness(folder, keys.trust_path(), port) as (url, key):
        monkeypatch.setenv("KEXIN_WITNESS_URL", url)
        ledger.write(5)
        first = ledger_note(ledger)
        ledger.deliver()
        assert keys.trust()["witnesses"] == [key], "believed on first contact"
        assert (folder / "key").stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
        ledger.write(2)
        ledger.deliver()
        assert witnessing.check(witnessing.latest(url)).size == 7
    state = (folder / "state.json").read_bytes()
    with _witness(folder, keys.trust_path(), port) as (url, again):
        assert again == key and (folder / "state.json").read_bytes() == state
        text = notes.split(first)[0]
        forked = text.replace("\n5\n", "\n9\n")
        line = notes.signature_line(keys.ring().key("checkpoint"), crypto.sign(keys.ring().private["checkpoint"], forked.encode()))
        stranger = notes.Key(name="kexin/other", public=crypto.public_key(crypto.signing_key()))
        wrong = {
            "older": (409, f"old 5\n\n{first}"),
            "old size of before": (409, f"old 0\n\n{first}"),
            "a fork": (422, f"old 7\n\n{forked}\n{line}"),
            "wrong origin": (404, f"old 0\n\n{first.replace(keys.ring().origin, stranger.name)}"),
            "unsigned": (403, f"old 7\n\n{forked}\n{notes.signature_line(keys.ring().key('checkpoint'), bytes(64))}"),
        }
        assert {what: _post(url, data) for what, (_, data) in wrong.items()} == {what: code for what, (code, _) in wrong.items()}
        assert (folder / "state.json").read_bytes() == state
    for what in (("--trust", str(tmp_path / "nothing")), ("--name", "two words")):
        given = {"--trust": str(keys.trust_path()), "--folder": str(folder), "--name": "auditor", what[0]: what[1]}
        command = [sys.executable, "-m", "kexin.site.cli", "witness", *(word for pair in given.items() for word in pair)]
        done = subprocess.run(command, env={**os.environ, "KEXIN_ROLE": ""}, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1


def ledger_note(ledger: Ledger) -> str:
    """The newest signed head."""
    with ledger.databases.connect("web") as connection:
        row = connection.execute("SELECT note FROM evidence_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    return str(row[0])


def _post(url: str, data: str) -> int:
    try:
        with urllib.request.urlopen(f"{url}/add-checkpoint", data=data.encode(), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
