"""Time: UTC inside, Asia/Shanghai on the screen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def cn(instant: datetime) -> datetime:
    """The same instant as people in China read it."""
    return instant.astimezone(SHANGHAI)


def today_cn() -> date:
    """The calendar day in China; birthdays, deadlines and working days are counted in it."""
    return cn(now()).date()
