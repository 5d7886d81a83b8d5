"""How far background work is: rebuilding records, generations of search indexes; where the keys are. Never guesses."""

from __future__ import annotations

from functools import cache

from django.db import connections

from kexin.vault import keys, suites
from kexin.vault.models import Rebuild, Subject
from kexin.vault.types import IndexGeneration, RebuildProgress, SuiteProgress

_LIVING = ("active", "frozen")


def rebuild() -> RebuildProgress:
    """The newest walk: what is done, and how many records are still after its cursor. Nothing is opened."""
    row = Rebuild.objects.order_by("-id").first()
    if row is None or row.finished_at:
        return RebuildProgress(
            done=row.done if row else 0,
            behind=0,
            changed=row.changed if row else 0,
            failed=row.failed if row else 0,
            finished_at=row.finished_at if row else None,
        )
    left = Subject.objects.filter(state__in=_LIVING)
    left = left.filter(id__gt=row.cursor) if row.cursor else left
    return RebuildProgress(done=row.done, behind=left.count(), changed=row.changed, failed=row.failed, finished_at=None)


def keys_beside_data() -> bool:
    """Whether keyring and data are on one PostgreSQL server.

    Then backups of the server hold both, and an erased person is beyond recovery only when they have expired
    (vault.md: the horizon is the retention of data backups). Asked once per process and address.
    """
    addresses = tuple(tuple(str(connections[alias].settings_dict[part]) for part in _PLACE) for alias in ("default", keys.ALIAS))
    return _one_server(addresses)


_PLACE = ("HOST", "PORT", "NAME")


@cache
def _one_server(_addresses: tuple[tuple[str, ...], ...]) -> bool:
    """To the microsecond no two servers start together; a system identifier is shared by restored copies."""
    started = []
    for alias in ("default", keys.ALIAS):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_postmaster_start_time()")
            started.append(cursor.fetchone()[0])
    return bool(started[0] == started[1])


def generations() -> tuple[IndexGeneration, ...]:
    """Every generation of every search index, as the keyring has it."""
    rows = keys.ask(
        "SELECT index, gen, state, coalesce(since, created_at), suite FROM keyring_indexkey WHERE index LIKE %s"
        " ORDER BY index, gen",
        ["%:%"],
    )
    return tuple(
        IndexGeneration(index=index, gen=gen, state=state, since=since, suite=suite)
        for index, gen, state, since, suite in rows
    )


def suites_behind() -> SuiteProgress:
    """What is not of the suite in force yet: envelopes, keys by their epochs, search indexes. Counts all envelopes."""
    wanted = suites.in_force()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_sealed WHERE suite <> %s", [wanted])
        envelopes = int(cursor.fetchone()[0])
    wrapped = keys.ask(
        "SELECT (SELECT count(*) FROM keyring_subjectkey k JOIN keyring_epoch e ON e.id = k.epoch_id WHERE e.suite <> %(s)s)"
        " + (SELECT count(*) FROM keyring_filekey k JOIN keyring_epoch e ON e.id = k.epoch_id WHERE e.suite <> %(s)s)"
        " + (SELECT count(*) FROM keyring_indexkey k JOIN keyring_epoch e ON e.id = k.epoch_id WHERE e.suite <> %(s)s)",
        {"s": wanted},
    )
    active = [one for one in generations() if one.state == "active"]
    return SuiteProgress(
        suite=wanted,
        envelopes=envelopes,
        keys=int(wrapped[0][0]),
        indexes=sum(one.suite != wanted for one in active),
    )


def tokens_behind() -> dict[str, int]:
    """Per index that is being renewed: records with tokens of the generation in force and none of the one being built."""
    found = generations()
    active = {one.index: one.gen for one in found if one.state == "active"}
    return {one.index: _behind(one.index, active[one.index], one.gen) for one in found if one.state == "building"}


def _behind(index: str, old: int, new: int) -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(DISTINCT o.subject_id) FROM vault_tokenexact o WHERE o.index = %(index)s"
            " AND o.gen = %(old)s AND NOT EXISTS (SELECT 1 FROM vault_tokenexact n WHERE n.index = %(index)s"
            " AND n.gen = %(new)s AND n.subject_id = o.subject_id))"
            " + (SELECT count(*) FROM vault_tokengram o WHERE o.index = %(index)s AND o.gen = %(old)s"
            " AND NOT EXISTS (SELECT 1 FROM vault_tokengram n WHERE n.index = %(index)s AND n.gen = %(new)s"
            " AND n.subject_id = o.subject_id))",
            {"index": index, "old": old, "new": new},
        )
        return int(cursor.fetchone()[0])
