"""A signing key is exchanged: what the old one signed stays signed, it signs nothing new, and nobody slips a key in."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from kexin.evidence import keys, queries, verifier, witness
from kexin.evidence import sequencer as sequencing
from kexin.evidence.operations import export_pack, note, rotate_key, sign, signed_document, verify_now, verify_signature
from kexin.evidence.publishing import Publisher
from kexin.evidence.rules import notes
from kexin.evidence.rules.trust import rotation_message
from kexin.evidence.sequencer import Sequencer
from kexin.evidence.tests.conftest import SERVICE, Ledger
from kexin.evidence.tests.test_verifier import Members, code_of, unpack
from kexin.evidence.types import Entry, Event, Filters
from kexin.foundation import crypto

Trust = dict[str, Any]


def document(ledger: Ledger, body: bytes) -> dict[str, Any]:
    """A certificate and its line."""
    signature = sign("certificate", body)
    noted = note(SERVICE, Entry(event=Event.CUSTOMER_ERASED, document=hashlib.sha256(body).hexdigest()))
    ledger.write(2)
    return signed_document("certificate", body, signature, intake_id=noted.intake_id)


def test_what_both_keys_signed_is_whole_offline_for_readers_of_either_trust_file(ledger: Ledger, tmp_path: Path):
    before = document(ledger, b'{"n":1}')
    ledger.deliver()
    old_trust, old_proof = keys.trust(), queries.proof(0)
    old_pack = export_pack(SERVICE, folder=tmp_path).read_bytes()
    ledger.sequence()
    size = queries.head().size
    done = {purpose: rotate_key(SERVICE, purpose=purpose) for purpose in keys.PURPOSES}
    assert {one.after for one in done.values()} == {size}
    # The witness's last note is of the retired key, the pack's head of the new one: the pack spans the rotation.
    after = document(ledger, b'{"n":2}')
    data = export_pack(SERVICE, folder=tmp_path).read_bytes()
    members, trust = unpack(data), keys.trust()
    assert [keys.signer(members[name].decode()).id.hex() for name in ("witness.txt", "checkpoint.txt")] == [
        done["checkpoint"].old, done["checkpoint"].new,
    ]  # fmt: skip
    for reader in (trust, old_trust, None):
        assert verifier.check_pack(data, reader)["last"] == queries.head().size
    assert verifier.check_pack(old_pack, trust) and verifier.check_pack(old_pack, old_trust)
    assert verifier.check_proof(old_proof, trust, None) == 0
    for one in (before, after):
        assert verifier.check_document(one, trust)["line"]
    with pytest.raises(verifier.Bad) as bad:
        verifier.check_document(after, old_trust)  # a document brings no keys of its own
    assert bad.value.code == 23
    ledger.deliver()
    assert verify_now(SERVICE).ok and {keeper.state for keeper in queries.head().keepers} == {"agrees"}
    lines = queries.lines(Filters(events=("keys.rotated",)))
    assert [line.ref for line in lines] == ["signing:receipt", "signing:checkpoint"]
    body = queries.line(lines[1].seq).body
    assert body["document"] == hashlib.sha256(done["checkpoint"].vkey.encode()).hexdigest()
    first, second = (one for one in trust["keys"] if one["purpose"] == "checkpoint")
    assert (first["upto"], second["after"], second["upto"]) == (size, size, None) and first["until"] and not second["until"]


def entry(origin: str, purpose: str, private: bytes, *, by: bytes, after: int) -> dict[str, Any]:
    """A key as the trust file has it, handed over by ``by``: in these tests somebody else's."""
    old, new = (notes.Key(name=origin, public=crypto.public_key(one)) for one in (by, private))
    signed = crypto.sign(by, rotation_message(origin, purpose, old, new, after))
    handed = base64.b64encode(signed).decode()
    return {"id": new.id.hex(), "purpose": purpose, "vkey": new.vkey(), "after": after, "upto": None, "handed_over": handed}


def headed(members: Members, private: bytes, trust: Trust) -> Members:
    """The same tree under somebody's signature."""
    text = notes.split(members["checkpoint.txt"].decode())[0]
    key = notes.Key(name=trust["origin"], public=crypto.public_key(private))
    line = notes.signature_line(key, crypto.sign(private, text.encode()))
    return dict(members, **{"checkpoint.txt": f"{text}\n{line}".encode(), "trust.json": json.dumps(trust).encode()})


