"""An epoch roll of every class of subject keys, as the worker does it; run in a process of that role."""

from __future__ import annotations

import json
import time

from bench.figures import Figure
from bench.house import Installation

#: The budgets speak of a million people.
FULL = 1_000_000


def figure(house: Installation, count: int) -> Figure:
    """Time to wrap every living key again under new epoch keys, scaled to a million people."""
    answer = json.loads(house.as_role("worker", "bench.rolling").stdout.splitlines()[-1])
    spent, keys = answer["seconds"], answer["keys"]
    return Figure(
        name="epoch roll of all grades, 1,000,000 people", value=spent * FULL / count, unit="s", budget=300.0,
        note=f"scaled from {keys:,} keys of {count:,} people in {spent:.1f} s; {keys / spent:,.0f} keys/s",
    )  # fmt: skip


def main() -> None:
    """Roll, re-wrap, destroy, and say how long it took."""
    import django

    django.setup()
    from kexin.foundation.caller import Caller
    from kexin.vault.operations import rotation

    caller = Caller.for_service("bench", cause="bench")
    began = time.perf_counter()
    moved = 0
    for grade in (1, 2, 3, 4, 0):
        rotation.roll_epoch(caller, grade=grade)
        moved += rotation.rewrap(caller, grade=grade)
    spent = time.perf_counter() - began
    if any(rotation.behind().behind.values()):
        raise SystemExit("keys are left behind after the roll")
    print(json.dumps({"seconds": spent, "keys": moved}))


if __name__ == "__main__":
    main()
