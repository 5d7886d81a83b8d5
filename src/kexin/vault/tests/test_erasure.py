"""Leaving for good: keys, rows, proof; holds; crashes in the middle; races (I3)."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Signature
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Problem
from kexin.vault import envelopes, keys
from kexin.vault import operations as vault
from kexin.vault.envelopes import IDENTITY
from kexin.vault.keyring.models import SubjectKey, Tombstone
from kexin.vault.models import ErasureStep, File, FileSubject, Sealed, Subject, TokenExact
from kexin.vault.tests.worlds import ERASER, IMPORTER, QUALITY, SOURCE, customer
from kexin.vault.types import About, Shows, SubjectErased, SubjectErasing

#: The module; `operations.erase` is the verb of the same name.
erasing = importlib.import_module("kexin.vault.operations.erase")
SERVICE = Caller.for_service("erasure", cause="test")


def backup(subject: uuid.UUID) -> list[envelopes.Envelope]:
    return envelopes.load(subjects=[subject], entity=IDENTITY)


def finish(subject: uuid.UUID) -> Any:
    asked = vault.erase(ERASER, subject=subject)
    return vault.continue_erasure(SERVICE, erasure=asked.id)


@pytest.mark.usefixtures("house")
def test_after_an_erasure_nothing_opens_and_nothing_is_left() -> None:
    subject = customer()
    old = backup(subject)
    audit_id = Subject.objects.get(id=subject).audit_id
    done = finish(subject)
    assert done.state == "done" and done.keys_burned_at
    row = Subject.objects.get(id=subject)
    assert (row.state, row.audit_id, row.facets, row.visible) == ("erased", None, {}, False) and audit_id
    assert not Sealed.objects.filter(subject_id=subject).exists()
    assert not TokenExact.objects.filter(subject_id=subject).exists()
    assert not SubjectKey.objects.filter(subject_id=subject).exists()
    noted = evidence.note_now(IMPORTER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    with pytest.raises(SubjectErased):
        envelopes.open_values(old, noted=noted)
    assert {step.key for step in done.steps} >= {"vault.identity", "vault.search", "vault.files", "vault.provenance"}
    assert all(step.remaining == 0 and step.done_at for step in done.steps)


@pytest.mark.usefixtures("house")
def test_the_certificate_is_signed_and_says_nothing_personal() -> None:
    done = finish(customer())
    assert done.certificate and done.signature
    assert evidence.verify_signature(
        "certificate", done.certificate, Signature(key_id=done.signing_key, sig=done.signature)
    )
    body = json.loads(done.certificate)
    assert body["record"] == done.number and "陈" not in done.certificate.decode()
    assert all(part["found_again"] == 0 for part in body["parts"])
    again = vault.erase(ERASER, subject=done.subject_id)
    assert again.id == done.id and vault.continue_erasure(SERVICE, erasure=done.id).certificate == done.certificate


@pytest.mark.usefixtures("house")
def test_the_database_itself_refuses_a_way_back() -> None:
    subject = customer()
    finish(subject)
    with pytest.raises(SubjectErased), transaction.atomic(using="keyring"):
        keys.create([keys.KeyRef(subject, 3, 9)])
    for change in ({"state": "active"}, {"number": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Subject.objects.filter(id=subject).update(**change)
    for statement in ("DELETE FROM keyring_tombstone", "UPDATE keyring_tombstone SET at = now()"):
        with pytest.raises(DatabaseError), transaction.atomic(using="keyring"):
            connections["keyring"].cursor().execute(statement)
    with pytest.raises(SubjectErased):
        vault.amend(IMPORTER, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=SOURCE)


@pytest.mark.usefixtures("house")
def test_no_verb_touches_a_record_that_is_leaving() -> None:
    subject, other = customer(1), customer(2)
    vault.erase(ERASER, subject=subject)
    refusals = (
        lambda: vault.amend(IMPORTER, subject=subject, values={"mobile": "13911112222"}, expected_ver=1, source=SOURCE),
        lambda: vault.discard(QUALITY, subject=subject),
        lambda: vault.freeze(QUALITY, subject=subject, ground="request"),
        lambda: vault.merge(QUALITY, source=subject, target=other),
        lambda: vault.place_hold(ERASER, subject=subject, attributes=["mobile"], ground="x"),
    )
    for verb in refusals:
        with pytest.raises(SubjectErasing):
            verb()


@pytest.mark.usefixtures("house")
def test_merged_records_leave_with_their_survivor() -> None:
    target, source = customer(1), customer(2)
    vault.merge(QUALITY, source=source, target=target)
    finish(target)
    assert Subject.objects.get(id=source).state == "erased"
    assert keys.tombstoned([source, target]) == {source, target}
    assert not Sealed.objects.exists()


@pytest.mark.usefixtures("house")
def test_a_hold_keeps_only_what_the_law_names_and_its_release_resumes() -> None:
    subject = customer(3, email="yt@example.cn")
    hold = vault.place_hold(ERASER, subject=subject, attributes=["mobile"], ground="tax", article="税收征收管理法")
    old = backup(subject)
    done = finish(subject)
    assert done.state == "held" and done.certificate is None
    noted = evidence.note_now(ERASER, Entry(event=Event.CUSTOMER_OPENED, decision="allow"))
    held = envelopes.load(subjects=[subject], entity=envelopes.HOLD)
    assert envelopes.open_values(held, noted=noted) == {"mobile": "13800000003"}
    with pytest.raises(keys.KeyMissing):
        envelopes.open_values(old, noted=noted)
    assert not backup(subject) and not TokenExact.objects.filter(subject_id=subject).exists()
    vault.release_hold(ERASER, hold=hold)
    again = vault.continue_erasure(SERVICE, erasure=done.id)
    assert again.state == "done" and not Sealed.objects.filter(subject_id=subject).exists()


@pytest.mark.usefixtures("house")
def test_a_hold_on_a_merged_record_resumes_the_erasure_of_its_survivor() -> None:
    source, target = customer(11), customer(12)
    hold = vault.place_hold(ERASER, subject=source, attributes=["mobile"], ground="tax")
    vault.merge(QUALITY, source=source, target=target)
    done = finish(target)
    assert done.state == "held"
    queued = _queued()
    vault.release_hold(ERASER, hold=hold)
    assert _queued() == queued + 1, "nobody would ever finish this erasure"
    assert vault.continue_erasure(SERVICE, erasure=done.id).state == "done"


def _queued() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'vault.continue_erasure'")
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("house")
def test_payloads_of_evidence_die_with_the_person() -> None:
    subject = customer()
    sealed = envelopes.seal_payload(subject, {"reason": "客户来电催货"})
    assert envelopes.open_payload(subject, sealed) == {"reason": "客户来电催货"}
    finish(subject)
    with pytest.raises(SubjectErased):
        envelopes.open_payload(subject, sealed)


STEPS = ("burn_keys", "run_step", "prove_absence", "_finish")


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("point", STEPS)
def test_a_run_that_stops_anywhere_is_finished_by_the_next(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = customer()
    asked = vault.erase(ERASER, subject=subject)
    real = getattr(erasing, point)
    with monkeypatch.context() as patch:

        def stop(*args: Any, **kwargs: Any) -> Any:
            real(*args, **kwargs)
            raise KeyboardInterrupt

        patch.setattr(erasing, point, stop)
        with pytest.raises(KeyboardInterrupt):
            vault.continue_erasure(SERVICE, erasure=asked.id)
    assert vault.continue_erasure(SERVICE, erasure=asked.id).state == "done"


_KILLED = """
import importlib, sys, time
import django; django.setup()
from kexin.foundation.caller import Caller
erase = importlib.import_module("kexin.vault.operations.erase")
real = erase.run_step
def run_step(*args):
    real(*args)
    print("step", flush=True)
    time.sleep(60)
