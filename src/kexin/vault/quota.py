"""How often is often: reveals per day against one's own habit, searches that found nobody, rows of dry runs. Slowing, not
cutting.

A place is taken *before* anything is looked up or opened, in one statement that counts and writes (the row is locked
while its condition is judged again), on the second connection: what a request does later cannot take it back, and any
number of requests at once get exactly as many places as there are.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connections, transaction
from django.utils.translation import gettext_lazy as _

from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7
from kexin.vault.queries.asking import Asking
from kexin.vault.types_views import SlowDown

_AT_ONCE = "evidence"
#: Rows that one person's dry runs may look up within an hour: two files of the wizard's greatest size. A single file of
#: any size passes when nothing else was tried. Why: docs/decisions/0006-trial-imports.md.
TRIAL_ROWS_PER_HOUR = 400_000
_HABIT_DAYS = 30
_WINDOW = timedelta(hours=1)
#: Above the quota one value may be opened each so many seconds.
SLOW_S = 20

# The commit of a count does not wait for the disk: a crash of the machine may forgive a few, nothing else can.
_QUICK = "(SELECT set_config('synchronous_commit', 'off', true)) = 'off'"
_REVEALS = (
    "INSERT INTO vault_revealcount AS c (actor_id, day, opened, last_at)"
    f" SELECT %(actor)s, %(day)s, 1, %(now)s WHERE {_QUICK}"
    " ON CONFLICT (actor_id, day) DO UPDATE SET opened = c.opened + 1, last_at = excluded.last_at"
    " WHERE c.opened < %(quota)s OR c.last_at <= %(slow)s RETURNING opened"
)
_RECENT = "ARRAY(SELECT one FROM unnest(m.at) AS one WHERE one > %(since)s)"
_SEARCHES = (
    "INSERT INTO vault_searchmisses AS m (actor_id, at)"
    f" SELECT %(actor)s, ARRAY[%(now)s::timestamptz] WHERE {_QUICK}"
    f" ON CONFLICT (actor_id) DO UPDATE SET at = {_RECENT} || excluded.at"
    f" WHERE cardinality({_RECENT}) < %(limit)s RETURNING 1"
)
_PLACE = "array_position(at, %(now)s::timestamptz)"
_GIVE_BACK = (
    f"UPDATE vault_searchmisses SET at = at[:{_PLACE} - 1] || at[{_PLACE} + 1:]"
    f" WHERE actor_id = %(actor)s AND {_PLACE} IS NOT NULL AND {_QUICK}"
)


# --- values opened --------------------------------------------------------------------------------------------------


def used_and_quota(asking: Asking) -> tuple[int, int]:
    """How many values this person opened today (Chinese day), and how many a day are usual: at least the floor of
    the rulebook (150), or three times the 95th percentile of the person's own last 30 days with work."""
    today = clock.today_cn()
    with connections[_AT_ONCE].cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(opened) FILTER (WHERE day = %(today)s), 0),"
            " coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY opened) FILTER (WHERE day < %(today)s), 0)"
            " FROM vault_revealcount WHERE actor_id = %(actor)s AND day >= %(since)s",
            {"today": today, "actor": asking.caller.id, "since": today - timedelta(days=_HABIT_DAYS)},
        )
        used, habit = cursor.fetchone()
    controls = asking.bundle.rulebook.controls
    return int(used), max(controls.reveal_daily_floor, math.ceil(controls.reveal_p95_factor * float(habit)))


def take_reveal(asking: Asking) -> tuple[int, int]:
    """Count one more value; answers with today's number, this one included, and the quota. Above it the next value has
    to wait a little (SlowDown says how long)."""
    used, quota = used_and_quota(asking)
    now, day = clock.now(), clock.today_cn()
    place: dict[str, Any] = {
        "actor": asking.caller.id,
        "day": day,
        "now": now,
        "quota": quota,
        "slow": now - timedelta(seconds=SLOW_S),
    }
    with connections[_AT_ONCE].cursor() as cursor:
        cursor.execute(_REVEALS, place)
        row = cursor.fetchone()
    if row is not None:
        return int(row[0]), quota
    raise SlowDown(
        _("今天已查看 %(used)s 项，超过平时的数量。请在 %(wait)s 秒后再看下一项。")
        % {"used": max(used, quota), "wait": _wait_s(asking, day)},
        remedy=_("主管可以一键放宽；拨打、短信和复制到快递单不受影响"),
        who="sales_lead",
    )


