"""Is this machine quiet enough to judge a budget? Figures from a busy machine are printed and not judged."""

from __future__ import annotations

import os
import time
from pathlib import Path

#: Above this share of busy processor time before the run, nothing is judged (ratios stay readable).
BUSY_SHARE = 0.15
WATCH_S = 3.0


def busy_share() -> float:
    """Share of processor time that others used while we slept, 0 to 1; 0 where the kernel does not tell."""
    before = _times()
    time.sleep(WATCH_S)
    after = _times()
    if not before or not after:
        return 0.0
    idle, total = after[0] - before[0], after[1] - before[1]
    return max(0.0, 1 - idle / total) if total else 0.0


def _times() -> tuple[int, int] | None:
    try:
        fields = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except (OSError, ValueError):
        return None
    return fields[3] + fields[4], sum(fields)


def machine() -> str:
    """One line about the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {os.uname().sysname} {os.uname().release.split('-')[0]}"
