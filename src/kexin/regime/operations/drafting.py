"""DOOR: a draft of the rulebook: begun from a version, edited place by place, given up. One for each author.

A draft is the text itself. An edit is a cut in it (`rulebook.editing`), so comments and order stay; each one passes the
strict parser before it is kept, and what it says is checked against law where the draft is shown."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.foundation.problems import Conflict, Refused
from kexin.regime.models import RulebookDraft
from kexin.regime.operations.entitling import entitled
from kexin.regime.queries import rulebook as stored
from kexin.regime.queries.drafts import ABSENT, DraftUnknown, draft_view, seen_of
from kexin.regime.rulebook import editing
from kexin.regime.rulebook.findings import Finding, RulebookInvalid
from kexin.regime.rulebook.parser import parse
from kexin.regime.rulebook.reach import PUBLISH
from kexin.regime.rulebook.writing import NotWritable
from kexin.regime.types import DraftView


class NotAuthor(Refused):
    """A draft is changed by whoever began it; others read it."""

    code = "not-author"
    title = _("没有保存：草案由起草人本人修改")


class DraftOpen(Conflict):
    """This author has a draft already."""

    code = "draft-open"
    title = _("没有新建：您已有一份草案，请继续修改或先放弃")


class EntryChanged(Conflict):
    """The place was changed since it was opened (another tab). ``theirs`` is what stands there now, None = removed."""

    code = "entry-changed"
    title = _("没有保存：这一处在别的窗口里刚改过，两边的内容都在下面")

    def __init__(self, theirs: Any) -> None:
        super().__init__()
        self.theirs = theirs


class EntryThere(Conflict):
    """Something of that name is there already."""

    code = "entry-there"
    title = _("没有保存：这个代码已经有了，请换一个")


def begin_draft(caller: Caller, *, number: int | None = None) -> DraftView:
    """Begin a draft from a version (default: the one in force); it is compared with the version in force whatever it
    was begun from. Raises NotPublisher, DraftOpen, VersionUnknown."""
    entitled(caller, PUBLISH)
    current = stored.in_force()
    if current is None:
        raise stored.VersionUnknown()
    source = stored.source(current.sha256) if number is None else stored.source_of(number)
    row = RulebookDraft(
        author=caller.id,
        source=source,
        sha256=hashlib.sha256(source).hexdigest(),
        base_number=current.number,
        base_sha256=current.sha256,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise DraftOpen() from None
    return draft_view(caller, row, current)


def edit_draft(
    caller: Caller, *, draft: uuid.UUID, path: editing.Path, value: Any, seen: str
) -> DraftView:
    """Put a value at one place of the draft, or remove what stands there (None). ``seen`` is `seen_of` what the editor
    saw: an edit of another place never stands in the way, one of the same place does.

    Raises RulebookInvalid (strict parser: line, key, remedy), EntryChanged, EntryThere, NotAuthor, DraftUnknown.
    """
    entitled(caller, PUBLISH)
    with transaction.atomic():
        row = mine(caller, draft)
        source = bytes(row.source)
        there = _there(source, path)
        if seen_of(there) != seen:
            raise EntryThere() if seen == ABSENT else EntryChanged(there)
        if value is None:
            changed = editing.drop(source, path) if there is not None else source
        else:
            changed = _put(source, path, value)
        if changed != source:
            _keep(row, changed)
    return draft_view(caller, row, stored.in_force())


def rebase_draft(caller: Caller, *, draft: uuid.UUID) -> tuple[DraftView, tuple[str, ...]]:
    """Carry a draft over to the version in force: every entry that the draft changed is put into the new text. Answers
    also the entries that both changed (dotted); there the draft's own stands, to be looked at again."""
    entitled(caller, PUBLISH)
    with transaction.atomic():
        row = mine(caller, draft)
        current = stored.in_force()
        if current is None or current.sha256 == row.base_sha256:
            return draft_view(caller, row, current), ()
        source, both = editing.carried(stored.source(row.base_sha256), bytes(row.source), stored.source(current.sha256))
        row.base_number, row.base_sha256 = current.number, current.sha256
        _keep(row, source)
    return draft_view(caller, row, current), both


def discard_draft(caller: Caller, *, draft: uuid.UUID) -> None:
    """Give a draft up: it is gone, and nothing else changes. Raises NotAuthor, DraftUnknown."""
    entitled(caller, PUBLISH)
    with transaction.atomic():
        mine(caller, draft).delete()


def mine(caller: Caller, draft: uuid.UUID) -> RulebookDraft:
    """One's own draft, locked. Raises DraftUnknown, NotAuthor."""
    row = RulebookDraft.objects.select_for_update().filter(id=draft).first()
    if row is None:
        raise DraftUnknown()
    if row.author != caller.id:
        raise NotAuthor()
    return row


def _put(source: bytes, path: editing.Path, value: Any) -> bytes:
    try:
        return editing.put(source, path, value)
    except NotWritable:
        finding = Finding(
            level="error",
            code="not_writable",
            line=0,
            column=0,
            key=".".join(str(step) for step in path),
            problem=("含有不能保存的字符", "holds characters that cannot be kept"),
            remedy=("请删除后重新输入", "delete them and type again"),
        )
        raise RulebookInvalid([finding]) from None


def _there(source: bytes, path: editing.Path) -> Any:
    try:
        return editing.at(editing.plain(source), path)
    except editing.NothingThere:
        return None


def _keep(row: RulebookDraft, source: bytes) -> None:
    row.sha256 = parse(source).rulebook.sha256
    row.source, row.ver, row.updated_at = source, row.ver + 1, now()
    row.save()
