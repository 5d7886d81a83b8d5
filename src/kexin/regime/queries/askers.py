"""DOOR: who asks, with which rights and under which rulebook, at one instant: alone, or inside another's statement."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _lazy

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.database import prepared
from kexin.foundation.problems import Unavailable
from kexin.people import queries as people
from kexin.people.types import Principal, Role
from kexin.regime.queries import rulebook
from kexin.regime.rules.bundle import compile_bundle
from kexin.regime.rules.sql import array, purposes
from kexin.regime.types import EVERYONE, Actor, Bundle, role_principal

_KEPT_BUNDLES = 4
_bundles: dict[tuple[int, str], Bundle] = {}
_lock = threading.Lock()


class NoRulebook(Unavailable):
    """No rulebook is in force, so the answer to everything would be no."""

    code = "no-rulebook"
    title = _lazy("还没有生效的制度，先发布一版制度")


def bundle() -> Bundle:
    """The rulebook in force, compiled. The version row is read each time, so that publishing takes effect at once;
    compiled bundles (never decisions) are kept per process. Raises NoRulebook before the first publication."""
    found = bundle_or_none()
    if found is None:
        raise NoRulebook()
    return found


def bundle_or_none() -> Bundle | None:
    """The bundle in force, or None before the first publication."""
    return _compiled(rulebook.in_force())


def _compiled(current: rulebook.InForce | None) -> Bundle | None:
    if current is None:
        return None
    version = (current.number, current.sha256)
    found = _bundles.get(version)
    if found is None:
        found = compile_bundle(rulebook.load(current.sha256), version=current.number)
        with _lock:
            while len(_bundles) >= _KEPT_BUNDLES:
                _bundles.pop(next(iter(_bundles)))
            _bundles[version] = found
    return found


def actor(caller: Caller) -> Actor:
    """The asker with the rights of this instant (two queries); hand it to several questions of one request."""
    return _actor_of(caller, people.principal(caller))


def _actor_of(caller: Caller, principal: Principal) -> Actor:
    ids = _principals(principal)
    return _acting(caller, principal, _standing(ids, caller.purpose) if principal.is_current else frozenset())


_KNOWN_POSTS = frozenset(role.value for role in Role)
_POSTS = ", ".join(f"('{role}', '{role_principal(role)}'::uuid)" for role in sorted(_KNOWN_POSTS))
#: `people`'s question with ours around it, as common tables of which the last is ``asker``: `people`'s columns, the
#: principals that a grant to this asker may name (as `_principals` has them), the relations held without a subject, and
#: the version in force.
_ASKER = f"""
who AS MATERIALIZED ({{who}}), version AS ({{version}}), named AS MATERIALIZED (
SELECT who.*, ARRAY[%(id)s, '{EVERYONE}']::uuid[] || who.path || who.team || ARRAY(
           SELECT post.id FROM (VALUES {_POSTS}) AS post(role, id) WHERE post.role = ANY(who.roles)) AS principals
  FROM who
), asker AS MATERIALIZED (
SELECT named.*,
       ARRAY(SELECT DISTINCT g.relation::text FROM regime_grant g
              WHERE g.subject_id IS NULL AND g.purpose = ANY(%(purposes)s::text[])
                AND (g.until IS NULL OR g.until > %(at)s) AND g.principal_id = ANY(named.principals)) AS standing,
       version.*
  FROM named LEFT JOIN version ON TRUE
)
"""
#: How many columns `asker` has.
ASKER_COLUMNS = 14


def asker(caller: Caller) -> tuple[Principal, Actor, Bundle]:
    """Who asks, their rights with their standing relations, and the rulebook in force, of one instant: one query, one
    snapshot. Raises NoRulebook before the first publication."""
    looked = asker_lookup(caller)
    rows = prepared(f"WITH {looked[0]} SELECT * FROM asker", looked[1]) if looked else []
    return (asker_from(caller, rows[0]) if rows else None) or _apart(caller)


def asker_lookup(caller: Caller) -> tuple[str, dict[str, Any]] | None:
    """The question of `asker` for a room that asks it together with a question of its own: common tables, of which
    ``asker`` has one row (none for somebody unknown) that begins with the `ASKER_COLUMNS` of `asker_from` and has the
    column ``principals``; and parameters by name, among them ``purposes`` and ``at``. None where no table is asked."""
    looked = people.lookup(caller)
    if looked is None:
        return None
    question, named = looked
    return _asker(question), {**named, "purposes": array(purposes(caller.purpose))}


@lru_cache(maxsize=1)
def _asker(question: str) -> str:
    return _ASKER.format(who=question, version=rulebook.IN_FORCE)


def asker_from(caller: Caller, row: Sequence[Any]) -> tuple[Principal, Actor, Bundle] | None:
    """What the columns of `asker_lookup` say; None for posts that SQL does not know by their principals: then rights
    and relations are asked for apart. Raises NoRulebook."""
    *known, _ids, relations, number, sha256, since = row
    principal = people.principal_from(caller, known)
    found = _compiled(rulebook.InForce(number=number, sha256=sha256, since=since) if number else None)
    if found is None:
        raise NoRulebook()
    if not principal.roles <= _KNOWN_POSTS:
        return None
    return principal, _acting(caller, principal, frozenset(relations)), found


def _apart(caller: Caller) -> tuple[Principal, Actor, Bundle]:
    principal = people.principal(caller)
    return principal, _actor_of(caller, principal), bundle()


def _principals(principal: Principal) -> tuple[uuid.UUID, ...]:
    """Everything that a grant to this asker may name: the person, departments, posts, everybody."""
    return (
        principal.id,
        *sorted(principal.department_ids | principal.team_ids),
        *(role_principal(role) for role in sorted(principal.roles)),
        EVERYONE,
    )


def _acting(caller: Caller, principal: Principal, standing: frozenset[str]) -> Actor:
    if not principal.is_current:
        return Actor(id=principal.id, roles=frozenset(), purpose=caller.purpose, is_current=False)
    return Actor(
        id=principal.id,
        roles=principal.roles,
        purpose=caller.purpose,
        principal_ids=_principals(principal),
        standing=standing,
    )


def _standing(principal_ids: tuple[uuid.UUID, ...], purpose: str) -> frozenset[str]:
    sql = (
        "SELECT DISTINCT relation FROM regime_grant WHERE subject_id IS NULL AND principal_id = ANY(%s::uuid[])"
        " AND purpose = ANY(%s::text[]) AND (until IS NULL OR until > %s)"
    )
    return frozenset(relation for (relation,) in prepared(sql, [array(map(str, principal_ids)), array(purposes(purpose)), now()]))
