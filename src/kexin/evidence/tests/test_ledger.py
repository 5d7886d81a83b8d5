"""The whole way: lines are numbered, signed, delivered, verified; damage is named; keepers are believed, not the head."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from kexin.evidence import checking, queries
from kexin.evidence.operations import note, verify_now
from kexin.evidence.rules import merkle, notes
from kexin.evidence.tests.conftest import SERVICE, Ledger
from kexin.evidence.types import Entry, Event, Filters
from kexin.foundation import clock


def test_lines_are_numbered_signed_delivered_and_found_whole(ledger: Ledger):
    audit_id = uuid.uuid4()
    ids = ledger.write(600)
    ledger.write(1, event=Event.CUSTOMER_REVEALED, decision="allow", audit_ids=(audit_id,), payload=b"sealed")
    ledger.deliver()
    verdict = verify_now(SERVICE)
    assert (verdict.state, verdict.checked, verdict.undelivered) == ("passed", 601, 0), verdict
    assert queries.head().undelivered == 0 and {k.state for k in queries.head().keepers} == {"agrees"}
    [look] = queries.who_looked(audit_id)
    assert look.seq == 600 and look.purpose == "presale"
    page = queries.lines(Filters(), before=600, limit=50)
    assert [line.seq for line in page] == list(range(599, 549, -1))
    proof = queries.proof(ids[3])
    note_text, _ = notes.split(proof["checkpoint"])
    head = notes.read_checkpoint(note_text)
    leaf = merkle.leaf_hash(proof["body"].encode())
    assert merkle.root_from_inclusion(leaf, proof["seq"], head.size, unhex(proof["path"])) == head.root
    shown = queries.line(600)
    assert shown.witnessed and shown.mirrored and shown.payload == "kept" and shown.signed_by


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def test_tiles_full_and_partial_are_those_of_the_leaves(ledger: Ledger):
    ledger.write(256 + 7)
    with ledger.databases.connect("sequencer") as direct:
        hashes = [bytes(row[0]) for row in direct.execute("SELECT hash FROM evidence_leaf ORDER BY seq")]
    assert queries.tile(0, 0) == b"".join(hashes[:256])
    assert queries.tile(0, 1) == b"".join(hashes[256:])
    assert queries.tile(1, 0) == merkle.root_of(hashes[:256])
    assert queries.head().root == merkle.root_of(hashes).hex()


DAMAGE = [
    ("UPDATE evidence_leaf SET body = overlay(body placing '\\x58'::bytea from 20) WHERE seq = 7", "changed", 7),
    ("UPDATE evidence_leaf SET hash = overlay(hash placing '\\x58'::bytea from 2) WHERE seq = 7", "hash", 7),
    ("DELETE FROM evidence_leaf WHERE seq = 7", "missing", 7),
    ("DELETE FROM evidence_leaf WHERE seq >= 290", "missing", 290),
    ("DELETE FROM evidence_leaf", "missing", 0),
    ("UPDATE evidence_leaf SET decision = 'allow' WHERE seq = 9", "columns", 9),
    ("UPDATE evidence_leaf SET at = at + interval '1 microsecond' WHERE seq = 9", "columns", 9),
    ("UPDATE evidence_tile SET root = overlay(root placing '\\x58'::bytea from 2)", "tile", 0),
    ("DELETE FROM evidence_subject", "subjects", 5),
    ("UPDATE evidence_subject SET audit_id = gen_random_uuid()", "subjects", 5),
    ("UPDATE evidence_payload SET sealed = 'x'", "payload", 5),
    ("UPDATE evidence_checkpoint SET note = replace(note, '300', '299')", "checkpoint", None),
    ("UPDATE evidence_checkpoint SET root = sha256('x')", "checkpoint", None),
]


@pytest.mark.parametrize(("statement", "kind", "seq"), DAMAGE)
def test_every_change_in_the_database_is_named(ledger: Ledger, statement: str, kind: str, seq: int | None):
    for _ in range(5):
        note(SERVICE, Entry(event=Event.CUSTOMER_OPENED))
    note(SERVICE, Entry(event=Event.CUSTOMER_OPENED, audit_ids=(uuid.uuid4(),), payload=b"sealed"))
    ledger.write(294, decision="deny")
    ledger.deliver()
    assert verify_now(SERVICE).ok
    ledger.tamper(statement)
    verdict = verify_now(SERVICE)
    assert verdict.state == "failed" and verdict.damage is not None
    assert (verdict.damage.kind, verdict.damage.seq) == (kind, seq), verdict.damage


def test_every_signed_size_is_compared_wherever_in_a_tile_it_falls(ledger: Ledger):
    sizes = []
    for count in (3, 4, 249, 1, 255, 90):
        ledger.write(count)
        sizes.append((sizes[-1] if sizes else 0) + count)
    ledger.deliver()
    assert verify_now(SERVICE).ok
    with ledger.databases.connect("sequencer") as direct:
        signed = {row[0] for row in direct.execute("SELECT size FROM evidence_checkpoint")}
    assert signed == set(sizes) and {256, 512} <= signed
    for size in sizes:
        ledger.tamper(f"UPDATE evidence_checkpoint SET root = sha256(root) WHERE size = {size}")
        damage = verify_now(SERVICE).damage
        assert damage is not None and damage.kind == "checkpoint" and f" {size} " in damage.detail
        ledger.tamper("DELETE FROM evidence_checkpoint WHERE size = (SELECT min(size) FROM evidence_checkpoint)")


def test_a_history_rewritten_with_our_own_keys_is_seen_outside(ledger: Ledger):
    """Re-seeded and re-signed in the same database (breeze #916): only the keepers outside can tell."""
    ledger.write(20)
    ledger.deliver()
    for table in ("leaf", "tile", "checkpoint", "subject", "payload"):
        ledger.tamper(f"DELETE FROM evidence_{table}")
    ledger.write(25)
    verdict = verify_now(SERVICE)
    assert verdict.state == "failed" and (verdict.damage.kind, verdict.damage.seq) == ("changed", 0)
    ledger.deliver()
    assert {keeper.state for keeper in queries.head().keepers} == {"contradicts"}


def test_a_changed_mirror_is_blamed_on_the_mirror(ledger: Ledger):
    ledger.write(20)
    ledger.deliver()
    [bundle] = (ledger.folder / "mirror" / "leaves").iterdir()
    rows = bundle.read_bytes().split(b"\n")
    rows[4], rows[5] = rows[5], rows[4]
    bundle.chmod(0o600)
    bundle.write_bytes(b"\n".join(rows))
    assert verify_now(SERVICE).damage.kind == "mirror"


def test_a_witness_that_forgot_is_not_believed(ledger: Ledger):
    ledger.write(20)
    ledger.deliver()
    (ledger.folder / "witness" / "state.json").unlink()
    assert verify_now(SERVICE).damage.kind == "witness"


def test_without_any_keeper_there_is_no_verdict(ledger: Ledger, monkeypatch):
    monkeypatch.setenv("KEXIN_WITNESS_URL", "none")
    ledger.write(3)
    assert verify_now(SERVICE).state == "impossible"


def test_new_lines_only_and_a_run_that_was_interrupted(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(checking, "STEP", 256)
    ledger.write(700)
    ledger.deliver()
    assert verify_now(SERVICE).checked == 700
    ledger.write(100)
    ledger.deliver()
    calls = []
    whole = checking.step

    def counted(cursor, outside, frontier, end):
        calls.append((frontier.size, end))
        if len(calls) == 2:
            raise KeyboardInterrupt
        whole(cursor, outside, frontier, end)

    monkeypatch.setattr(checking, "step", counted)
    with pytest.raises(KeyboardInterrupt):
        verify_now(SERVICE, depth="new")
    assert calls[0] == (512, 768)
    from kexin.evidence.operations import run_verification

    resumed = run_verification(SERVICE, verification=queries.verdict().id)
    assert resumed.ok and calls[2][0] == 768


def test_payloads_may_go_and_everything_still_stands(ledger: Ledger):
    """Erasure must never look like tampering (tale #1843)."""
    for count in (1, 3, 300):
        ledger.write(count, payload=b"sealed", audit_ids=(uuid.uuid4(),))
        ledger.deliver()
        with ledger.databases.connect("worker") as worker:
            worker.execute("DELETE FROM evidence_payload WHERE seq % 2 = 0")
        assert verify_now(SERVICE).ok
    assert queries.line(2).payload == "gone"


REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)


def test_roles_can_only_do_what_they_must(ledger: Ledger):
    ledger.write(3)
    for role in ("web", "worker", "sequencer", "reader"):
        with ledger.databases.connect(role) as direct:
            for table in ("leaf", "tile", "checkpoint", "subject"):
                column = {"checkpoint": "size", "tile": "level"}.get(table, "seq")
                for verb in (f"UPDATE evidence_{table} SET {column} = 1", f"DELETE FROM evidence_{table}", f"TRUNCATE evidence_{table}"):
                    with pytest.raises(REFUSALS):
                        direct.execute(verb)
    with ledger.databases.connect("web") as web, pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute("SELECT 1 FROM evidence_intake")
    with ledger.databases.connect("admin") as admin:
        for verb in ("UPDATE evidence_leaf SET seq = seq", "DELETE FROM evidence_leaf", "TRUNCATE evidence_leaf"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
                admin.execute(verb)


def test_who_looked_is_one_index_scan(ledger: Ledger):
    ledger.write(300, audit_ids=(uuid.uuid4(),))
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN (FORMAT JSON) " + queries._LOOKED, (uuid.uuid4(),))
        plan = cursor.fetchone()[0]
        cursor.execute("RESET enable_seqscan")
    assert "evidence_subject_pkey" in json.dumps(plan) and "Seq Scan" not in json.dumps(plan)


def test_lines_that_stay_inside_for_five_minutes_are_an_alarm(ledger: Ledger, monkeypatch):
    from kexin.site import health

    ledger.write(2)
    ledger.deliver()
    assert queries.head().waiting_since is None and health.parts()["evidence"].ok
    ledger.write()
    assert not queries.head().overdue and health.parts()["evidence"].ok
    later = clock.now() + timedelta(seconds=301)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert queries.head().overdue and queries.head().undelivered == 1
    assert not health.parts()["evidence"].ok and health.document(health.parts())["status"] == "degraded"
    monkeypatch.undo()
    ledger.deliver()
    assert health.parts()["evidence"].ok
