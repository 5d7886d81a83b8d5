"""How often is often: reveals per day against one's own habit, and searches that found nobody. Slowing, not cutting."""

from __future__ import annotations

import math
import uuid
from datetime import timedelta

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.foundation import clock
from kexin.vault.queries.asking import Asking
from kexin.vault.types_views import SlowDown

_HABIT_DAYS = 30
#: Above the quota one value may be opened each so many seconds.
SLOW_S = 20
_MISSES_KEPT = timedelta(days=1)


def used_and_quota(asking: Asking) -> tuple[int, int]:
    """How many values this person opened today (Chinese day), and how many a day are usual: at least the floor of
    the rulebook (150), or three times the 95th percentile of the person's own last 30 days with work."""
    midnight = clock.cn(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH days AS (SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS opened"
            " FROM vault_reveal WHERE actor_id = %s AND kind = 'reveal' AND at >= %s GROUP BY 1)"
            " SELECT coalesce(max(opened) FILTER (WHERE day = %s), 0),"
            " coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY opened) FILTER (WHERE day < %s), 0) FROM days",
            [asking.caller.id, midnight - timedelta(days=_HABIT_DAYS), midnight.date(), midnight.date()],
        )
        used, habit = cursor.fetchone()
    controls = asking.bundle.rulebook.controls
    return int(used), max(controls.reveal_daily_floor, math.ceil(controls.reveal_p95_factor * float(habit)))


def check_reveals(asking: Asking) -> tuple[int, int]:
    """Today's count and quota; above it the next value has to wait a little (SlowDown says how long)."""
    used, quota = used_and_quota(asking)
    if used >= quota and (wait := _wait_s(asking.caller.id)):
        raise SlowDown(
            _("今天已查看 %(used)s 项，超过平时的数量。请在 %(wait)s 秒后再看下一项。") % {"used": used, "wait": wait},
            remedy=_("主管可以一键放宽；拨打、短信和复制到快递单不受影响"),
            who="sales_lead",
        )
    return used, quota


def _wait_s(actor: uuid.UUID) -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT max(at) FROM vault_reveal WHERE actor_id = %s AND kind = 'reveal'", [actor])
        last = cursor.fetchone()[0]
    if last is None:
        return 0
    waited_s: float = (clock.now() - last).total_seconds()
    return max(0, math.ceil(SLOW_S - waited_s))


def note_miss(asking: Asking) -> None:
    """One more search that found nobody. Rows older than a day go."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "DELETE FROM vault_searchmiss WHERE actor_id = %s AND at < %s",
            [asking.caller.id, clock.now() - _MISSES_KEPT],
        )
        cursor.execute("INSERT INTO vault_searchmiss (actor_id, at) VALUES (%s, %s)", [asking.caller.id, clock.now()])


def check_misses(asking: Asking) -> None:
    """Too many misses within an hour look like guessing: wait. Raises SlowDown."""
    limit = asking.bundle.rulebook.controls.search_misses_per_hour
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(at) FROM vault_searchmiss WHERE actor_id = %s AND at > %s",
            [asking.caller.id, clock.now() - timedelta(hours=1)],
        )
        misses, first = cursor.fetchone()
    if misses < limit:
        return
    wait_min = max(1, math.ceil((first + timedelta(hours=1) - clock.now()).total_seconds() / 60))
    raise SlowDown(
        _("最近一小时有 %(misses)s 次查询没有找到人，请在 %(wait)s 分钟后再查。")
        % {"misses": misses, "wait": wait_min},
        remedy=_("从列表筛选，或请客户提供客户编号"),
    )
