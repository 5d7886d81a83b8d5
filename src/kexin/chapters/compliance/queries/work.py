"""Countings of a draft's effect as background work: the bar on their own page, and the page of tasks."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from kexin.foundation import tasks as work
from kexin.foundation.caller import Caller
from kexin.regime import queries as regime
from kexin.regime.types import ImpactView


def impact_progress(caller: Caller, *, impact: uuid.UUID) -> ImpactView:
    """How far one counting is, without its result. Raises NotPermitted, ImpactUnknown."""
    return regime.impact(caller, impact=impact, whole=False)


def tasks(caller: Caller) -> list[work.Task]:
    """Countings that this caller asked for."""
    return [_task(one) for one in regime.own_impacts(caller, limit=work.LIMIT)]


def _task(one: ImpactView) -> work.Task:
    seen = {"done": f"{one.done:,}", "total": f"{one.total:,}"}
    state, sentence = {
        "queued": (work.State.WAITING, _("正在排队，马上开始点数")),
        "running": (work.State.RUNNING, _("正在点数：已看 %(done)s 位，共 %(total)s 位") % seen),
        "done": (work.State.DONE, _("已算完：看了 %(total)s 位") % seen),
        "failed": (work.State.STOPPED, _("没有算完，可以再试一次")),
    }[one.state]
    page = work.Way(label=_("查看结果"), name="compliance:impact", arguments=(one.id,))
    return work.Task(
        kind="impacts", id=one.id, title=_("制度草案的影响（对照 v%(number)s）") % {"number": one.base_number}, state=state,
        sentence=sentence, done=one.done, total=one.total, began_at=one.asked_at, ended_at=one.finished_at, page=page,
        results=() if one.busy else (page,),
    )  # fmt: skip
