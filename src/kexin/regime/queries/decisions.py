"""DOOR: who may see or do what: the asker, the bundle in force, one decision, and the plan for many rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from kexin.foundation.caller import Caller
from kexin.regime.types import Action, Actor, BulkPlan, Bundle, Context, Decision, Standing, SubjectFacts


def bundle() -> Bundle:
    """The rulebook in force, compiled. The version row is read each time; compiled bundles are kept per process."""
    raise NotImplementedError


def actor(caller: Caller) -> Actor:
    """The asker with the rights of this instant (two queries); hand it to several questions of one request."""
    raise NotImplementedError


def decide(
    caller: Caller,
    *,
    action: Action,
    subject: SubjectFacts,
    attributes: Iterable[str],
    context: Context | None = None,
    actor: Actor | None = None,
) -> Decision:
    """May this caller, under its purpose, do this with these attributes of this one subject? Never raises for a no."""
    raise NotImplementedError


def plan(
    caller: Caller,
    *,
    action: Action,
    attributes: Iterable[str],
    filters: Iterable[str] = (),
    sorts: Iterable[str] = (),
    groups: Iterable[str] = (),
    context: Context | None = None,
    actor: Actor | None = None,
) -> BulkPlan:
    """The same question about every row of `vault_subject` (alias ``s``), before any row is read.

    ``filters``, ``sorts`` and ``groups`` are the attributes that the query filters, orders or groups by: each needs a
    gate of its own (`search`, `sort`, `aggregate`), else a hidden value could be read through the query.
    """
    raise NotImplementedError


def subject_facts(
    caller: Caller, subject_ids: Iterable[uuid.UUID], *, actor: Actor | None = None
) -> Mapping[uuid.UUID, Standing]:
    """Grants of this caller and consents of these subjects, in two queries; every id asked for is in the answer."""
    raise NotImplementedError
