"""The mutation suite: whatever is done to a pack or a document, kexin-verify says no, each with its own code."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kexin.evidence import keys, queries, verifier
from kexin.evidence.operations import export_pack, note, sign, signed_document
from kexin.evidence.rules import notes
from kexin.evidence.tests.conftest import SERVICE, Ledger
from kexin.evidence.types import Entry, Event
from kexin.foundation import crypto

Members = dict[str, bytes]


def unpack(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: Members) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def lines(members: Members) -> list[bytes]:
    return members["lines.jsonl"].splitlines(keepends=True)


def with_lines(members: Members, kept: list[bytes], hashes: bytes | None = None, **fields: Any) -> Members:
    changed = dict(members, **{"lines.jsonl": b"".join(kept)})
    if hashes is not None:
        changed["hashes.bin"] = hashes
    if fields:
        changed["pack.json"] = json.dumps({**json.loads(members["pack.json"]), **fields}).encode()
    return changed


def edited(line: bytes, **fields: Any) -> bytes:
    parsed = json.loads(line)
    body = json.loads(parsed["body"])
    parsed["body"] = json.dumps({**body, **fields}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return json.dumps(parsed).encode() + b"\n"


def rehash(kept: list[bytes]) -> bytes:
    return b"".join(verifier.leaf_hash(json.loads(line)["body"].encode()) for line in kept)


def resigned(members: Members, kept: list[bytes]) -> Members:
    """What the company itself could do: rebuild the whole tree and sign it with its real key."""
    hashes = rehash(kept)
    parts = [hashes[i : i + 32] for i in range(0, len(hashes), 32)]
    head = notes.Checkpoint(origin=keys.ring().origin, size=len(parts), root=verifier.root_of_range([], 0, parts, [], len(parts)))
    signature = crypto.sign(keys.ring().private["checkpoint"], head.text().encode())
    line = notes.signature_line(keys.ring().key("checkpoint"), signature)
    made = with_lines(members, kept, hashes, size=len(parts), end=len(parts), first=0, left=[], right=[])
    return dict(made, **{"checkpoint.txt": f"{head.text()}\n{line}".encode()})


@pytest.fixture
def packed(ledger: Ledger, tmp_path: Path) -> tuple[Members, dict[str, Any], str]:
    """A pack of 40 lines, its trust file, and a checkpoint that an auditor kept when there were 10."""
    ledger.write(10)
    known = queries.proof(0)["checkpoint"]
    ledger.deliver()
    ledger.write(10, payload=b"sealed")
    ledger.write(20, decision="deny")
    ledger.deliver()
    return unpack(export_pack(SERVICE, folder=tmp_path).read_bytes()), keys.trust(), known


def code_of(members: Members, trust: dict[str, Any] | None, known: str = "") -> int:
    try:
        verifier.check_pack(pack(members), trust, known)
    except verifier.Bad as bad:
        assert bad.code in verifier.CODES and bad.sentence
        return bad.code
    return 0


def other_origin(members: Members, trust: dict[str, Any]) -> Members:
    changed = json.loads(members["pack.json"])
    return dict(members, **{"pack.json": json.dumps({**changed, "origin": "kexin/other"}).encode()})


def unsigned(members: Members, trust: dict[str, Any]) -> Members:
    text, _ = notes.split(members["checkpoint.txt"].decode())
    stranger = crypto.signing_key()
    line = notes.signature_line(keys.ring().key("checkpoint"), crypto.sign(stranger, text.encode()))
    return dict(members, **{"checkpoint.txt": f"{text}\n{line}".encode()})


MUTATIONS: dict[str, tuple[int, Callable[[Members, dict[str, Any]], Members]]] = {
    "prefix cut": (11, lambda m, t: with_lines(m, lines(m)[3:], m["hashes.bin"][96:])),
    "tail cut": (12, lambda m, t: with_lines(m, lines(m)[:-3], m["hashes.bin"][:-96])),
    "tail cut and said so": (15, lambda m, t: with_lines(m, lines(m)[:-3], m["hashes.bin"][:-96], end=37)),
    "middle cut": (13, lambda m, t: with_lines(m, lines(m)[:5] + lines(m)[6:], m["hashes.bin"][:160] + m["hashes.bin"][192:])),
    "line twice": (14, lambda m, t: with_lines(m, lines(m)[:6] + lines(m)[5:])),
    "old line again under a new number": (
        14,
        lambda m, t: resigned(m, [*lines(m), json.dumps({**json.loads(lines(m)[2]), "seq": 40}).encode() + b"\n"]),
    ),
    "two lines swapped": (15, lambda m, t: with_lines(m, [lines(m)[1], lines(m)[0], *lines(m)[2:]])),
    "body changed": (15, lambda m, t: with_lines(m, [*lines(m)[:4], edited(lines(m)[4], decision="allow"), *lines(m)[5:]])),
    "body and hash changed": (
        15,
        lambda m, t: with_lines(
            m, kept := [*lines(m)[:4], edited(lines(m)[4], decision="allow"), *lines(m)[5:]], rehash(kept)
        ),
    ),
    "payload changed": (
        16,
        lambda m, t: with_lines(m, [*lines(m)[:12], lines(m)[12].replace(base64.b64encode(b"sealed"), base64.b64encode(b"other")), *lines(m)[13:]]),
    ),
    "rewritten and signed again": (17, lambda m, t: resigned(m, [edited(lines(m)[0], decision="allow"), *lines(m)[1:]])),
    "first lines forgotten and signed again": (
        20,
        lambda m, t: resigned(m, [json.dumps({**json.loads(x), "seq": n}).encode() + b"\n" for n, x in enumerate(lines(m)[5:])]),
    ),
    "last lines forgotten and signed again": (20, lambda m, t: resigned(m, lines(m)[:30])),
    "wrong origin": (18, other_origin),
    "unsigned": (19, unsigned),
    "note broken": (19, lambda m, t: dict(m, **{"checkpoint.txt": b"hello\n"})),
    "witness left out": (21, lambda m, t: {k: v for k, v in m.items() if k != "witness.txt"}),
    "witness is another": (21, lambda m, t: dict(m, **{"witness.txt": m["checkpoint.txt"]})),
    "line is not JSON": (10, lambda m, t: with_lines(m, [b"{\n", *lines(m)[1:]])),
    "pack is not a pack": (2, lambda m, t: {"pack.json": b"{}"}),
}


def test_each_mutation_has_its_code(packed):
    members, trust, known = packed
    assert code_of(members, trust) == 0 and code_of(members, trust, known) == 0 and code_of(members, None) == 0
    found = {name: code_of(change(members, trust), trust) for name, (_, change) in MUTATIONS.items()}
    assert found == {name: code for name, (code, _) in MUTATIONS.items()}


def test_a_checkpoint_somebody_kept_needs_no_witness(packed):
    members, trust, known = packed
    alone = {**trust, "witnesses": []}
    rewritten = resigned(members, [edited(lines(members)[0], decision="allow"), *lines(members)[1:]])
    assert code_of(rewritten, alone) == 0, "without a witness and without memory nobody can tell"
    assert code_of(rewritten, alone, known) == 17
    assert code_of(resigned(members, lines(members)[:5]), alone, known) == 20


def test_payloads_left_out_are_no_damage(packed):
    members, trust, _ = packed
    bare = [json.dumps({k: v for k, v in json.loads(line).items() if k != "payload"}).encode() + b"\n" for line in lines(members)]
    assert code_of(with_lines(members, bare), trust) == 0


@pytest.mark.parametrize(("first", "last"), [(1, 1), (2, 9), (17, 40), (40, 40), (5, None), (None, 33)])
def test_any_range_is_proved_by_itself(ledger: Ledger, tmp_path: Path, first, last):
    ledger.write(40)
    ledger.deliver()
    data = export_pack(SERVICE, first=first, last=last, folder=tmp_path).read_bytes()
    assert verifier.check_pack(data, keys.trust())["last"] == (last or 40)
    changed = with_lines(unpack(data), [edited(lines(unpack(data))[0], count=9), *lines(unpack(data))[1:]])
    assert code_of(changed, keys.trust()) == 15


def test_every_flipped_byte_of_the_signed_parts_is_seen(packed):
    members, trust, _ = packed
    for name in ("checkpoint.txt", "hashes.bin", "witness.txt"):
        data = members[name]
        for position in range(0, len(data) - 1, 7):
            flipped = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
            assert code_of(dict(members, **{name: flipped}), trust) != 0, (name, position)


def test_documents_and_the_proof_of_their_line(ledger: Ledger):
    body = '{"erasure":"…","现在":"空"}'.encode()
    signature = sign("certificate", body)
    noted = note(SERVICE, Entry(event=Event.CUSTOMER_ERASED, document=hashlib.sha256(body).hexdigest()))
    other = note(SERVICE, Entry(event=Event.CUSTOMER_ERASED))
    draft = signed_document("certificate", body, signature, intake_id=noted.intake_id)
    ledger.write(5)
    whole = signed_document("certificate", body, signature, intake_id=noted.intake_id)
    trust = keys.trust()
    assert draft["proof"] is None and verifier.check_document(draft, trust)["line"] is None
    assert verifier.check_document(whole, trust)["line"] == 1

    def refused(**fields: Any) -> int:
        with pytest.raises(verifier.Bad) as bad:
            verifier.check_document({**copy.deepcopy(whole), **fields}, trust)
        return bad.value.code

    assert refused(body=whole["body"] + " ") == 23
    assert refused(kind="receipt") == 23
    assert refused(origin="kexin/other") == 18
    assert refused(proof=queries.proof(other.intake_id)) == 22
    assert refused(proof={**whole["proof"], "path": whole["proof"]["path"][:-1]}) == 22
    assert refused(proof={**whole["proof"], "seq": 3}) == 22


def test_ed25519_without_any_library_agrees(packed):
    """RFC 8032 §7.1 test 3, random messages, and what must not pass."""
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert verifier.ed25519(public, signature, bytes.fromhex("af82"))
    assert not verifier.ed25519(public, signature, b"")
    private = crypto.signing_key()
    for size in range(6):
        message = crypto.random_bytes(size * 9)
        made = crypto.sign(private, message)
        assert verifier.ed25519(crypto.public_key(private), made, message)
        assert not verifier.ed25519(crypto.public_key(private), made[:-1] + bytes([made[-1] ^ 1]), message)


def test_the_file_alone_in_another_folder(packed, tmp_path: Path):
    """No key, no Django, no package: one file, isolated."""
    members, trust, _ = packed
    (tmp_path / "pack.zip").write_bytes(pack(members))
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    (tmp_path / "verify.py").write_bytes(Path(verifier.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", "verify.py", "pack.zip", "--trust", "trust.json", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["last"] == 40, done.stdout + done.stderr
    (tmp_path / "pack.zip").write_bytes(pack(MUTATIONS["middle cut"][1](members, trust)))
    done = subprocess.run(command[:-1], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 13 and "line 6" in done.stderr
    assert len(Path(verifier.__file__).read_text(encoding="utf-8").splitlines()) < 500
