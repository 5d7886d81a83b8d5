"""Drafts: one for each author, edited place by place, never lost to another tab; and no signature without the impact."""

from __future__ import annotations

import uuid
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.regime import queries as asked
from kexin.regime.models import RulebookActivation, RulebookDraft, RulebookImpact, RulebookSignature, RulebookVersion
from kexin.regime.operations import drafting, publishing
from kexin.regime.operations.entitling import FreshProofNeeded, NotPublisher
from kexin.regime.queries import rulebook as stored
from kexin.regime.queries.permissions import NotPermitted
from kexin.regime.rulebook import RulebookInvalid, editing
from kexin.regime.tests import signing

SETUP = Caller.for_service("setup", cause="test")
RETAIL = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
OWN = ("rules", "sales-own")


@pytest.fixture(autouse=True)
def installed() -> None:
    regime.install_rulebook(SETUP, source=RETAIL)


@pytest.fixture
def dpo() -> Caller:
    return caller_for(person("dpo", name="王敏"), "governance")


@pytest.fixture
def head() -> Caller:
    return caller_for(person("head", name="周立群"), "governance")


def rows() -> tuple[int, ...]:
    return tuple(
        model.objects.count()
        for model in (RulebookDraft, RulebookImpact, RulebookVersion, RulebookSignature, RulebookActivation)
    )


def there(source: bytes, path: Any) -> Any:
    return editing.at(editing.plain(source), path)


def edited(caller: Caller, draft: uuid.UUID, path: Any, value: Any) -> Any:
    held = bytes(RulebookDraft.objects.get(id=draft).source)
    try:
        seen = asked.seen_of(there(held, path))
    except editing.NothingThere:
        seen = asked.ABSENT
    return regime.edit_draft(caller, draft=draft, path=path, value=value, seen=seen)


def test_a_draft_is_the_text_in_force_until_it_is_edited(dpo: Caller) -> None:
    begun = regime.begin_draft(dpo)
    assert begun.source == RETAIL and begun.unchanged and begun.ver == 1 and begun.base_number == 1
    rule = {**there(RETAIL, OWN), "grade_max": 2}
    after = edited(dpo, begun.id, OWN, rule)
    assert after.ver == 2 and after.source == RETAIL.replace(
        b"grade_max: 3, when: {granted: [owner, team, record_team, task]}",
        b"grade_max: 2, when: {granted: [owner, team, record_team, task]}",
    )
    assert edited(dpo, begun.id, OWN, rule).ver == 2, "saving without a change is no edit"
    removed = edited(dpo, begun.id, OWN, None)
    assert b"id: sales-own" not in removed.source
    opened = asked.opened(dpo, draft=begun.id)
    assert "sales-own" not in {rule.id for rule in opened.rulebook.rules} and opened.base["rulebook"] == 1


def test_one_draft_for_each_author(dpo: Caller) -> None:
    regime.begin_draft(dpo)
    with pytest.raises(drafting.DraftOpen):
        regime.begin_draft(dpo)
    second = regime.begin_draft(caller_for(person("dpo"), "governance"))
    assert {one.id for one in asked.open_drafts(dpo)} == {second.id, *(one.id for one in asked.open_drafts(dpo) if one.mine)}
    assert len(asked.open_drafts(dpo)) == 2


def test_two_tabs_show_both_sides_and_lose_nothing(dpo: Caller) -> None:
    draft = regime.begin_draft(dpo).id
    seen = asked.seen_of(there(RETAIL, OWN))
    first = {**there(RETAIL, OWN), "grade_max": 2}
    regime.edit_draft(dpo, draft=draft, path=OWN, value=first, seen=seen)
    elsewhere = ("attributes", "city")
    regime.edit_draft(
        dpo, draft=draft, path=elsewhere, value={**there(RETAIL, elsewhere), "grade": 1}, seen=asked.seen_of(there(RETAIL, elsewhere))
    )
    before = bytes(RulebookDraft.objects.get(id=draft).source)
    with pytest.raises(drafting.EntryChanged) as caught:
        regime.edit_draft(dpo, draft=draft, path=OWN, value={**first, "grade_max": 1}, seen=seen)
    assert caught.value.theirs["grade_max"] == 2
    assert bytes(RulebookDraft.objects.get(id=draft).source) == before
    regime.edit_draft(dpo, draft=draft, path=OWN, value=None, seen=asked.seen_of(caught.value.theirs))
    with pytest.raises(drafting.EntryChanged) as gone:
        regime.edit_draft(dpo, draft=draft, path=OWN, value=first, seen=asked.seen_of(first))
    assert gone.value.theirs is None
    with pytest.raises(drafting.EntryThere):
        regime.edit_draft(dpo, draft=draft, path=elsewhere, value=first, seen=asked.ABSENT)