def _wait_s(asking: Asking, day: date) -> int:
    """Until the next value above the quota; at least a second, because this one was refused."""
    with connections[_AT_ONCE].cursor() as cursor:
        cursor.execute(
            "SELECT last_at FROM vault_revealcount WHERE actor_id = %s AND day = %s", [asking.caller.id, day]
        )
        row = cursor.fetchone()
    waited_s: float = (clock.now() - row[0]).total_seconds() if row else SLOW_S
    return max(1, math.ceil(SLOW_S - waited_s))


# --- searches that found nobody -------------------------------------------------------------------------------------


class Search:
    """One search under way. It keeps its place for the hour once `found` was told that it found nobody."""

    def __init__(self) -> None:
        self.missed = False

    def found(self, people: int) -> None:
        """How many people it found; nobody is a miss."""
        self.missed = people == 0


@contextmanager
def searching(asking: Asking) -> Iterator[Search]:
    """A place among the misses that an hour allows, taken before the search and given back when it found somebody or
    was not carried out. Too many misses within an hour look like guessing: SlowDown."""
    taken_at = clock.now()
    _take_search(asking, taken_at)
    search = Search()
    try:
        yield search
    finally:
        if not search.missed:
            with connections[_AT_ONCE].cursor() as cursor:
                cursor.execute(_GIVE_BACK, {"actor": asking.caller.id, "now": taken_at})


def _take_search(asking: Asking, now: datetime) -> None:
    limit = asking.bundle.rulebook.controls.search_misses_per_hour
    place: dict[str, Any] = {"actor": asking.caller.id, "now": now, "since": now - _WINDOW, "limit": limit}
    with connections[_AT_ONCE].cursor() as cursor:
        cursor.execute(_SEARCHES, place)
        if cursor.fetchone() is not None:
            return
        cursor.execute("SELECT at FROM vault_searchmisses WHERE actor_id = %s", [asking.caller.id])
        row = cursor.fetchone()
    recent = [at for at in (row[0] if row else ()) if at > now - _WINDOW]
    first = min(recent, default=now)
    raise SlowDown(
        _("最近一小时有 %(misses)s 次查询没有找到人，请在 %(wait)s 分钟后再查。")
        % {"misses": len(recent), "wait": max(1, math.ceil((first + _WINDOW - now).total_seconds() / 60))},
        remedy=_("从列表筛选，或请客户提供客户编号"),
    )


# --- rows of dry runs -----------------------------------------------------------------------------------------------

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_TRIED = "SELECT at, rows FROM vault_trialrows WHERE actor_id = %s AND at > %s ORDER BY at"
_BEGIN = "INSERT INTO vault_trialrows (id, actor_id, file_id, rows, unused, at) VALUES (%s, %s, %s, %s, %s, %s)"
_USE = (
    "UPDATE vault_trialrows SET unused = unused - %(rows)s WHERE unused >= %(rows)s AND id ="
    " (SELECT id FROM vault_trialrows WHERE actor_id = %(actor)s AND file_id = %(file)s ORDER BY at DESC, id DESC LIMIT 1)"
)


def take_trial(caller: Caller, *, file: uuid.UUID, rows: int) -> None:
    """Reserve the lookups of one dry run in the caller's transaction. Two at once take turns, so that both count."""
    now = clock.now()
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(_ALONE, [f"vault trial {caller.id}"])
        cursor.execute(_TRIED, [caller.id, now - _WINDOW])
        tried: list[tuple[datetime, int]] = cursor.fetchall()
        if tried and sum(number for _at, number in tried) + rows > TRIAL_ROWS_PER_HOUR:
            raise _tried_too_much(tried, rows, now)
        cursor.execute(_BEGIN, [uuid7(), caller.id, file, rows, rows, now])


def use_trial(caller: Caller, *, file: uuid.UUID, rows: int) -> bool:
    """Look up so many rows of a dry run that was begun; False when there is none, or it has none left."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_USE, {"actor": caller.id, "file": file, "rows": rows})
        return bool(cursor.rowcount)


def _tried_too_much(tried: list[tuple[datetime, int]], rows: int, now: datetime) -> SlowDown:
    """When enough of the earlier ones are an hour old: a file that is greater than the quota waits for all of them."""
    left, last = sum(number for _at, number in tried), now
    for at, number in tried:
        left, last = left - number, at
        if left + rows <= TRIAL_ROWS_PER_HOUR:
            break
    return SlowDown(
        _("最近一小时已试运行 %(rows)s 行，请在 %(wait)s 分钟后再试运行这个文件。")
        % {
            "rows": f"{sum(number for _at, number in tried):,}",
            "wait": max(1, math.ceil((last + _WINDOW - now).total_seconds() / 60)),
        },
        remedy=_("已试运行的文件可以照常导入"),
    )
