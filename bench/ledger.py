"""The ledger under load: writers, sequencer, verification; and one live erasure from the order to the certificate."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from typing import Any

import psycopg

from bench.figures import Figure
from bench.house import RAW_SCHEMA, Installation
from bench.people import people

#: 16 writers as four processes of four: one interpreter cannot keep sixteen connections busy.
PROCESSES, THREADS = 4, 4
SECONDS, ROUNDS = 3.0, 3
#: What the sequencer and the verification are measured on at least.
LINES = 100_000
ERASURES = 8
_WAIT_S = 60.0


def writing(house: Installation) -> list[Figure]:
    """Transactions per second with a line of evidence in each, beside the same without, alternating."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.writers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    try:
        for one in writers:
            one.stdout.readline()  # type: ignore[union-attr]
        _round(writers, evidence=True, seconds=0.5)
        found = [(_round(writers, evidence=True), _round(writers, evidence=False)) for _ in range(ROUNDS)]
    finally:
        for one in writers:
            one.stdin.close()  # type: ignore[union-attr]
            one.wait()
    share, ours, raw = statistics.median((ours / raw, ours, raw) for ours, raw in found)
    return [
        Figure(name=f"intake, {PROCESSES * THREADS} writers", value=ours, unit="tx/s", better="high", budget=1_500,
               raw=raw, raw_name="without evidence"),
        Figure(name="intake as a share of the rate without evidence", value=share * 100, unit="%", better="high",
               budget=60.0),
    ]  # fmt: skip


def _round(writers: list[subprocess.Popen[str]], *, evidence: bool, seconds: float = SECONDS) -> float:
    order = json.dumps({"threads": THREADS, "seconds": seconds, "evidence": evidence})
    began = time.monotonic()
    for one in writers:
        print(order, file=one.stdin, flush=True)
    done = sum(json.loads(one.stdout.readline())["done"] for one in writers)  # type: ignore[union-attr]
    return float(done / (time.monotonic() - began))


def sequencing(house: Installation) -> list[Figure]:
    """Lines numbered per second: batches of the product's own size, one durable transaction each."""
    from kexin.evidence import publishing
    from kexin.evidence.sequencer import Sequencer

    waiting = _fill(house)
    with psycopg.connect(house.instance.address("main", "sequencer").url(), autocommit=True) as connection:
        leader = Sequencer(connection)
        if not leader.lead():
            raise SystemExit("another sequencer leads here")
        leader.start()
        began = time.perf_counter()
        done = 0
        while drained := leader.drain():
            done += drained
        leader.sign()
        spent = time.perf_counter() - began
        publishing.Publisher().step(connection, now=True)
    return [
        Figure(name="sequencer", value=done / spent, unit="lines/s", better="high", budget=50_000,
               raw=_copy_of_lines(house), raw_name="COPY of the same lines", note=f"{waiting:,} lines waiting")
    ]  # fmt: skip


def _fill(house: Installation) -> int:
    """Bring the intake to `LINES` waiting lines; answers how many wait."""
    from django.db import transaction

    from kexin.evidence import operations as evidence
    from kexin.evidence.types import Entry, Event
    from kexin.foundation.caller import Caller

    caller = Caller.for_service("bench", purpose="presale", cause="bench")
    with house.admin() as admin:
        waiting = int(admin.execute("SELECT count(*) FROM evidence_intake").fetchone()[0])  # type: ignore[index]
        for _ in range(0, LINES - waiting, 1_000):
            with transaction.atomic():
                for _line in range(1_000):
                    entry = Entry(
                        event=Event.CUSTOMER_OPENED, decision="allow", action="read", count=1, rule_ids=("sales-own",),
                        audit_ids=(uuid.uuid4(),),
                    )  # fmt: skip
                    evidence.note(caller, entry)
        admin.execute("VACUUM ANALYZE evidence_intake")
        return int(admin.execute("SELECT count(*) FROM evidence_intake").fetchone()[0])  # type: ignore[index]


