"""A line is one INSERT; denials commit beside an open transaction; nothing that could be a person gets in."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid

import pytest
from django.db import connections, transaction

from kexin.evidence.operations import count_refusal, flush_counts, note, note_now, sign, verify_signature
from kexin.evidence.rules import body as bodies
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller

SERVICE = Caller.for_service("importer", purpose="presale")


def _intake(intake_id: uuid.UUID, fresh_db) -> tuple:
    with fresh_db.connect("sequencer") as connection:
        return connection.execute("SELECT body, audit_ids, payload FROM evidence_intake WHERE id = %s", (intake_id,)).fetchone()


def test_a_line_is_one_insert_and_its_body_holds_hashes_only(fresh_db, django_assert_num_queries):
    audit_id = uuid.uuid4()
    with django_assert_num_queries(1):
        noted = note(
            SERVICE, Entry(event=Event.CUSTOMER_REVEALED, decision="allow", audit_ids=(audit_id,), payload=b"sealed", opens=1)
        )
    stored, ids, payload = _intake(noted.intake_id, fresh_db)
    body = json.loads(stored)
    assert ids == [audit_id] and payload == b"sealed"
    assert body["payload"] == hashlib.sha256(b"sealed").hexdigest()
    assert body["subjects"] == bodies.audit_root([audit_id]) and body["subject_count"] == 1
    assert str(audit_id) not in stored.decode() and str(SERVICE.id) not in stored.decode()
    assert body["purpose"] == "presale" and body["kind"] == "service" and len(body["actor"]) == 32


@pytest.mark.no_db
@pytest.mark.parametrize("value", ["13812345678", "王小明", "a b", "x" * 97, "ref:13800138000", "a\nb"])
@pytest.mark.parametrize("field", ["ref", "action", "purpose"])
def test_free_text_and_numbers_are_refused(field, value):
    with pytest.raises(bodies.NotACode):
        bodies.build(
            Entry(event=Event.ACCESS_DENIED, **{field: value} if field != "purpose" else {}),
            intake_id=uuid.uuid4(), t_us=1, instance="i", origin="o", actor="a", kind="staff",
            purpose=value if field == "purpose" else "",
        )  # fmt: skip


def test_a_rolled_back_business_leaves_no_line_but_its_denial_stays(fresh_db):
    """breeze #1240: the denial on the second connection commits within a second of an open transaction."""
    done: list[float] = []

    def deny() -> None:
        started = time.monotonic()
        note_now(SERVICE, Entry(event=Event.ACCESS_DENIED, decision="deny"))
        done.append(time.monotonic() - started)
        connections["evidence"].close()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note(SERVICE, Entry(event=Event.CUSTOMER_ADMITTED))
        thread = threading.Thread(target=deny)
        thread.start()
        thread.join(timeout=5)
        assert done and done[0] < 1.0
        raise ZeroDivisionError
    with fresh_db.connect("sequencer") as connection:
        events = [row[0] for row in connection.execute("SELECT event FROM evidence_intake")]
    assert events == ["access.denied"]


def test_refusals_of_the_unknown_are_added_up(fresh_db):
    for _ in range(500):
        count_refusal("signin")
    count_refusal("csrf")
    flush_counts()
    with fresh_db.connect("sequencer") as connection:
        rows = dict(connection.execute("SELECT kind, sum(count) FROM evidence_refusal GROUP BY kind").fetchall())
    assert rows == {"signin": 500, "csrf": 1}


def test_signatures_are_bound_to_their_kind_and_bytes():
    signature = sign("receipt", b"body")
    assert verify_signature("receipt", b"body", signature)
    assert not verify_signature("certificate", b"body", signature)
    assert not verify_signature("receipt", b"body ", signature)