erase.run_step = run_step
erase.continue_erasure(Caller.for_service("erasure"), erasure=sys.argv[1])
"""


def test_kill_9_in_the_middle_then_another_process_finishes(open_house: Any) -> None:
    subject = customer()
    asked = vault.erase(ERASER, subject=subject)
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(asked.id)],
        env={**open_house.environment("worker"), "DJANGO_SETTINGS_MODULE": "kexin.site.settings"},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout and process.stdout.readline() == b"step\n"
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert Tombstone.objects.filter(subject_id=subject).exists()
    assert ErasureStep.objects.filter(erasure_id=asked.id).count() == 1
    assert vault.continue_erasure(SERVICE, erasure=asked.id).state == "done"


def test_amending_while_erasing_never_leaves_anything(open_house: Any) -> None:
    """Writers race an erasure: whoever comes after the mark loses, whoever comes before is erased with the rest."""
    for round_no in range(4):
        subject = customer(round_no)
        outcomes: list[str] = []

        def write(who: int, subject: uuid.UUID = subject, outcomes: list[str] = outcomes) -> None:
            try:
                for _attempt in range(6):
                    ver = Subject.objects.values_list("ver", flat=True).get(id=subject)
                    try:
                        vault.amend(
                            IMPORTER,
                            subject=subject,
                            values={"mobile": f"139{who:08d}"},
                            expected_ver=ver,
                            source=SOURCE,
                        )
                        outcomes.append("written")
                    except (SubjectErasing, SubjectErased):
                        outcomes.append("lost")
                        return
                    except (Problem, DatabaseError) as error:
                        outcomes.append(type(error).__name__)
            finally:
                for alias in ("default", "evidence", "keyring"):
                    connections[alias].close()

        writers = [threading.Thread(target=write, args=(who,)) for who in range(3)]
        for writer in writers:
            writer.start()
        time.sleep(0.02 * round_no)
        asked = vault.erase(ERASER, subject=subject)
        vault.continue_erasure(SERVICE, erasure=asked.id)
        for writer in writers:
            writer.join()
        assert set(outcomes) <= {"written", "lost", "StaleVersion"}, outcomes
        assert not Sealed.objects.filter(subject_id=subject).exists()
        assert not SubjectKey.objects.filter(subject_id=subject).exists()
        assert Subject.objects.get(id=subject).state == "erased"
    assert clock.now()


def test_an_erasure_waits_for_the_list_that_is_being_sealed_and_then_burns_it(open_house: Any) -> None:
    """Whoever seals a file that shows the person holds the record until the file is committed: it cannot outlive."""
    subject = customer()
    sealing, go_on = threading.Event(), threading.Event()
    kept: list[uuid.UUID] = []

    def chunks() -> Iterator[bytes]:
        sealing.set()
        assert go_on.wait(timeout=30)
        yield b"data"

    def alone(task: Any) -> None:
        try:
            task()
        finally:
            connections.close_all()

    def write() -> None:
        ends, shown = clock.now() + timedelta(days=1), [Shows(subject=subject)]
        done = vault.keep_file(
            IMPORTER, chunks=chunks(), kind="export", name="a", expires_at=ends, about=About(purpose="presale"), shows=shown
        )
        kept.append(done.id)

    writer, eraser = (threading.Thread(target=alone, args=(task,)) for task in (write, lambda: finish(subject)))
    writer.start()
    assert sealing.wait(timeout=30)
    eraser.start()
    eraser.join(timeout=1.5)
    go_on.set()
    writer.join()
    eraser.join()
    assert kept and File.objects.get(id=kept[0]).state == "burned" and not FileSubject.objects.exists()
    assert Subject.objects.get(id=subject).state == "erased"
