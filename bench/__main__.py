"""`python -m bench`: everything in order, one table, docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bench import quiet, report
from bench.figures import Figure, table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="invented customers (default 100,000)")
    parser.add_argument("--home", type=Path, default=None, help="where the temporary installation goes")
    parser.add_argument("--keep-page", action="store_true", help="print only; leave docs/benchmarks.md as it is")
    options = parser.parse_args()
    if options.people < 3_000:
        parser.error("at least 3,000 people")
    busy = quiet.busy_share()
    judged = busy <= quiet.BUSY_SHARE
    if not judged:
        say(f"{busy:.0%} of the processors are busy with other work: figures are printed, budgets are not judged")
    began = time.monotonic()
    figures = _run(options.people, options.home)
    # Work that began meanwhile and still goes on was in the figures too.
    busy = max(busy, quiet.busy_share())
    judged = busy <= quiet.BUSY_SHARE
    page = report.page(figures, people=options.people, busy=busy, judged=judged, minutes=(time.monotonic() - began) / 60)
    print(table(figures, judged=judged))
    if not options.keep_page:
        PAGE.write_text(page, encoding="utf-8")
        say("written: docs/benchmarks.md")


def say(line: str) -> None:
    """Progress, beside the table."""
    print(f"[bench] {line}", file=sys.stderr, flush=True)


def _run(count: int, parent: Path | None) -> list[Figure]:
    from dataclasses import replace

    from bench import house, inside, ledger, over_http, rolling, seeding

    figures: list[Figure] = []
    with house.installed(parent) as home:
        say(f"admitting {count:,} invented people")
        admitted = seeding.seed(home, count)
        say("COPY of the same bytes")
        figures.append(replace(admitted, raw=seeding.raw_copy(home, count), raw_name="COPY of the same bytes"))
        seeding.plain_tables(home, count)
        owned = seeding.give_book(home, count)
        seeding.settle(home)
        say("inside one process")
        figures += inside.measure(home, owned, count)
        say("ledger: 16 writers, sequencer")
        figures += ledger.writing(home)
        figures += ledger.sequencing(home)
        say("epoch roll")
        figures.append(rolling.figure(home, count))
        with house.served(home):
            say("over HTTP")
            figures += over_http.measure(home, owned)
            say("erasure, verification")
            figures += ledger.erasing(home)
            figures += ledger.verifying(home)
    return figures


if __name__ == "__main__":
    main()