def test_a_forged_key_in_the_middle_is_refused(ledger: Ledger, tmp_path: Path):
    ledger.write(4)
    ledger.deliver()
    first_trust = keys.trust()
    for _ in range(2):
        rotate_key(SERVICE, purpose="checkpoint")
        ledger.write(2)
    members, trust = unpack(export_pack(SERVICE, folder=tmp_path).read_bytes()), keys.trust()
    middle, last = [number for number, one in enumerate(trust["keys"]) if one["purpose"] == "checkpoint"][1:]
    thief, other = crypto.signing_key(), crypto.signing_key()
    origin, after = trust["origin"], trust["keys"][middle]["after"]

    def forged(change: Callable[[Trust], Any]) -> Trust:
        made = copy.deepcopy(trust)
        change(made)
        return made

    own = entry(origin, "checkpoint", thief, by=thief, after=after)
    follower = entry(origin, "checkpoint", other, by=thief, after=after)
    bare = {key: value for key, value in own.items() if key != "handed_over"}
    borrowed = {**own, "handed_over": trust["keys"][middle]["handed_over"]}
    moved = {**trust["keys"][middle], "after": 1}
    cases = {
        "signed by itself": (24, forged(lambda t: t["keys"].__setitem__(middle, own)), None),
        "not signed": (24, forged(lambda t: t["keys"].__setitem__(middle, bare)), None),
        "with the signature of the true one": (24, forged(lambda t: t["keys"].__setitem__(middle, borrowed)), None),
        "with a range of its own": (24, forged(lambda t: t["keys"].__setitem__(middle, moved)), None),
        "left out": (24, forged(lambda t: t["keys"].pop(middle)), None),
        "a chain that begins with a stranger's": (
            24, forged(lambda t: (t["keys"].__setitem__(middle, own), t["keys"].__setitem__(last, follower))), other,
        ),
        "appended, and the head signed by it": (24, forged(lambda t: t["keys"].append(own)), thief),
        "none, but the head is a stranger's": (19, trust, thief),
    }  # fmt: skip
    for what, (code, made, signer) in cases.items():
        changed = headed(members, signer, made) if signer else dict(members, **{"trust.json": json.dumps(made).encode()})
        # A reader with a trust file of before the rotations, and one who has nothing but the pack.
        for reader in (first_trust, None):
            assert code_of(changed, reader) == code, (what, bool(reader))
    assert code_of(members, first_trust) == code_of(members, trust) == code_of(members, None) == 0


def test_a_retired_key_signs_nothing_new(ledger: Ledger, tmp_path: Path):
    ledger.write(4)
    ledger.deliver()
    leaked = keys.ring().private["checkpoint"]
    rotate_key(SERVICE, purpose="checkpoint")
    ledger.write(3)
    members, trust = unpack(export_pack(SERVICE, folder=tmp_path).read_bytes()), keys.trust()
    stolen = headed(members, leaked, trust)
    assert [code_of(stolen, reader) for reader in (trust, None)] == [19, 19]
    assert keys.signer(stolen["checkpoint.txt"].decode()) is None
    with pytest.raises(witness.Refused) as refused:
        ledger.witness.add(old=4, path=[], note=stolen["checkpoint.txt"].decode())
    assert refused.value.status == 403
    ledger.tamper("UPDATE evidence_checkpoint SET note = %s WHERE size = 8", stolen["checkpoint.txt"].decode())
    ledger.deliver()
    assert {k.kind: k.state for k in queries.head().keepers}["witness"] == "contradicts"


def test_processes_that_run_take_the_new_key_and_the_old_one_ends_exactly_there(ledger: Ledger):
    ledger.write(3)
    with ledger.databases.connect("sequencer") as connection:
        running = Sequencer(connection)
        running.start()
        held = keys.ring()
        receipt = sign("receipt", b"{}")
        done = rotate_key(SERVICE, purpose="checkpoint")
        rotate_key(SERVICE, purpose="receipt")
        assert keys.ring() is not held and keys.ring().pseudonym == held.pseudonym
        assert sign("receipt", b"{}").key_id != receipt.key_id and verify_signature("receipt", b"{}", receipt)
        while running.drain():
            pass
        assert running.sign()
    assert keys.signer(queries.proof(0)["checkpoint"]).id.hex() == done.new
    assert done.after == 3