def _copy_of_lines(house: Installation) -> float:
    """Rows per second by COPY of the numbered lines and their subject index into identical tables."""
    tables = ("evidence_leaf", "evidence_subject")
    with house.admin() as admin:
        data = {}
        for table in tables:
            admin.execute(f"CREATE TABLE {RAW_SCHEMA}.{table} (LIKE public.{table} INCLUDING ALL)")
            query = f"COPY (SELECT * FROM public.{table} ORDER BY seq LIMIT 20000) TO STDOUT"
            with admin.cursor().copy(query) as stream:
                data[table] = b"".join(bytes(part) for part in stream)
        lines = data["evidence_leaf"].count(b"\n")
        began = time.perf_counter()
        for table in tables:
            with admin.cursor().copy(f"COPY {RAW_SCHEMA}.{table} FROM STDIN") as stream:
                stream.write(data[table])
        spent = time.perf_counter() - began
        for table in tables:
            admin.execute(f"DROP TABLE {RAW_SCHEMA}.{table}")
    return lines / spent


def verifying(house: Installation) -> list[Figure]:
    """The page's verification against mirror and witness, and the stand-alone program on an exported pack."""
    from kexin.evidence import keys
    from kexin.evidence import operations as evidence
    from kexin.evidence.queries import head
    from kexin.foundation.caller import Caller

    caller = Caller.for_service("bench", cause="bench")
    _until(lambda: (head().witness_size or 0) >= LINES, "the witness")
    began = time.perf_counter()
    verdict = evidence.verify_now(caller)
    spent = time.perf_counter() - began
    if verdict.state != "passed":
        raise SystemExit(f"the ledger of this run does not verify: {verdict}")
    pack = evidence.export_pack(caller)
    began = time.perf_counter()
    program = [sys.executable, "-m", "kexin.evidence.verifier", str(pack), "--trust", str(keys.trust_path())]
    outside = subprocess.run(program, env={"PATH": os.defpath}, check=False, capture_output=True, text=True)
    alone = time.perf_counter() - began
    if outside.returncode:
        raise SystemExit(f"kexin-verify rejects the pack: {outside.stderr}")
    lines = verdict.checked
    return [
        Figure(name="verify 1,000,000 lines against mirror and witness", value=spent / lines * 1_000_000, unit="s",
               budget=30.0, note=f"scaled from {lines:,} lines in {spent:.1f} s"),
        Figure(name="kexin-verify on a pack of 1,000,000 lines", value=alone / lines * 1_000_000, unit="s",
               note=f"scaled from {lines:,} lines in {alone:.1f} s, start of the program included"),
    ]  # fmt: skip


def erasing(house: Installation) -> list[Figure]:
    """From the order to the signed certificate, through the queue and the worker of the running installation."""
    from kexin.foundation.caller import Caller
    from kexin.vault import operations as vault
    from kexin.vault.queries.erasures import erasure
    from kexin.vault.types import SourceActRef

    importer = Caller.for_service("bench", purpose="presale", cause="bench")
    source = SourceActRef(source="import", purpose="presale", basis="contract_if_asked", label="测速删除")
    spent = []
    for values in people(ERASURES, seed=7):
        subject = vault.admit(importer, values=values, source=source).subject_id
        began = time.perf_counter()
        asked = vault.erase(house.steward, subject=subject)

        def done(identity: uuid.UUID = asked.id) -> bool:
            found = erasure(id=identity)
            return found is not None and found.state == "done"

        _until(done, "an erasure", every=0.01)
        spent.append(time.perf_counter() - began)
    return [
        Figure(name="live erasure, order to certificate, slowest", value=max(spent), unit="s", budget=5.0,
               note=f"median {statistics.median(spent):.2f} s of {ERASURES}, queue and worker included")
    ]  # fmt: skip


def _until(holds: Any, what: str, *, every: float = 0.25) -> None:
    end = time.monotonic() + _WAIT_S
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come within {_WAIT_S:.0f} s")
        time.sleep(every)
