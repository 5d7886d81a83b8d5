"""Questions and verbs inside one process, each beside the plain query that a table without rules would need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.figures import Figure, Timed, timed
from bench.house import RAW_SCHEMA, Installation
from bench.people import people

if TYPE_CHECKING:
    import psycopg

TIMES = 300
#: A salesperson may open 150 values a day before being slowed down: what a benchmark may open is bounded by it.
REVEALS = 130
#: Twenty columns of a wide list.
COLUMNS = (
    "name", "mobile", "email", "address", "city", "level", "stage", "source", "landline", "wechat_id", "qq",
    "job_title", "intent", "product", "budget", "house_type", "salutation", "external_userid", "birthday", "score",
)  # fmt: skip
_PLAIN_PAGE = (
    "SELECT id, number, name, mobile, email, address, city, level, stage, source, landline, wechat_id, qq, job_title,"
    f" intent, product, budget, house_type, salutation, postcode, employer, created_at FROM {RAW_SCHEMA}.customer"
    " ORDER BY created_at DESC, id DESC LIMIT 51"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The product's call and the plain query of the same moment."""

    ours: Timed
    raw: Timed


def beside(ours: Callable[[int], object], raw: Callable[[int], object], *, times: int = TIMES) -> Pair:
    """Both in alternation, so that a busy second falls on both; the better half of neither is chosen."""
    rounds = 3
    found = [(timed(ours, times=times // rounds), timed(raw, times=times // rounds)) for _ in range(rounds)]
    middle = sorted(found, key=lambda pair: pair[0].p50)[rounds // 2]
    return Pair(*middle)


def measure(house: Installation, owned: Sequence[UUID], count: int) -> list[Figure]:
    """Every line of the budgets that one process can measure."""
    figures: list[Figure] = []
    with house.admin() as raw:
        figures += _one_record(house, owned, raw)
        figures += _page(house, raw)
        figures += _governance(house, raw)
        figures += _search(house, raw, count)
    figures += _decision(house, owned)
    figures.append(_publishing(house))
    return figures


def _one_record(house: Installation, owned: Sequence[UUID], raw: psycopg.Connection[Any]) -> list[Figure]:
    from kexin.vault import operations as vault
    from kexin.vault import queries

    ids = [row[0] for row in raw.execute(f"SELECT id FROM {RAW_SCHEMA}.customer ORDER BY random() LIMIT 500")]
    query = f"SELECT * FROM {RAW_SCHEMA}.customer WHERE id = %s"

    def plain(index: int) -> object:
        return raw.execute(query, [ids[index % len(ids)]]).fetchone()

    card = beside(lambda i: queries.card(house.sales, subject=owned[i * 7 % len(owned)]), plain)
    few = ("name", "mobile", "email", "address", "city", "level", "stage")
    short = beside(lambda i: queries.card(house.sales, subject=owned[i * 7 % len(owned)], columns=few), plain)
    reveal = timed(
        lambda i: vault.reveal(
            house.sales, subject=owned[i * 11 % len(owned)], attribute="mobile", reason="customer_asked"
        ),
        times=REVEALS,
        warm=3,
    )
    beside_it = {"raw_name": "SELECT by primary key", "unit": "ms"}
    return [
        Figure(name="open one record in process, card of the whole catalogue, p50", value=card.ours.p50, budget=2.0,
               raw=card.raw.p50, note=f"p99 {card.ours.p99:.1f} ms", **beside_it),
        Figure(name="the same, seven attributes, p50", value=short.ours.p50, budget=2.0, raw=short.raw.p50,
               note=f"p99 {short.ours.p99:.1f} ms", **beside_it),
        Figure(name="reveal one value in process (line committed first), p50", value=reveal.p50, budget=None,
               raw=short.raw.p50, note=f"p99 {reveal.p99:.1f} ms", **beside_it),
    ]  # fmt: skip


def _page(house: Installation, raw: psycopg.Connection[Any]) -> list[Figure]:
    from kexin.vault import queries
    from kexin.vault.types_views import Filter

    everybody = beside(
        lambda i: queries.page(house.sales, columns=COLUMNS), lambda i: raw.execute(_PLAIN_PAGE).fetchall(), times=90
    )
    own = (Filter(field="relation", value="own"),)
    mine = timed(lambda i: queries.page(house.sales, columns=COLUMNS, filters=own), times=60)
    return [
        Figure(name="page of 50 × 20 attributes, everybody, p50", value=everybody.ours.p50, unit="ms", budget=25.0,
               raw=everybody.raw.p50, raw_name="ungoverned list", note=f"p99 {everybody.ours.p99:.1f} ms"),
        Figure(name="page of 50 × 20 attributes, own customers, p50", value=mine.p50, unit="ms", budget=25.0,
               raw=everybody.raw.p50, raw_name="ungoverned list", note=f"p99 {mine.p99:.1f} ms"),
    ]  # fmt: skip


@contextmanager
def captured(found: list[tuple[str, Any]]) -> Iterator[None]:
    """The statements that the product sends to the main database meanwhile."""
    from django.db import connections

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(keep):
        yield


def _governance(house: Installation, raw: psycopg.Connection[Any]) -> list[Figure]:
    """The statement that a list really sends, beside itself without row predicate and column plan."""
    from kexin.vault import queries
    from kexin.vault.queries import rows

    sent: list[tuple[str, Any]] = []
    with captured(sent):
        queries.page(house.sales, columns=COLUMNS)
    governed, params = next(one for one in sent if "FROM vault_subject s" in one[0])
    order = "ORDER BY s.created_at DESC, s.id DESC LIMIT 51"
    bare = f"SELECT {rows._OPEN_COLUMNS}, (s.created_at)::text FROM vault_subject s WHERE s.visible {order}"
    pair = beside(lambda i: _fetched(governed, params), lambda i: _fetched(bare, ()))
    over = (pair.ours.p50 / pair.raw.p50 - 1) * 100
    return [
        Figure(name="governance on a list's SQL (row predicate, column plan)", value=over, unit="%", budget=30.0,
               note=f"{pair.ours.p50:.2f} ms beside {pair.raw.p50:.2f} ms for the same statement without them")
    ]  # fmt: skip


def _fetched(sql: str, params: Any) -> list[Any]:
    """On the product's own connection: both statements are planned and sent the same way."""
    from django.db import connections

    with connections["default"].cursor() as cursor:
        cursor.execute(sql, params)
        answer: list[Any] = cursor.fetchall()
        return answer


def _search(house: Installation, raw: psycopg.Connection[Any], count: int) -> list[Figure]:
    from kexin.vault import queries

    known = [row for index, row in enumerate(people(min(count, 20_000))) if index % 97 == 0][:100]
    mobiles = [row["mobile"] for row in known]
    parts = [row["name"][1:] for row in known if len(row["name"]) == 3][:60]
    by_mobile = f"SELECT * FROM {RAW_SCHEMA}.customer WHERE mobile = %s"
    by_part = f"SELECT * FROM {RAW_SCHEMA}.customer WHERE name LIKE %s ORDER BY id DESC LIMIT 51"
    columns = ("name", "mobile", "city", "level")

    def found(term: str) -> object:
        page = queries.match(house.sales, term=term, columns=columns)
        if not page.rows:
            raise SystemExit("a search found nobody: the figures would mean nothing")
        return page

    phone = beside(
        lambda i: found(mobiles[i % len(mobiles)]),
        lambda i: raw.execute(by_mobile, [mobiles[i % len(mobiles)]]).fetchall(),
    )
    name = beside(
        lambda i: found(parts[i % len(parts)]),
        lambda i: raw.execute(by_part, [f"%{parts[i % len(parts)]}%"]).fetchall(),
        times=120,
    )
    return [
        Figure(name="search by phone, p50", value=phone.ours.p50, unit="ms", budget=5.0, raw=phone.raw.p50,
               raw_name="indexed SELECT", note=f"p99 {phone.ours.p99:.1f} ms"),
        Figure(name="search by part of a name, p50", value=name.ours.p50, unit="ms", budget=20.0, raw=name.raw.p50,
               raw_name="LIKE scan", note=f"p99 {name.ours.p99:.1f} ms"),
    ]  # fmt: skip


def _decision(house: Installation, owned: Sequence[UUID]) -> list[Figure]:
    """The pure function alone: facts in hand, no database."""
    from kexin.regime import queries as regime
    from kexin.regime.rules.decision import decide
    from kexin.regime.types import Action, Context, SubjectFacts
    from kexin.vault.queries.asking import EXECUTED

    bundle, actor = regime.bundle(), regime.actor(house.sales)
    facts = SubjectFacts(
        id=owned[0], kind="person", state="active", age_status="adult", unproven=False, facets={"city": "杭州市"},
        grants=frozenset({"owner"}),
    )  # fmt: skip
    context = Context(can_execute=EXECUTED)
    every = tuple(bundle.attributes)

    def ask(attributes: tuple[str, ...], times: int) -> tuple[float, float]:
        spent = []
        for _ in range(times):
            began = time.perf_counter_ns()
            decide(bundle, actor, action=Action.READ, subject=facts, attributes=attributes, context=context)
            spent.append((time.perf_counter_ns() - began) / 1000)
        spent.sort()
        return spent[times // 2], spent[int(times * 0.99)]

    ask(every, 200)
    one, whole = ask(("mobile",), 20_000), ask(every, 2_000)
    return [
        Figure(name="single decision, one attribute, p99", value=one[1], unit="µs", budget=50.0,
               note=f"p50 {one[0]:.1f} µs"),
        Figure(name=f"single decision, whole catalogue of {len(every)}, p50", value=whole[0], unit="µs",
               note=f"p99 {whole[1]:.0f} µs"),
    ]  # fmt: skip


def _publishing(house: Installation) -> Figure:
    """Check, compare the whole matrix with the version in force, sign twice, in force."""
    from importlib import resources

    from kexin.foundation import clock
    from kexin.regime import operations as regime

    book = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    changed = book.replace(b"attributes: [name, id_no, passport_no]", b"attributes: [name, id_no]")
    if changed == book:
        raise SystemExit("the shipped rulebook has changed: choose another change to publish")
    began = time.perf_counter()
    seen = regime.assess_now(house.officer, source=changed)
    drafted = regime.publish_rulebook(house.officer, source=changed, impact=seen.digest, signed_in_at=clock.now())
    regime.sign_rulebook(house.head, version=drafted.id, impact=seen.digest, signed_in_at=clock.now())
    spent = time.perf_counter() - began
    counted = seen.result or {}
    return Figure(
        name="publishing with full matrix diff", value=spent, unit="s", budget=60.0,
        note=f"{len(counted['cells'])} cells change; {counted['people']:,} people counted, {counted['sampled']} decided singly",
    )  # fmt: skip