def test_a_head_that_is_being_signed_belongs_to_the_key_before(ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    """Between taking the key and committing what it signed, the sequencer cannot be overtaken by a rotation."""
    ledger.write(2)
    note(SERVICE, Entry(event=Event.CUSTOMER_OPENED))
    done: list[Any] = []

    def other() -> None:
        try:
            done.append(rotate_key(SERVICE, purpose="checkpoint"))
        finally:
            connections.close_all()

    rotation = threading.Thread(target=other)

    def rotate_meanwhile(point: str) -> None:
        if point == "before_checkpoint":
            rotation.start()
            rotation.join(timeout=0.5)
            assert rotation.is_alive(), "it waits"

    monkeypatch.setattr(sequencing, "fault", rotate_meanwhile)
    ledger.sequence()
    rotation.join(timeout=10)
    head = queries.proof(0)["checkpoint"]
    assert done[0].after == 3 and keys.signer(head).id.hex() == done[0].old


@pytest.mark.parametrize("published", [False, True])
def test_a_rotation_that_died_half_way_leaves_one_key_in_use(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, published: bool):
    ledger.write(2)
    before = keys.ring().key("checkpoint")

    def dies(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keys, "_finish_rotation" if published else "_write_trust", dies)
    if published:  # it dies at the second call: the trust file has the new key, the key file the old one
        finish = iter((lambda purpose: None, dies))
        monkeypatch.setattr(keys, "_finish_rotation", lambda purpose: next(finish)(purpose))
    with pytest.raises(KeyboardInterrupt):
        rotate_key(SERVICE, purpose="checkpoint")
    monkeypatch.undo()
    monkeypatch.setenv("KEXIN_MIRROR", str(ledger.folder / "mirror"))
    monkeypatch.setenv("KEXIN_WITNESS_URL", ledger.url)
    assert (keys.ring().key("checkpoint") == before) is not published
    assert (keys.folder() / "keys" / "checkpoint.next").exists() is not published
    ledger.write(2)
    rotate_key(SERVICE, purpose="checkpoint")
    ledger.write(2)
    ledger.deliver()
    assert verify_now(SERVICE).ok
    assert not (keys.folder() / "keys" / "checkpoint.next").exists()


def test_a_witness_elsewhere_is_told_and_believes_only_the_key_before(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its copy of the trust file is the one of before; nobody carries a new one to it."""
    copy_of_trust = tmp_path / "trust.json"
    copy_of_trust.write_bytes(keys.trust_path().read_bytes())
    monkeypatch.setattr(ledger.witness, "_log_keys", witness.keys_from_trust(copy_of_trust))
    ledger.write(3)
    ledger.deliver()
    thief, origin = crypto.signing_key(), keys.trust()["origin"]
    stranger = {"origin": origin, "keys": [*keys.trust()["keys"], entry(origin, "checkpoint", thief, by=thief, after=3)]}
    for wrong, status in ((stranger, 403), ({"origin": origin}, 403), ({"origin": "kexin/other", "keys": []}, 404)):
        with pytest.raises(witness.Refused) as refused:
            ledger.witness.learn(wrong)
        assert refused.value.status == status
    assert not (tmp_path / "witness" / "keys.json").exists()
    for _ in range(2):
        rotate_key(SERVICE, purpose="checkpoint")
    ledger.write(2)
    ledger.deliver()
    assert {keeper.kind: keeper.state for keeper in queries.head().keepers}["witness"] == "agrees"
    assert queries.head().witness_size == queries.head().size
    again = witness.Witness(folder=tmp_path / "witness", name="witness.example", log_keys=witness.keys_from_trust(copy_of_trust))
    assert again.latest(origin) == ledger.witness.latest(origin)
    ledger.write(1)
    with ledger.databases.connect("sequencer") as connection:
        Publisher().step(connection, now=True)
    assert verify_now(SERVICE).ok
    assert [one.upto for one in again._signers(origin)] == [3, 3, None], "each key has its range there, too"
