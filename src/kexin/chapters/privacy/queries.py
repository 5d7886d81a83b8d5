"""Questions to chapter 6: how far is a deletion, and its certificate."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from kexin.chapters.privacy import models, types
from kexin.foundation import canonical, clock
from kexin.foundation import tasks as work
from kexin.foundation.caller import Caller
from kexin.foundation.ui.words import say
from kexin.regime import queries as regime
from kexin.vault import queries as vault
from kexin.vault.types import ErasureView, SubjectErased
from kexin.vault.types_views import Shown

PAGE_ROWS = 50


def view(request: models.ErasureRequest, erasure: ErasureView | None) -> types.RequestView:
    """A request's row as its frozen answer."""
    return types.RequestView(
        id=request.id,
        code=request.code,
        subject_id=request.subject_id,
        ground=types.Ground(request.ground),
        door=types.Door(request.door),
        taken_at=request.taken_at,
        answer_by=request.answer_by,
        erasure=erasure,
        keys_beside_data=vault.keys_beside_data(),
    )


#: Who may read deletion requests: those who order them, and those who check that they were answered.
READERS = ("privacy:erasure:order", "evidence:ledger:read")


def request(caller: Caller, *, request: uuid.UUID) -> types.RequestView:
    """One deletion request with the state of every place. Raises RequestNotFound, NotPermitted."""
    regime.require(caller, *READERS)
    row = _row(request)
    return view(row, vault.erasure(id=row.erasure_id) if row.erasure_id else None)


def requests(caller: Caller, *, before: tuple[datetime, uuid.UUID] | None = None) -> tuple[types.RequestView, ...]:
    """The newest deletion requests, at most `PAGE_ROWS`; ``before`` continues after the last one seen."""
    regime.require(caller, *READERS)
    rows = models.ErasureRequest.objects.filter(erasure_id__isnull=False).order_by("-taken_at", "-id")
    if before is not None:
        rows = rows.filter(taken_at__lte=before[0]).exclude(taken_at=before[0], id__gte=before[1])
    page = list(rows[:PAGE_ROWS])
    known = vault.erasures(ids=[row.erasure_id for row in page if row.erasure_id])
    return tuple(view(row, known.get(row.erasure_id) if row.erasure_id else None) for row in page)


def tasks(caller: Caller) -> list[work.Task]:
    """Deletions that this caller ordered, as background work. Nothing stops one: the keys burn within seconds."""
    mine = models.ErasureRequest.objects.filter(taken_by=caller.id, erasure_id__isnull=False).order_by("-taken_at")
    rows = list(mine[: work.LIMIT])
    known = vault.erasures(ids=[row.erasure_id for row in rows if row.erasure_id])
    return [_task(view(row, known[row.erasure_id])) for row in rows if row.erasure_id in known]


def _task(one: types.RequestView) -> work.Task:
    erasure = one.erasure
    assert erasure is not None
    places = {"done": one.done_places, "total": len(erasure.steps)}
    done = erasure.state in ("done", "held")
    sentence = {
        "done": _("每一处都再读过一次，读不到"), "held": _("除依法留存的项目外已删除"),
    }.get(erasure.state, _("%(done)s 处已完成，共 %(total)s 处") % places)  # fmt: skip
    proof = (work.Way(label=_("下载删除证明"), name="privacy:certificate", arguments=(one.id,)),) if erasure.state == "done" else ()
    return work.Task(
        kind="erasures", id=one.id, title=_("删除 %(number)s") % {"number": erasure.number},
        state=work.State.DONE if done else work.State.RUNNING, sentence=sentence,
        note=_("不可撤销：信息密钥已销毁") if erasure.keys_burned_at else "", done=one.done_places, total=len(erasure.steps),
        began_at=one.taken_at, ended_at=erasure.done_at, page=work.Way(label="", name="privacy:erasure", arguments=(one.id,)),
        results=(*([work.Way(label=_("查看结果"), name="privacy:erasure", arguments=(one.id,))] if done else []), *proof),
    )  # fmt: skip


def request_of(caller: Caller, *, subject: uuid.UUID) -> types.CardSlot:
    """What a customer's card says about deleting: the running or finished deletion, or the way to ask for one."""
    row = models.ErasureRequest.objects.filter(subject_id=subject).order_by("-taken_at").first()
    found = view(row, vault.erasure(id=row.erasure_id)) if row is not None and row.erasure_id else None
    return types.CardSlot(
        request=found if any(regime.permitted(caller, one) for one in READERS) else None,
        may_order=found is None and regime.permitted(caller, READERS[0]),
    )


def certificate(caller: Caller, *, request: uuid.UUID) -> bytes:
    """The signed certificate as a document that `kexin-verify` checks offline. Raises CertificateNotReady."""
    regime.require(caller, *READERS)
    row = _row(request)
    document = vault.certificate(erasure=row.erasure_id) if row.erasure_id else None
    if document is None:
        raise types.CertificateNotReady
    return canonical.dumps(document)


def _row(request: uuid.UUID) -> models.ErasureRequest:
    row = models.ErasureRequest.objects.filter(id=request, erasure_id__isnull=False).first()
    if row is None:
        raise types.RequestNotFound
    return row


def prospect(caller: Caller, *, subject: uuid.UUID) -> types.Prospect:
    """What a deletion would touch, before anybody decides: how many items. Raises NotPermitted, SubjectErased."""
    regime.require(caller, READERS[0])
    found = vault.card(caller, subject=subject)
    if found.gone:
        raise SubjectErased
    items = sum(1 for cell in found.cells.values() if cell.shown is not Shown.EMPTY)
    beside = vault.keys_beside_data()
    return types.Prospect(number=found.number, gone=found.gone, items=items, keys_beside_data=beside)


#: The strip's order: working with the customer first, then one cell per marketing channel, then giving away.
STRIP = (("presale", ""), ("mkt_call", "call"), ("mkt_sms", "sms"), ("mkt_wechat", "wechat"), ("mkt_email", "email"), ("share_partner", ""))
_STATES = {"given": "given", "refused": "refused", "withdrawn": "withdrawn", "stale": "stale", "expired": "stale"}


def strip(caller: Caller, *, subject: uuid.UUID) -> list[types.StripCell]:
    """The consent strip of a card. A purpose that stands on a contract says so; silence is 从未询问, never a yes."""
    if vault.card(caller, subject=subject, columns=()).gone:
        raise SubjectErased
    bundle = regime.bundle()
    lines = {(line.purpose, line.channel): line for line in regime.consent_strip(subject)}
    cells = []
    for purpose, channel in STRIP:
        defined = bundle.purposes.get(purpose)
        if defined is None:
            continue
        line = lines.get((purpose, channel)) or next((one for key, one in lines.items() if key[0] == purpose), None)
        state = _STATES.get(line.status, "never") if line else ("never" if defined.needs_consent else "contract")
        cells.append(
            types.StripCell(
                purpose=say(defined.label),
                state=state,
                word=str(types.STATE_WORDS[state]),
                date=clock.cn(line.at).strftime("%m-%d") if line else "",
                note=line.receipt if line else "",
            )
        )
    return cells
