"""What an index gives away: distinct values, skew, candidates, and how many rows an attacker who knows how values are
spread could label. Numbers only: no value, no token and no name is printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connections

from kexin.regime import queries as regime
from kexin.regime.types import AttributeDef
from kexin.vault.search.indexes import EXACT, NGRAM, IndexDef, all_indexes

#: Facets joined into combinations, and rows read for them; more would be a slow answer and no better advice.
_FACETS, _ROWS, _GRAMS = 3, 1_000_000, 200_000
#: Below this many people a combination of open values singles people out.
SMALL_GROUP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """One index. ``distinct`` tokens over ``rows`` people; ``skew`` share of rows that carry the most usual token;
    ``expected`` mean candidates of one lookup by a value drawn from the data; ``labelled`` upper bound of the share of
    rows that somebody could label by matching token frequencies to the public distribution: rows whose rarest token
    still has a frequency that no other token shares."""

    index: str
    rows: int
    distinct: int
    skew: float
    expected: float
    labelled: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetReport:
    """A combination of facets: how many people are in groups smaller than `SMALL_GROUP`, of how many."""

    facets: tuple[str, ...]
    people: int
    singled_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole report."""

    indexes: tuple[IndexReport, ...]
    facets: tuple[FacetReport, ...]


def plan() -> Plan:
    """Read the token tables and the open columns of this installation. No key is fetched, nothing is opened."""
    attributes = regime.bundle().attributes
    indexes = tuple(_report(index) for index in all_indexes(attributes))
    return Plan(indexes=indexes, facets=_facets(attributes))


def _report(index: IndexDef) -> IndexReport:
    return _grams(index) if index.plan == NGRAM else _exact(index)


def _exact(index: IndexDef) -> IndexReport:
    """Frequencies of an exact index. High-entropy values are all alike (1): nothing to match, nothing labelled."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT size, count(*) FROM (SELECT count(*) AS size FROM vault_tokenexact WHERE index = %s AND gen ="
            " (SELECT max(gen) FROM vault_tokenexact WHERE index = %s) GROUP BY token) AS groups GROUP BY size",
            [index.name, index.name],
        )
        sizes = {int(size): int(tokens) for size, tokens in cursor.fetchall()}
    rows = sum(size * tokens for size, tokens in sizes.items())
    unique = 0 if index.plan == EXACT else sum(size for size, tokens in sizes.items() if tokens == 1)
    return IndexReport(
        index=index.name,
        rows=rows,
        distinct=sum(sizes.values()),
        skew=_share(max(sizes, default=0), rows),
        expected=_share(sum(size * size * tokens for size, tokens in sizes.items()), rows),
        labelled=_share(unique, rows),
    )


def _grams(index: IndexDef) -> IndexReport:
    """Frequencies of grams: a token is recognisable when no other token is as frequent; a row is labelled as soon as
    it carries one recognisable pair of neighbouring characters or syllables."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT tokens FROM vault_tokengram WHERE index = %s LIMIT %s", [index.name, _GRAMS])
        rows = [row[0] for row in cursor.fetchall()]
    frequency = Counter(token for tokens in rows for token in tokens)
    return IndexReport(
        index=index.name,
        rows=len(rows),
        distinct=len(frequency),
        skew=_share(max(frequency.values(), default=0), len(rows)),
        expected=_share(sum(count * count for count in frequency.values()), sum(frequency.values())),
        labelled=_share(labelled(rows, frequency), len(rows)),
    )


def labelled(rows: Iterable[Sequence[int]], frequency: Mapping[int, int]) -> int:
    """Rows with a token whose frequency is its own alone. A frequency of a few people is noise in any public
    distribution, so only tokens of at least `SMALL_GROUP` people count as recognisable."""
    shared = Counter(frequency.values())
    known = {token for token, count in frequency.items() if count >= SMALL_GROUP and shared[count] == 1}
    return sum(1 for tokens in rows if any(token in known for token in tokens))


def _facets(attributes: Mapping[str, AttributeDef]) -> tuple[FacetReport, ...]:
    """Each facet alone, each pair, and all together up to `_FACETS` at once."""
    keys = [key for key, one in attributes.items() if one.storage == "facet"]
    combinations: list[tuple[str, ...]] = [(key,) for key in keys]
    combinations += [(left, right) for place, left in enumerate(keys) for right in keys[place + 1 :]][:60]
    if len(keys) >= _FACETS:
        combinations.append(tuple(keys[:_FACETS]))
    return tuple(_singled_out(combination) for combination in combinations)


def _singled_out(facets: tuple[str, ...]) -> FacetReport:
    chosen = ", ".join("facets ->> %s" for _facet in facets)
    places = ", ".join(str(place + 1) for place in range(len(facets)))
    sql = (
        "SELECT coalesce(sum(size), 0), coalesce(sum(size) FILTER (WHERE size < %s), 0) FROM (SELECT "
        f"{chosen}, count(*) AS size FROM (SELECT facets FROM vault_subject WHERE visible LIMIT %s) AS people"
        f" GROUP BY {places}) AS groups"
    )
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, [SMALL_GROUP, *facets, _ROWS])
        people, few = cursor.fetchone()
    return FacetReport(facets=facets, people=int(people), singled_out=int(few))


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0
