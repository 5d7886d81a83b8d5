"""Edits of a draft, entry by entry: what a form says becomes the plain values that the rulebook's text holds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.chapters.compliance.fields import Section, entry_from, entry_of, value_of
from kexin.chapters.compliance.fields.reading import Raw
from kexin.chapters.compliance.queries.drafting import NoSuchEntry, path_of, section_of
from kexin.chapters.compliance.queries.reading import by_key
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Invalid, Refused
from kexin.regime import operations as regime_operations
from kexin.regime import queries as regime
from kexin.regime.types import DraftView


class CodeMissing(Invalid):
    """A new entry needs a code."""

    code = "entry-code-missing"
    title = _("没有保存：请写代码")


class SectionFixed(Refused):
    """Entries of this kind are neither added nor removed."""

    code = "section-fixed"
    title = _("没有保存：这一类不能增减，只能改动")


def begin(caller: Caller, *, number: int | None = None) -> DraftView:
    """Begin a draft from a version, by default the one in force. Raises as `regime.begin_draft`."""
    return regime_operations.begin_draft(caller, number=number)


def save(
    caller: Caller, *, draft: uuid.UUID, section: str, key: str = "", code: str = "", posted: Raw, seen: str
) -> tuple[DraftView, str]:
    """Save one entry as its form came back; answers the draft and the entry's code. ``code`` names a new entry (then
    ``key`` is empty). Raises RulebookInvalid, EntryChanged, EntryThere, CodeMissing, SectionFixed, NoSuchEntry."""
    kind = section_of(section)
    is_new = not key and not kind.single
    if is_new and not kind.grows:
        raise SectionFixed()
    if is_new and not code.strip():
        raise CodeMissing(errors=({"field": "code", "message": str(_("请写代码"))},))
    name = code.strip() if is_new else key
    found = regime.opened(caller, draft=draft)
    there = None if is_new else _there(found.tree, kind, key)
    record = entry_from(kind, entry_of(kind, there), posted)
    value = _written(kind, name, record)
    if there is not None and regime.seen_of(value) == regime.seen_of(_written(kind, name, entry_of(kind, there))):
        value = there  # nothing was changed: not even the style in which it is written
    view = regime_operations.edit_draft(caller, draft=draft, path=path_of(kind, name), value=value, seen=seen)
    return view, name


def _there(tree: Mapping[str | int, Any], kind: Section, key: str) -> Any:
    table = by_key(tree.get(kind.key), single=kind.single)
    if key not in table and not kind.single:
        return None
    return table.get(key)


def _written(kind: Section, name: str, record: Mapping[str | int, Any]) -> Any:
    value = value_of(kind, record)
    return {"id": name, **value} if kind.key == "rules" else value


def remove(caller: Caller, *, draft: uuid.UUID, section: str, key: str, seen: str) -> DraftView:
    """Take an entry out of the draft. Raises EntryChanged, SectionFixed."""
    kind = section_of(section)
    if not kind.grows or not key:
        raise SectionFixed()
    return regime_operations.edit_draft(caller, draft=draft, path=path_of(kind, key), value=None, seen=seen)


def revert(caller: Caller, *, draft: uuid.UUID, section: str, key: str) -> DraftView:
    """Put an entry back as it is in the version that the draft was begun from: changed, removed or added ones alike."""
    kind = section_of(section)
    found = regime.opened(caller, draft=draft)
    base, mine = (by_key(tree.get(section), single=kind.single) for tree in (found.base, found.tree))
    if key not in base and key not in mine:
        raise NoSuchEntry()
    seen = regime.seen_of(mine.get(key))
    return regime_operations.edit_draft(caller, draft=draft, path=path_of(kind, key), value=base.get(key), seen=seen)


def discard(caller: Caller, *, draft: uuid.UUID) -> None:
    """Give a draft up."""
    regime_operations.discard_draft(caller, draft=draft)


def follow(caller: Caller, *, draft: uuid.UUID) -> tuple[DraftView, tuple[str, ...]]:
    """Carry a draft over to the version in force; answers also the entries that both changed."""
    return regime_operations.rebase_draft(caller, draft=draft)
