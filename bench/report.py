"""The page docs/benchmarks.md: what was measured where, the table, and what other products did on this kind of machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bench import quiet
from bench.figures import Figure, table

#: Quoted, not measured here. Measured by us on 2026-11-23 on 2 cores, 24 GiB, PostgreSQL 15, two worker processes each,
#: 100,000 customers, other work on the machine. None of the three CRMs encrypts; the Django variants are one model.
PEERS = """
| product (version) | import rows/s | create c1 / c8 req/s | read c1 / c8 req/s | find by mobile c1 ms | find by name part c1 ms |
|---|---|---|---|---|---|
| Odoo Community 17.0 | 408 | 38.9 / 67.8 | 242 / 543 | 31 | 55 |
| Tryton trytond 8.2.1 | 189 | 16.1 / 27.6 | 88 / 104 | 4.9 | 41 |
| BottleCRM django-crm 1.35.0 | 714 | 11.7 / 24.3 | 27.5 / 33.5 | 229 | 346 |
| Django 5.2, plain | 19,987 | 374 / 903 | 654 / 930 | 1.4 | 12 |
| Django 5.2, django-encrypted-model-fields 0.6.5 | 9,601 | 575 / 728 | 618 / 724 | 4,760 | 925 |
| Django 5.2, django-searchable-encrypted-fields 0.2.1 | 2,305 | 446 / 804 | 516 / 643 | 1.8 | 5,289 |
"""

#: What was found by profiling when a budget was missed: start of the figure's name -> reason.
#: Profiles of 2026-11-23 with 5,000 people (cProfile, statements timed one by one, EXPLAIN ANALYZE); most of a second is
#: the way to the database and back, about 0.2 to 0.5 ms a statement, so the count of statements is the first cause.
_RECORD = (
    "11 statements in three connections for one card, 2.7 of 4.5 ms spent in them: rights, standing grants, version in"
    " force, subject, grants, consents, the committed line, envelope, key, counts, sources. No question is asked twice."
    " Grants with consents, and counts with sources, could each be one statement"
)
_READ = "13 statements, 4.0 of 9.4 ms, one of them a durable commit; the view sends 2. The rest is Python in Django,"
REASONS: dict[str, str] = {
    "open one record in process": _RECORD,
    "the same, seven attributes": _RECORD,
    "governance on a list": (
        "EXPLAIN ANALYZE shows EXISTS over regime_grant in every column's CASE and again for contact; PostgreSQL answers"
        " at least three of them by reading all 2,212 grants of the asker (0.25 to 0.37 ms each) for 51 rows. Judging"
        " each distinct condition once per row, in a LATERAL join, would remove the repeats"
    ),
    "search by phone": (
        "12 statements, 5.2 of 8.0 ms; the governed lookup alone takes 2.6 ms, and grants and consents of the found are"
        " asked twice (for the line, then for the answer)"
    ),
    "read through the API": f"{_READ} the API layer and the driver",
    "open one record through the API": f"{_READ} the API layer and the driver",
    "create through the API": (
        "25 statements and six COPYs in two clusters: the version in force is asked three times, the caller's rights and"
        " standing grants twice, the active epoch twice; two lines of evidence"
    ),
}


def page(figures: Sequence[Figure], *, people: int, busy: float, judged: bool, minutes: float) -> str:
    """The whole page."""
    today = datetime.now(UTC).date().isoformat()
    quietly = (
        f"Other work before and after the run: at most {busy:.0%} of the processors."
        if judged
        else f"**Not judged**: before or after the run {busy:.0%} of the processors were busy with other work. Read the ratios."
    )
    parts = [
        "# Benchmarks",
        "Written by `make bench` (`make bench-full`: a million people). Do not edit: run it again.",
        f"{today} · {quiet.machine()} · {people:,} invented people · {minutes:.0f} minutes. {quietly}",
        _SETTING,
        table(figures, judged=judged),
        *_missed(figures, judged=judged),
        "## How",
        _HOW,
        "## Other products, quoted",
        _QUOTED,
        PEERS.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def _missed(figures: Sequence[Figure], *, judged: bool) -> list[str]:
    missed = [one for one in figures if one.met is False]
    if not missed:
        return []
    lines = [f"- {one.name}: {_reason(one.name)}" for one in missed]
    title = "## Missed, and why" if judged else "## Over budget in this run (not judged), and why"
    return [title, "\n".join(lines)]


def _reason(name: str) -> str:
    return next((why for start, why in REASONS.items() if name.startswith(start)), "not profiled yet")


_SETTING = """Every figure stands beside the plain one of the same run, on the same durable PostgreSQL (fsync on, the
product's own settings): ratios travel between machines, rates do not. Higher is better where the budget says ≥."""

_QUOTED = """Our own measurements of 2026-11-23, in other runs and on a machine with other work: a quotation for scale,
not a comparison in the same run. 2 cores, 100,000 synthetic customers, one run each. None of the three CRMs encrypts
anything; the Django variants are one model without rules or evidence."""

_HOW = """- The installation is a real one: two clusters, roles, the retail rulebook in force, staff, tokens; admitted through
  `vault.operations.admit_many`, asked through the doors that pages and API use. Each person has a name, mobile, e-mail,
  address and four facets; three grades of keys, five envelopes and search tokens follow from that.
- COPY beside it: the bytes that the product wrote, into identical tables with the same indexes in both clusters, a
  thousand people per transaction; the tables are empty at the start, which favours COPY.
- The asker is a salesperson who owns 2,000 customers and sees everybody else masked.
- Governance on a list: the very statement that a list sends, beside the same statement without row predicate and column
  plan, on the same connection, alternating.
- Intake: a business row and its line of evidence in one transaction, beside the business row alone; four processes of
  four threads, alternating.
- Through the API: product and view are served by granian with the same options on the same machine as the clients;
  three rounds of three seconds each in alternation, medians. The view reads one row of one table after one query for
  the token; the product reads rights and rulebook of this instant, decides, commits a line of evidence, fetches the key
  from the second cluster and opens the envelope.
- Lines that say "scaled" were measured on what the note says and multiplied.
- A machine on which other work took more than 15 % of the processors before or after the run is not judged."""
