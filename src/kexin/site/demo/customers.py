"""The demo company's customers: admitted, granted to their salespeople, asked for consent, and then life happens."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.regime import operations as regime
from kexin.site.demo import names
from kexin.site.demo.cases import CASES, Case
from kexin.site.demo.company import caller_of
from kexin.vault import operations as vault
from kexin.vault.types import SourceActRef

#: How the customers came: act -> source, purpose, basis, words.
ACTS: dict[str, SourceActRef] = {
    "expo": SourceActRef(source="offline", purpose="presale", basis="contract_if_asked", label="2026 杭州秋季家博会"),
    "service": SourceActRef(source="form", purpose="service", basis="contract", label="门店与线上订单客户"),
    "legacy": SourceActRef(source="legacy", purpose="service", basis="unproven", label="2019 年旧系统客户表"),
    "b2b": SourceActRef(source="offline", purpose="contract_b2b", basis="consent", label="企业客户名片与合同"),
}
_OWNERS = ("XS0217", "XS0231", "XS0244")
_DEMO = Caller.for_service("demo", cause="demo")


def admit_all(staff: dict[str, uuid.UUID], dice: random.Random, bulk: dict[str, int]) -> None:
    """The scripted cases with the second chapter of their lives, then the many; whoever came last stands first."""
    acts = {
        key: vault.declare_source(_DEMO.under(act.purpose), source=act) for key, act in ACTS.items()
    }
    for case in CASES:
        _scripted(staff, case, acts[case.act])
    first = 1
    for key, count in bulk.items():
        act = acts[key]
        kind = "organisation" if key == "b2b" else "person"
        rows = (
            names.organisations(dice, count=count, first=first)
            if kind == "organisation"
            else names.persons(dice, purpose=act.purpose, count=count, first=first)
        )
        made = vault.admit_many(_DEMO.under(act.purpose), rows=rows, source=act, kind=kind, want_ids=True)
        if made.refused:
            raise RuntimeError(f"demo rows refused: {made.refused[:3]}")
        _hand_out(staff, dice, made.subject_ids)
        if key in ("expo", "service"):
            _ask(dice, made.subject_ids)
        first += count


def _hand_out(staff: dict[str, uuid.UUID], dice: random.Random, subjects: tuple[uuid.UUID, ...]) -> None:
    """Nine in ten have an owner; the sales lead sees all of them as team."""
    shares: dict[str, list[uuid.UUID]] = {owner: [] for owner in _OWNERS}
    for subject in subjects:
        if dice.random() < 0.9:
            shares[dice.choices(_OWNERS, (2, 1, 1))[0]].append(subject)
    for owner, mine in shares.items():
        regime.grant_many(_DEMO, subjects=mine, principal=staff[owner], relation="owner")
        regime.grant_many(_DEMO, subjects=mine, principal=staff["XS0101"], relation="team")


def _ask(dice: random.Random, subjects: tuple[uuid.UUID, ...]) -> None:
    """Four in ten were asked about marketing, one channel at a time; a third of the answers were no, some changed."""
    for subject in subjects:
        if dice.random() > 0.4:
            continue
        for purpose in dice.sample(("mkt_call", "mkt_sms", "mkt_wechat", "mkt_email"), dice.choice((1, 1, 2, 3))):
            given = dice.random() > 0.33
            regime.record_consent(
                _DEMO, subject=subject, purpose=purpose, status="given" if given else "refused", method="in_person"
            )
            if given and dice.random() < 0.1:
                regime.record_consent(_DEMO, subject=subject, purpose=purpose, status="withdrawn", method="in_person")


def _scripted(staff: dict[str, uuid.UUID], case: Case, act: SourceActRef) -> None:
    caller = _DEMO.under(act.purpose)
    values = {key: value for key, value in case.values.items()}
    made = vault.admit(caller, values=values, source=act, kind=case.kind)
    if case.owner:
        regime.grant(_DEMO, subject=made.subject_id, principal=staff[case.owner], relation="owner")
        regime.grant(_DEMO, subject=made.subject_id, principal=staff["XS0101"], relation="team")
    for step in case.then:
        verb, _mark, rest = step.partition(":")
        if verb == "consent":
            purpose, _mark, status = rest.partition(":")
            regime.record_consent(_DEMO, subject=made.subject_id, purpose=purpose, status=status, method="in_person")
        elif verb == "freeze":
            vault.freeze(caller, subject=made.subject_id, ground=rest)
        elif verb == "discard":
            vault.discard(caller, subject=made.subject_id)
        elif verb == "contact_old":
            vault.touch_contact(caller, subject=made.subject_id, at=now() - timedelta(days=420))
        elif verb == "watch":
            vault.watch_record(_DEMO, subject=made.subject_id)
        elif verb == "erase":
            vault.erase(caller_of(staff["SC0021"], "rights"), subject=made.subject_id)
