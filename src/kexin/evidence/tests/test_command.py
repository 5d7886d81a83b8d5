"""`kexin evidence` and `kexin-verify` as an auditor at a shell uses them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from kexin.evidence import keys
from kexin.evidence.tests.conftest import Ledger


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
