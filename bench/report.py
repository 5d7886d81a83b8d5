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

#: What was found when a budget was missed: start of the figure's name -> reason. Statements are counted by the tests
#: (tests/house/snapshots/queries.json); each costs about 0.2 to 0.5 ms to the database and back, so they come first.
_RECORD = (
    "about ten statements in three connections for one card, most of them in sequence because each needs the answer"
    " before it: rights and rulebook in one, subject, grants and consents, the committed line, envelope, key, counts and"
    " sources. One of them is a durable commit, which the plain SELECT beside it has not"
)
_READ = (
    "10 statements (13 in the first version), one of them a durable commit before the key is fetched; the view sends 2."
    " The rest is Python in Django, the API layer and the driver"
)
REASONS: dict[str, str] = {
    "bulk admit": (
        "CPU: 103 µs a person in process (195 before rows were prepared by the sealing processes), of which validating,"
        " sealing five envelopes and keying tokens is most; two cores are shared with both clusters"
    ),
    "open one record in process": _RECORD,
    "the same, seven attributes": _RECORD,
    "governance on a list": (
        "relations are judged once per row since the second version; what remains are the column plan's CASE expressions"
        " and the consent lookups, beside a statement of 0.4 ms that reads one index"
    ),
    "search by phone": (
        "11 statements: the governed lookup, the place in the count of misses and the line, committed before anything is"
        " opened, each wait for the one before"
    ),
    "intake as a share": "the line's row is about as wide as the business row beside it and has two indexes: as much WAL again",
    "sequencer": (
        "2 of 20 µs a line are Python; the rest is PostgreSQL writing lines and commits. Batches of 1,024 lines measured"
        " 50 thousand a second on 30,000 lines, larger ones nothing that the noise would show"
    ),
    "read through the API": _READ,
    "open one record through the API": _READ,
    "create through the API": (
        "15 statements in two clusters (25 and six COPYs in the first version), two durable commits in sequence, because"
        " keys must be there before what they seal; two lines of evidence; validation, sealing and tokens in Python"
    ),
    "verify 1,000,000 lines": (
        "one process reads, decodes and hashes every line and compares it with the mirror's copy: 36 µs a line in Python."
        " Read from the code, not from a profile; parts of the tree could be computed side by side"
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
    return next((why for start, why in REASONS.items() if name.startswith(start)), "no reason is known yet")


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
