"""A new generation of every search index: built beside the old one, switched to, and the old one dropped for good.

    building   written beside the active one, not searched
    active     written and searched
    retiring   still written, because another process may not know of the switch yet; no longer searched
    closing    neither; its tokens and then its key are deleted

A process keeps index keys for `keys.EPOCH_TTL_S`. So each step waits until every process knows the one before it, and a
search finds everybody throughout: in each state what is searched has been written by all. What is in the way of the
next step is a count (`behind`), never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.jobs import job
from kexin.foundation.problems import Conflict
from kexin.regime import queries as regime
from kexin.vault import index_keys, keys
from kexin.vault.models import Rebuild
from kexin.vault.operations import rebuilding
from kexin.vault.queries.upkeep import generations, tokens_behind
from kexin.vault.search.indexes import all_indexes

#: Twice as long as a process may hold index keys: an import that took them at the last moment has written by then.
SETTLE_S = 2 * keys.EPOCH_TTL_S
_DROPPED = 10_000


class RenewalOpen(Conflict):
    """An earlier renewal has not come to its end."""

    code = "renewal-open"
    title = _("上一次更换检索密钥还没有完成")


@job(name="vault.renew_indexes", lock="vault.indexes")
def renew_indexes(caller: Caller, *, settle_s: int = SETTLE_S) -> int:
    """Begin a new generation of every index of the catalogue; answers how many. The rest is done by `advance_indexes`."""
    if any(one.state != "active" for one in generations()):
        raise RenewalOpen(remedy=_("稍候再试；进度见 kexin vault status"))
    names = [index.name for index in all_indexes(regime.bundle().attributes)]
    for name in names:
        index_keys.of(name)
        index_keys.add(name)
    _since("building", names)
    evidence.note(caller, Entry(event=Event.KEYS_ROTATED, decision="none", count=len(names), ref="index:building"))
    rebuilding.walk_tokens(due_at=clock.now() + timedelta(seconds=settle_s))
    return len(names)


@job(name="vault.advance_indexes", lock="vault.indexes")
def advance_indexes(caller: Caller, *, settle_s: int = SETTLE_S) -> str:
    """Take the next step, if its time has come; answers which: ``switched``, ``closing``, ``dropped`` or ``waiting``.
    Safe to run at any time and again."""
    found = generations()
    by_state: Mapping[str, list[str]] = {
        state: [one.index for one in found if one.state == state] for state in ("building", "retiring", "closing")
    }
    settled = clock.now() - timedelta(seconds=settle_s)
    since = {state: max((one.since for one in found if one.state == state), default=None) for state in by_state}
    if by_state["closing"] and _before(since["closing"], settled):
        return _drop(caller, [(one.index, one.gen) for one in found if one.state == "closing"])
    if by_state["retiring"] and _before(since["retiring"], settled):
        _move("retiring", "closing")
        return "closing"
    if by_state["building"] and _before(since["building"], settled):
        return _switch_when_complete(caller, by_state["building"], settle_s)
    return "waiting"


def _before(since: datetime | None, settled: datetime) -> bool:
    return since is not None and since <= settled


def _switch_when_complete(caller: Caller, names: Sequence[str], settle_s: int) -> str:
    """Search under the new keys once every record that has a token of the old ones has one of the new ones."""
    if Rebuild.objects.filter(tokens=True, finished_at__isnull=True).exists():
        return "waiting"
    if any(tokens_behind().values()):
        rebuilding.walk_tokens(due_at=clock.now())
        return "waiting"
    with keys.keyring_atomic() as cursor:
        now = clock.now()
        for before, after in (("active", "retiring"), ("building", "active")):
            cursor.execute(
                "UPDATE keyring_indexkey SET state = %s, since = %s WHERE state = %s AND index = ANY(%s::text[])",
                [after, now, before, list(names)],
            )
    keys.forget()
    evidence.note(caller, Entry(event=Event.KEYS_ROTATED, decision="none", count=len(names), ref="index:switched"))
    return "switched"


def _drop(caller: Caller, gone: Sequence[tuple[str, int]]) -> str:
    """Tokens first, in small transactions, then the keys: a token whose key is gone would be nobody's any more."""
    dropped = 0
    for index, gen in gone:
        for table in ("vault_tokenexact", "vault_tokengram"):
            while removed := _delete(table, index, gen):
                dropped += removed
    with keys.keyring_atomic() as cursor:
        for index, gen in gone:
            cursor.execute(
                "DELETE FROM keyring_indexkey WHERE index = %s AND gen = %s AND state = 'closing'", [index, gen]
            )
    keys.forget()
    evidence.note(caller, Entry(event=Event.KEYS_ROTATED, decision="none", count=dropped, ref="index:dropped"))
    return "dropped"


def _delete(table: str, index: str, gen: int) -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE index = %s AND gen = %s LIMIT %s))",
            [index, gen, _DROPPED],
        )
        return int(cursor.rowcount)


def _move(before: str, after: str) -> None:
    with keys.keyring_atomic() as cursor:
        cursor.execute(
            "UPDATE keyring_indexkey SET state = %s, since = %s WHERE state = %s", [after, clock.now(), before]
        )
    keys.forget()


def _since(state: str, names: Sequence[str]) -> None:
    with keys.keyring_atomic() as cursor:
        cursor.execute(
            "UPDATE keyring_indexkey SET since = %s WHERE state = %s AND index = ANY(%s::text[])",
            [clock.now(), state, list(names)],
        )
