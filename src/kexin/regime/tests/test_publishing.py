"""A rulebook's way into force, on the real database with the rights of the web role."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import resources

import pytest
from django.db import DatabaseError, connection, transaction

from kexin.evidence import operations as evidence
from kexin.evidence.types import Signature
from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.regime.models import RulebookSignature, RulebookVersion
from kexin.regime.operations import publishing
from kexin.regime.queries import bundle
from kexin.regime.queries import rulebook as stored
from kexin.regime.rulebook import RulebookInvalid
from kexin.regime.tests import signing

SETUP = Caller.for_service("setup", cause="test")


def retail() -> bytes:
    return resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()


def tighter(data: bytes) -> bytes:
    return data.replace(b"attributes: [name, id_no, passport_no]", b"attributes: [name, id_no]")


def looser(data: bytes) -> bytes:
    return data.replace(b"attributes: [bank_card, balance]", b"attributes: [bank_card, balance, order_total]").replace(
        "order_total: {label: {zh: 累计消费".encode(), "order_total: {label: {zh: 累计消费额".encode()
    )


@pytest.fixture
def installed() -> publishing.Published:
    if stored.in_force():
        pytest.skip("this database was born with a rulebook")
    return regime.install_rulebook(SETUP, source=retail())


@pytest.fixture
def dpo() -> Caller:
    return caller_for(person(role="dpo", name="王敏"), "governance")


@pytest.fixture
def head() -> Caller:
    return caller_for(person(role="head", name="周立群"), "governance")


def test_the_first_rulebook_is_installed_once(installed: publishing.Published) -> None:
    assert installed.effective_at and installed.number == 1
    assert stored.in_force().sha256 == installed.sha256
    assert bundle().sha256 == installed.sha256
    with pytest.raises(publishing.Overtaken):
        regime.install_rulebook(SETUP, source=retail())


def test_only_set_up_installs(dpo: Caller) -> None:
    with pytest.raises(publishing.NotPublisher):
        regime.install_rulebook(dpo, source=retail())


def test_two_people_put_a_version_in_force(installed: publishing.Published, dpo: Caller, head: Caller) -> None:
    drafted = signing.publish(dpo, looser(retail()))
    assert drafted.effective_at is None and drafted.loosens and drafted.difference is not None
    assert stored.in_force().number == 1
    signed = signing.sign(head, drafted.id)
    assert signed.effective_at and stored.in_force().number == 2 and bundle().sha256 == drafted.sha256
    assert [row.state for row in stored.versions()] == ["in_force", "past"]
    assert stored.source(drafted.sha256) == looser(retail())


def test_the_drafter_cannot_sign_second(installed: publishing.Published, dpo: Caller) -> None:
    drafted = signing.publish(dpo, tighter(retail()))
    with pytest.raises(publishing.SignedBySamePerson):
        signing.sign(dpo, drafted.id)
    assert stored.in_force().number == 1


@pytest.mark.parametrize("role", ["sales", "steward", "system_admin", "auditor", "agent"])
def test_other_posts_neither_draft_nor_sign(installed: publishing.Published, dpo: Caller, role: str) -> None:
    other = caller_for(person(role=role), "governance")
    with pytest.raises(publishing.NotPublisher):
        signing.publish(other, tighter(retail()))
    drafted = signing.publish(dpo, tighter(retail()))
    with pytest.raises(publishing.NotPublisher):
        signing.sign(other, drafted.id)


def test_a_signature_counts_only_against_the_version_it_was_compared_with(
    installed: publishing.Published, dpo: Caller, head: Caller
) -> None:
    first = signing.publish(dpo, tighter(retail()))
    second = signing.publish(dpo, looser(retail()))
    signing.sign(head, first.id)
    with pytest.raises(publishing.Overtaken):
        signing.sign(head, second.id)
    with pytest.raises(publishing.Overtaken):
        signing.sign(head, first.id)


def test_the_text_in_force_is_no_new_version(installed: publishing.Published, dpo: Caller) -> None:
    with pytest.raises(publishing.Overtaken):
        signing.publish(dpo, retail())


def test_a_wrong_rulebook_leaves_nothing_behind(installed: publishing.Published, dpo: Caller) -> None:
    with pytest.raises(RulebookInvalid):
        signing.publish(dpo, retail().replace(b'"regime:rulebook:sign"', b'"regime:rulebook:read"'))
    assert RulebookVersion.objects.count() == 1


def test_signatures_verify_and_name_the_bytes(installed: publishing.Published, dpo: Caller, head: Caller) -> None:
    drafted = signing.publish(dpo, tighter(retail()))
    signing.sign(head, drafted.id)
    rows = list(RulebookSignature.objects.filter(version=drafted.id).order_by("signed_at"))
    assert [row.signer for row in rows] == [dpo.id, head.id]
    for row in rows:
        body, signature = bytes(row.body), Signature(key_id=row.key_id, sig=bytes(row.sig), alg=row.alg)
        assert json.loads(body)["sha256"] == drafted.sha256 and json.loads(body)["replaces"] == installed.sha256
        assert evidence.verify_signature("rulebook", body, signature)
        assert not evidence.verify_signature("rulebook", body + b" ", signature)
        assert not evidence.verify_signature("receipt", body, signature)


def test_versions_signatures_and_activations_cannot_be_changed(installed: publishing.Published) -> None:
    for table in ("regime_rulebookversion", "regime_rulebooksignature", "regime_rulebookactivation"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


@pytest.fixture
def small() -> publishing.Published:
    if stored.in_force():
        pytest.skip("this database was born with a rulebook")
    return regime.install_rulebook(SETUP, source=retail().replace(b"size: general", b"size: small"))


def test_a_lone_publisher_tightens_at_once_and_loosens_after_a_day(
    small: publishing.Published, dpo: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = retail().replace(b"size: general", b"size: small")
    loosened = signing.publish(dpo, looser(text))
    assert timedelta(hours=23) < loosened.effective_at - now() <= timedelta(hours=24)
    assert stored.in_force().number == 1
    tightened = signing.publish(dpo, tighter(text))
    assert not tightened.loosens and tightened.effective_at <= now()
    assert stored.in_force().number == 3
    monkeypatch.setattr(stored, "now", lambda: now() + timedelta(days=2))
    assert stored.in_force().number == 3, "the waiting loosening must not undo the tightening that overtook it"


def test_in_a_small_firm_with_two_signers_two_sign(small: publishing.Published, dpo: Caller, head: Caller) -> None:
    drafted = signing.publish(dpo, tighter(retail().replace(b"size: general", b"size: small")))
    assert drafted.effective_at is None


def test_a_leaver_signs_nothing(installed: publishing.Published, dpo: Caller, head: Caller) -> None:
    from dataclasses import replace

    drafted = signing.publish(dpo, tighter(retail()))
    with pytest.raises(publishing.NotPublisher):
        signing.sign(replace(head, epoch=head.epoch - 1), drafted.id)