def test_what_the_strict_parser_refuses_is_not_kept(dpo: Caller) -> None:
    draft = regime.begin_draft(dpo).id
    with pytest.raises(RulebookInvalid) as caught:
        edited(dpo, draft, ("attributes", "mobile", "grade"), 7)
    finding = caught.value.findings[0]
    assert finding.key == "attributes.mobile.grade" and finding.line > 100 and "1 至 4" in finding.problem[0]
    assert asked.draft(dpo, draft=draft).unchanged


def test_what_only_the_check_refuses_is_kept_and_named(dpo: Caller) -> None:
    """A draft may be wrong on its way: the purpose first, its retention next."""
    draft = regime.begin_draft(dpo).id
    edited(dpo, draft, ("attributes", "city", "purposes", "personal_care"), "optional")
    found = asked.opened(dpo, draft=draft).findings
    assert {"unknown_reference", "no_retention"} <= {one.code for one in found if one.level == "error"}
    with pytest.raises(RulebookInvalid):
        regime.assess_draft(dpo, draft=draft)


@pytest.mark.parametrize("role", ["sales", "steward", "auditor", "head", "counsel", "system_admin"])
def test_other_posts_do_not_draft(dpo: Caller, role: str) -> None:
    draft = regime.begin_draft(dpo).id
    other, before = caller_for(person(role), "governance"), rows()
    held = bytes(RulebookDraft.objects.get(id=draft).source)
    for attempt in (
        lambda: regime.begin_draft(other),
        lambda: edited(other, draft, OWN, None),
        lambda: regime.discard_draft(other, draft=draft),
        lambda: regime.rebase_draft(other, draft=draft),
        lambda: regime.publish_draft(other, draft=draft, impact="x", signed_in_at=now()),
    ):
        with pytest.raises(NotPublisher):
            attempt()
    assert rows() == before and bytes(RulebookDraft.objects.get(id=draft).source) == held
    if role in ("sales", "system_admin"):
        with pytest.raises(NotPermitted):
            asked.open_drafts(other)
    else:
        assert len(asked.open_drafts(other)) == 1


def test_a_colleagues_draft_is_read_and_not_touched(dpo: Caller) -> None:
    draft = regime.begin_draft(dpo).id
    other, before = caller_for(person("dpo"), "governance"), rows()
    assert not asked.draft(other, draft=draft).mine
    for attempt in (lambda: edited(other, draft, OWN, None), lambda: regime.discard_draft(other, draft=draft)):
        with pytest.raises(drafting.NotAuthor):
            attempt()
    assert rows() == before and asked.draft(dpo, draft=draft).unchanged
    regime.discard_draft(dpo, draft=draft)
    with pytest.raises(asked.DraftUnknown):
        asked.draft(dpo, draft=draft)


