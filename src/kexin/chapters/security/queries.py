"""Questions of this chapter: the evidence page and one of its lines. Asks the ledger and people, never the vault."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from kexin.chapters.security import labels
from kexin.chapters.security.types import Asked, Desk, Detail, Row
from kexin.evidence import queries as evidence
from kexin.evidence.types import Filters, Head, Line, Verdict
from kexin.foundation import clock
from kexin.foundation import tasks as work
from kexin.foundation.caller import Caller
from kexin.foundation.problems import NotFound, Problem
from kexin.foundation.ui.words import listed, say
from kexin.people import queries as people
from kexin.people.queries import spoken
from kexin.regime import queries as regime

READ, VERIFY, EXPORT = "evidence:ledger:read", "evidence:ledger:verify", "evidence:ledger:export"
PAGE = 50
DAYS = {"today": 0, "week": 6, "month": 29}


def desk(caller: Caller, asked: Asked) -> Desk:
    """The evidence page: verdict, keepers, lines."""
    regime.require(caller, READ)
    actors, purposes = _actors(caller), _purposes()
    filters = _filters(asked, actors)
    head = evidence.head()
    found = evidence.lines(filters, before=asked.before, limit=PAGE + 1)
    today = _midnight(0)
    return Desk(
        head=head,
        verdict=_meaningful(evidence.verdict()),
        rows=tuple(_row(line, head, actors, purposes) for line in found[:PAGE]),
        next_before=found[PAGE - 1].seq if len(found) > PAGE else None,
        count=evidence.count(Filters(since=today)),
        denied=evidence.count(Filters(since=today, decision="deny")),
        departments=tuple(sorted({department for department, _post in actors.values() if department})),
        may_verify=regime.permitted(caller, VERIFY),
        may_export=regime.permitted(caller, EXPORT),
    )


def _meaningful(verdict: Verdict | None) -> Verdict | None:
    """A check of an empty ledger (the timetable's first, before anything happened) passed nothing: it is not shown."""
    return None if verdict is not None and verdict.ok and not verdict.size else verdict


def line(caller: Caller, *, seq: int) -> Detail:
    """One line with its proof."""
    regime.require(caller, READ)
    proof = evidence.line(seq)
    if proof is None:
        raise NotFound(_("没有这一条存证。"))
    found = proof.line
    return Detail(
        row=_row(found, evidence.head(), _actors(caller), _purposes()),
        proof=proof,
        rules=found.rule_ids,
        flags=tuple(str(labels.FLAGS.get(flag, flag)) for flag in found.flags),
        relation=str(labels.RELATIONS.get(found.relation, "")),
        at=found.at,
        about=_about(found.ref),
    )


def _about(ref: str) -> int | None:
    """The line that a reference like ``line:<id>`` names; None for other references, and where no such line exists."""
    kind, _colon, name = ref.partition(":")
    return evidence.seq_of(uuid.UUID(name)) if kind == "line" else None


def proof(caller: Caller, *, seq: int) -> dict[str, Any]:
    """The proof of one line, for `kexin-verify`."""
    regime.require(caller, READ)
    found = evidence.proof(seq)
    if found is None:
        raise NotFound(_("这一条还没有进入已签名的存证，请稍候。"))
    return found


def trust(caller: Caller) -> dict[str, Any]:
    """Public keys of this ledger and its witnesses."""
    regime.require(caller, READ)
    return evidence.trust()


def verification(caller: Caller, *, verification: uuid.UUID) -> Verdict:
    """One run, for its progress."""
    regime.require(caller, READ)
    found = evidence.verdict(verification)
    if found is None:
        raise NotFound(_("没有这一次核对。"))
    return found


def tasks(caller: Caller) -> list[work.Task]:
    """Verifications that this caller asked for, as background work."""
    return [_task(run) for run in evidence.verdicts_of(caller, limit=work.LIMIT)]


def _task(run: Verdict) -> work.Task:
    counts = {"checked": f"{run.checked:,}", "size": f"{run.size:,}"}
    state, sentence = {
        "queued": (work.State.WAITING, _("正在排队，马上开始核对")),
        "running": (work.State.RUNNING, _("正在核对：已对照 %(checked)s 条，共 %(size)s 条") % counts),
        "passed": (work.State.DONE, _("核对通过：%(checked)s 条连续、次序正确、未被改动") % counts),
        "failed": (work.State.STOPPED, _("核对没有通过，请立即查看")),
        "impossible": (work.State.STOPPED, _("没有核对：外部留存一条也没有收到")),
    }[run.state]
    page = work.Way(label=_("查看结果"), name="security:evidence")
    return work.Task(
        kind="verifications", id=run.id, title=_("核对操作存证"), state=state, sentence=sentence, done=run.checked, total=run.size,
        began_at=run.started_at, ended_at=run.finished_at, page=page, results=(page,) if run.finished_at else (),
    )  # fmt: skip


def _midnight(days_ago: int) -> datetime:
    today = clock.cn(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


def _filters(asked: Asked, actors: dict[str, tuple[str, str]]) -> Filters:
    since = _midnight(DAYS[asked.when]) if asked.when in DAYS else None
    within = None
    if asked.department:
        within = tuple(actor for actor, (department, _post) in actors.items() if department == asked.department)
    events = (asked.event,) if asked.event in labels.EVENTS else ()
    decision = asked.decision if asked.decision in labels.DECISIONS else ""
    return Filters(since=since, events=events, decision=decision, actors=within)


def _actors(caller: Caller) -> dict[str, tuple[str, str]]:
    """Pseudonym -> department and posts, for readers who may know staff; no names."""
    try:
        staff = people.people(caller, active=None)
    except Problem:
        return {}
    known = {person.id: (person.department, listed(spoken(person.roles)[:1])) for person in staff}
    return {actor: known[identity] for actor, identity in evidence.pseudonyms(known).items()}


def _row(line: Line, head: Head, actors: dict[str, tuple[str, str]], purposes: Mapping[str, str]) -> Row:
    department, post = actors.get(line.actor, ("", ""))
    who = " · ".join(filter(None, (department, post))) or str(labels.KINDS.get(line.kind, line.kind))
    result, tone = labels.DECISIONS[line.decision]
    purpose = purposes.get(line.purpose, line.purpose)
    why = " · ".join(filter(None, (purpose, line.rule_ids[0] if line.rule_ids else "", line.audit_item)))
    return Row(
        line=line,
        who=who,
        what=str(labels.EVENTS.get(line.event, line.event)),
        whom=_whom(line),
        why=why,
        tone=tone,
        result=str(result),
        kept=line.seq < min(head.witness_size, head.mirror_size),
    )


def _whom(line: Line) -> str:
    if line.subjects:
        return _("%(count)s 位客户") % {"count": f"{line.subjects:,}"}
    if line.count:
        return _("%(count)s 条") % {"count": f"{line.count:,}"}
    return ""


def _purposes() -> dict[str, str]:
    """Purpose -> its name in the reader's language, read once for a page of lines; empty without a rulebook."""
    try:
        return {code: say(purpose.label) for code, purpose in regime.bundle().purposes.items()}
    except Problem:
        return {}
