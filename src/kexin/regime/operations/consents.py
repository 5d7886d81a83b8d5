"""DOOR: consents as events that are only ever added, each with a signed receipt."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.foundation.canonical import dumps
from kexin.foundation.clock import now
from kexin.foundation.ids import uuid7
from kexin.foundation.jobs import job
from kexin.foundation.problems import Invalid
from kexin.regime.models import ConsentEvent, ConsentState, Notice, NoticeText, Receipt
from kexin.regime.queries.askers import bundle
from kexin.regime.queries.consents import receipt_view, state_of
from kexin.regime.queries.notices import major_version
from kexin.regime.rules import consent as rules
from kexin.regime.rules.receipt import code_of, document
from kexin.regime.types import Bundle, PurposeDef, ReceiptView, Rulebook

AUDIT_ITEM = "A04"
_HEX = re.compile(r"(?:[0-9a-f]{64})?")
_CODE = re.compile(r"[a-z0-9_.:-]{0,64}")
_EVENTS = {
    "shown": Event.CONSENT_ASKED,
    "given": Event.CONSENT_GIVEN,
    "refused": Event.CONSENT_REFUSED,
    "withdrawn": Event.CONSENT_WITHDRAWN,
    "expired": Event.CONSENT_EXPIRED,
    "stale": Event.CONSENT_EXPIRED,
}


class ConsentInvalid(Invalid):
    """A consent that would prove nothing: a part that the law asks for is missing or too weak."""

    code = "consent-invalid"
    title = _("没有记录：这份同意不完整")


def record_consent(
    caller: Caller,
    *,
    subject: uuid.UUID,
    purpose: str,
    channel: str = "",
    status: str = "given",
    kind: str = "",
    notice: uuid.UUID | None = None,
    locale: str = "zh",
    method: str = "web_form",
    form: str = "",
    wording_sha256: str = "",
    occurred_at: datetime | None = None,
    valid_until: datetime | None = None,
    paper_file: uuid.UUID | None = None,
    device_sha256: str = "",
    guardian: Mapping[str, Any] | None = None,
    audit_ids: Iterable[uuid.UUID] = (),
) -> ReceiptView | None:
    """Add one consent event (shown, given, refused, withdrawn, expired, stale) and move the state; one evidence line.

    ``channel`` "" = the purpose's own. ``kind`` "" = what the rulebook asks for; a weaker kind is refused. ``method``:
    web_form, portal, phone, paper, message, in_person, import, system. ``paper_file``: the sealed scan, needed when on
    paper. ``guardian`` {"relation", "method", "subject"}: needed for kind guardian. Answers the receipt of what the
    person decided (given, refused, withdrawn), None for the rest. Raises ConsentInvalid.
    """
    in_force = bundle()
    definition = in_force.purposes.get(purpose)
    if definition is None:
        raise ConsentInvalid(_("制度里没有这个用途。"))
    at = now()
    kind = kind or rules.kind_needed(definition) or "explicit"
    when = occurred_at or at
    valid_until = valid_until or (rules.after(when, definition.consent_valid) if status == "given" else None)
    _check(definition, status=status, kind=kind, method=method, paper_file=paper_file, guardian=guardian)
    _check_texts(form=form, locale=locale, wording=wording_sha256, device=device_sha256)
    _check_times(when, valid_until, at)
    scope = rules.scope_of(in_force.rulebook, purpose, notice_major=major_version("general"))
    event = ConsentEvent(
        id=uuid7(),
        subject_id=subject,
        purpose=purpose,
        channel=channel or definition.channel,
        kind=kind,
        status=status,
        basis=_basis(definition),
        locale=locale,
        scope=scope,
        scope_sha256=rules.scope_sha256(scope),
        rulebook_sha256=in_force.sha256,
        method=method,
        form=form,
        wording_sha256=wording_sha256,
        device_sha256=device_sha256,
        paper_file=paper_file,
        pia=definition.pia,
        occurred_at=when,
        recorded_at=at,
        valid_until=valid_until,
        actor_kind=caller.kind.value,
        actor_id=caller.id,
    )
    _add_notice(event, notice, needed=status == "given")
    _add_guardian(event, guardian)
    with transaction.atomic():
        return _record(caller, event, in_force, tuple(audit_ids))


def _check(
    purpose: PurposeDef,
    *,
    status: str,
    kind: str,
    method: str,
    paper_file: uuid.UUID | None,
    guardian: Mapping[str, Any] | None,
) -> None:
    if status not in rules.STATUSES or kind not in rules.KINDS or method not in rules.METHODS:
        raise ConsentInvalid(_("状态、同意种类或取得方式不在允许的范围内。"))
    if method == "paper" and paper_file is None:
        raise ConsentInvalid(_("纸质同意须附扫描件。"), article="PIPL 14")
    if status != "given":
        return
    needed = rules.kind_needed(purpose)
    if purpose.prohibited or not needed:
        raise ConsentInvalid(_("这个用途不以同意为依据，不需要也不接受同意。"), article="PIPL 13")
    if not rules.suffices(kind, needed):
        raise ConsentInvalid(_("这个用途需要更明确的同意种类，不能用一揽子同意代替。"), article="PIPL 14, 29")
    if kind == "guardian" and not (guardian and guardian.get("relation") and guardian.get("method")):
        raise ConsentInvalid(_("监护人同意须写明关系和核验方式。"), article="PIPL 31")


def _check_texts(*, form: str, locale: str, wording: str, device: str) -> None:
    if not (_CODE.fullmatch(form) and re.fullmatch(r"[a-z]{2}(?:-[A-Za-z]{2,8})?", locale)):
        raise ConsentInvalid(_("表单编号或语言代码不对。"))
    if not (_HEX.fullmatch(wording) and _HEX.fullmatch(device)):
        raise ConsentInvalid(_("摘要须为 64 位十六进制。"))


def _check_times(occurred_at: datetime, valid_until: datetime | None, at: datetime) -> None:
    if occurred_at.utcoffset() is None or (valid_until is not None and valid_until.utcoffset() is None):
        raise ConsentInvalid(_("时间须带时区。"))
    if occurred_at > at + timedelta(minutes=5):
        raise ConsentInvalid(_("同意的时间不能在将来。"))


def _basis(purpose: PurposeDef) -> str:
    consents = [basis.value for basis in purpose.bases if basis.value.endswith("consent")]
    return consents[0] if consents else (purpose.bases[0].value if purpose.bases else "")


def _add_notice(event: ConsentEvent, notice: uuid.UUID | None, *, needed: bool) -> None:
    """Bind the event to the exact notice that was shown; without one, to the general notice in force (PIPL 14)."""
    wanted = Notice.objects.filter(id=notice) if notice else Notice.objects.filter(kind="general").order_by("-version")
    row = wanted.first()
    text = NoticeText.objects.filter(notice=row, locale__in=(event.locale, "zh")).order_by("locale").first()
    if row is None or text is None:
        if needed:
            raise ConsentInvalid(_("没有可依据的告知版本，先发布告知。"), article="PIPL 14, 17", who="dpo")
        return
    event.notice_id, event.notice_version, event.notice_sha256 = row.id, row.version, text.sha256


def _add_guardian(event: ConsentEvent, guardian: Mapping[str, Any] | None) -> None:
    if not guardian:
        return
    relation, method = str(guardian.get("relation", "")), str(guardian.get("method", ""))
    subject = guardian.get("subject")
    codes = _CODE.fullmatch(relation) and _CODE.fullmatch(method) and len(relation) <= 32 and len(method) <= 32
    if not codes or not (subject is None or isinstance(subject, uuid.UUID)):
        raise ConsentInvalid(_("监护人的关系和核验方式须为代码。"))
    event.guardian_relation, event.guardian_method, event.guardian_subject = relation, method, subject


def _record(
    caller: Caller, event: ConsentEvent, in_force: Bundle, audit_ids: tuple[uuid.UUID, ...]
) -> ReceiptView | None:
    with connection.cursor() as cursor:  # events of one consent are recorded one after another
        key = f"regime.consent:{event.subject_id}:{event.purpose}:{event.channel}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    row = ConsentState.objects.filter(subject_id=event.subject_id, purpose=event.purpose, channel=event.channel).first()
    event.record_id = row.record_id if row else uuid.uuid4()
    event.save(force_insert=True)
    before = state_of(row) if row else None
    after = rules.next_state(before, as_state(event))
    if after is not before:
        _save_state(row, event, after)
    receipt = _receipt(event, in_force) if event.status in rules.DECIDED else None
    noted = evidence.note(
        caller,
        Entry(
            event=_EVENTS[event.status],
            purpose=event.purpose,
            audit_item=AUDIT_ITEM,
            rulebook=in_force.sha256,
            audit_ids=audit_ids,
            ref=str(event.id),
            document=hashlib.sha256(bytes(receipt.document)).hexdigest() if receipt else "",
        ),
    )
    if receipt is None:
        return None
    receipt.intake_id = noted.intake_id
    receipt.save(force_insert=True)
    return receipt_view(receipt)


def as_state(event: ConsentEvent) -> rules.State:
    """An event as the pure rules read it."""
    return rules.State(
        status=event.status,
        kind=event.kind,
        valid_until=event.valid_until,
        scope_sha256=event.scope_sha256,
        notice_version=event.notice_version,
        record_id=event.record_id,
        event_seq=event.seq,
        at=event.occurred_at,
    )


def _save_state(row: ConsentState | None, event: ConsentEvent, state: rules.State) -> None:
    row = row or ConsentState(subject_id=event.subject_id, purpose=event.purpose, channel=event.channel)
    for name in rules.State.__dataclass_fields__:
        setattr(row, name, getattr(state, name))
    row.save()


def _receipt(event: ConsentEvent, in_force: Bundle) -> Receipt:
    code = code_of(os.urandom(5))
    while Receipt.objects.filter(code=code).exists():
        code = code_of(os.urandom(5))
    body = dumps(document(in_force.rulebook, code=code, event=_columns(event)))
    signature = evidence.sign("receipt", body)
    return Receipt(
        code=code,
        event=event,
        subject_id=event.subject_id,
        document=body,
        key_id=signature.key_id,
        signature=signature.sig,
        algorithm=signature.alg,
    )


def _columns(event: ConsentEvent) -> dict[str, Any]:
    hidden = {"id": event.id, "record_id": event.record_id}
    return {**model_to_dict(event), **hidden}


def rebuild_states(*, subject: uuid.UUID) -> int:
    """Throw the projection of one subject away and make it again from the events; answers the number of states."""
    with transaction.atomic():
        ConsentState.objects.filter(subject_id=subject).delete()
        history: dict[tuple[str, str], list[ConsentEvent]] = {}
        for event in ConsentEvent.objects.filter(subject_id=subject).order_by("seq"):
            history.setdefault((event.purpose, event.channel), []).append(event)
        for events in history.values():
            state = rules.project(as_state(event) for event in events)
            if state is not None:
                _save_state(None, events[0], state)
    return len(history)


def refresh_consents(caller: Caller) -> int:
    """Make stale every given consent whose scope is no longer what the rulebook and the notice in force say; answers
    how many. Called after publishing, in its transaction; each one is an event like any other."""
    in_force = bundle()
    major = major_version("general")
    count = 0
    for purpose in in_force.purposes:
        digest = rules.scope_sha256(rules.scope_of(in_force.rulebook, purpose, notice_major=major))
        behind = ConsentState.objects.filter(purpose=purpose, status="given").exclude(scope_sha256=digest)
        for state in behind.iterator(chunk_size=1000):
            record_consent(
                caller, subject=state.subject_id, purpose=purpose, channel=state.channel, status="stale",
                kind=state.kind, method="system",
            )  # fmt: skip
            count += 1
    return count


@job(name="regime.renew_consents", retry=20, lock="regime.renew_consents")
def renew_consents(caller: Caller) -> int:
    """Background part of a rulebook's coming into force: see `refresh_consents`. Safe to run again, and to kill."""
    return refresh_consents(caller)


def follow(caller: Caller, before: Rulebook | None, after: Rulebook, effective_at: datetime) -> None:
    """In the publishing transaction: where a purpose now covers something else than people agreed to, queue the end of
    those consents for the instant from which the rulebook is in force (PIPL 14)."""
    major = major_version("general")
    if before is None or all(
        purpose not in before.purposes
        or rules.scope_of(before, purpose, notice_major=major) == rules.scope_of(after, purpose, notice_major=major)
        for purpose in after.purposes
    ):
        return
    service = Caller.for_service("upkeep", cause="rulebook")
    later = effective_at if effective_at > now() else None
    task = renew_consents.task.configure(lock="regime.renew_consents", schedule_at=later)
    task.defer(caller={**service.envelope()})