def test_nobody_signs_what_was_not_counted_and_shown(dpo: Caller, head: Caller) -> None:
    """I10: the digest of a finished counting of exactly these bytes against exactly that version, at both signatures."""
    draft = regime.begin_draft(dpo).id
    edited(dpo, draft, ("rules", "sales-own", "grade_max"), 2)
    foreign = regime.assess_now(dpo, source=editing.put(RETAIL, ("rules", "sales-own", "grade_max"), 1))
    before = rows()
    for digest in ("", "0" * 64, foreign.digest):
        with pytest.raises(publishing.ImpactUnseen):
            regime.publish_draft(dpo, draft=draft, impact=digest, signed_in_at=now())
    queued = regime.assess_draft(dpo, draft=draft)
    with pytest.raises(publishing.ImpactUnseen):
        regime.publish_draft(dpo, draft=draft, impact=queued.digest, signed_in_at=now())
    assert (*rows()[:1], *rows()[2:]) == (*before[:1], *before[2:])
    seen = regime.assess_now(dpo, source=asked.draft(dpo, draft=draft).source)
    edited(dpo, draft, ("rules", "sales-own", "grade_max"), 1)
    with pytest.raises(publishing.ImpactUnseen):
        regime.publish_draft(dpo, draft=draft, impact=seen.digest, signed_in_at=now())
    edited(dpo, draft, ("rules", "sales-own", "grade_max"), 2)
    published = regime.publish_draft(dpo, draft=draft, impact=seen.digest, signed_in_at=now())
    assert not RulebookDraft.objects.exists() and published.number == 2 and stored.in_force().number == 1
    with pytest.raises(publishing.ImpactUnseen):
        regime.sign_rulebook(head, version=published.id, impact=foreign.digest, signed_in_at=now())
    assert stored.in_force().number == 1
    regime.sign_rulebook(head, version=published.id, impact=seen.digest, signed_in_at=now())
    assert stored.in_force().number == 2
    assert all(seen.digest in bytes(row.body).decode() for row in RulebookSignature.objects.filter(version=published.id))


@pytest.mark.parametrize("ago", [None, timedelta(minutes=11), timedelta(hours=3)])
def test_a_signature_asks_for_a_fresh_proof(dpo: Caller, head: Caller, ago: timedelta | None) -> None:
    source = editing.put(RETAIL, ("rules", "sales-own", "grade_max"), 2)
    seen, old = regime.assess_now(dpo, source=source), now() - ago if ago else None
    before = rows()
    with pytest.raises(FreshProofNeeded):
        regime.publish_rulebook(dpo, source=source, impact=seen.digest, signed_in_at=old)
    assert rows() == before
    drafted = regime.publish_rulebook(dpo, source=source, impact=seen.digest, signed_in_at=now() - timedelta(minutes=9))
    with pytest.raises(FreshProofNeeded):
        regime.sign_rulebook(head, version=drafted.id, impact=seen.digest, signed_in_at=old)
    assert stored.in_force().number == 1


def test_a_draft_follows_the_version_that_overtook_it(dpo: Caller, head: Caller) -> None:
    draft = regime.begin_draft(dpo).id
    edited(dpo, draft, ("rules", "sales-own", "grade_max"), 2)
    edited(dpo, draft, ("attributes", "salutation"), None)
    edited(dpo, draft, ("retention", "lead_12m", "keep"), "P6M")
    other = editing.put(editing.put(RETAIL, ("rules", "sales-own", "grade_max"), 1), ("controls", "answer_days"), 15)
    signing.sign(head, signing.publish(caller_for(person("dpo"), "governance"), other).id)
    assert asked.draft(dpo, draft=draft).overtaken
    followed, both = regime.rebase_draft(dpo, draft=draft)
    assert both == ("rules.sales-own",) and not followed.overtaken and followed.base_number == 2
    tree = editing.plain(followed.source)
    assert editing.at(tree, OWN)["grade_max"] == 2 and tree["controls"]["answer_days"] == 15
    assert tree["retention"]["lead_12m"]["keep"] == "P6M" and "salutation" not in tree["attributes"]
    assert regime.rebase_draft(dpo, draft=draft)[1] == ()


def test_a_waiting_version_can_be_taken_up_again(dpo: Caller, head: Caller) -> None:
    source = editing.put(RETAIL, ("rules", "sales-own", "grade_max"), 2)
    waiting = signing.publish(dpo, source)
    assert stored.version(2).state == "waiting" and stored.waiting(waiting.sha256) is not None
    draft = regime.begin_draft(dpo, number=2)
    assert draft.source == source and draft.base_number == 1
    signing.sign(head, signing.publish(dpo, editing.put(source, ("controls", "answer_days"), 15)).id)
    assert [row.state for row in stored.versions()] == ["in_force", "overtaken", "past"]
    with pytest.raises(stored.VersionUnknown):
        regime.begin_draft(caller_for(person("dpo"), "governance"), number=9)
