"""Whether somebody may open a kept file now. Keeping it once is no right: rights, purpose and people are decided again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.problems import Refused
from kexin.regime.types import Action, Decision, Outcome, Sql
from kexin.vault.models import File, FileSubject
from kexin.vault.queries.asking import Asking, ask
from kexin.vault.queries.rows import people, standings


class FileRefused(Refused):
    """Somebody else's file."""

    code = "file-refused"
    title = _("没有执行：这不是您的文件")


class FileRightsEnded(Refused):
    """The keeper's own file, but no longer with the rights that it was kept under."""

    code = "file-rights"
    title = _("没有打开：您现在的岗位或用途不能打开这个文件")


class FileOutOfDate(Refused):
    """A file about people of whom one may no longer be shown to this caller like that."""

    code = "file-out-of-date"
    title = _("没有打开：文件里有您现在不能这样使用的客户信息")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Why a file may be opened, for its line: what spoke, and whom the file is known to show."""

    rulebook: str
    rule_ids: tuple[str, ...] = ()
    audit_ids: tuple[uuid.UUID, ...] = ()


def keeps(caller: Caller, row: File) -> bool:
    """Whether this is the file's keeper, or a service account that works under the purpose it was kept for."""
    if caller.id == row.kept_by:
        return True
    return caller.kind is CallerKind.SERVICE and bool(row.purpose) and caller.purpose == row.purpose


def refuse_stranger(caller: Caller, row: File) -> None:
    """Raise FileRefused, with a line, for whoever does not keep this file."""
    if not keeps(caller, row):
        _refuse(caller, row, FileRefused())


def may_open(caller: Caller, row: File) -> Grounds:
    """Decide an opening. Raises FileRefused, FileRightsEnded, FileOutOfDate: each leaves a line and opens nothing."""
    refuse_stranger(caller, row)
    asking = ask(caller.under(row.purpose) if row.purpose else caller)
    if not _holds(asking, caller, row):
        _refuse(caller, row, FileRightsEnded(remedy=_("换岗或停用后，文件须由现在办理的同事重新取得")))
    if not row.action:
        return Grounds(rulebook=asking.bundle.sha256)
    return _about_people(asking, row) if _shown(row) else _about_attributes(asking, row)


def _holds(asking: Asking, caller: Caller, row: File) -> bool:
    """With a post that has the permission and one that has the purpose now (who left, or whose rights changed since the
    caller was made, has no post). Tokens and services act under one purpose each: it must be the file's. What names
    neither was kept before files said what they are about."""
    if not (row.permission or row.purpose):
        return False
    if row.purpose and caller.kind is not CallerKind.STAFF and caller.purpose != row.purpose:
        return False
    posts = [asking.bundle.roles[role] for role in asking.actor.roles if role in asking.bundle.roles]
    permitted = not row.permission or any(row.permission in post.permissions for post in posts)
    return permitted and (not row.purpose or any(row.purpose in post.purposes for post in posts))


def _shown(row: File) -> list[FileSubject]:
    """The people whom the file is known to show."""
    found = list(FileSubject.objects.filter(file_id=row.id))
    if row.subject_id and row.subject_id not in {one.subject_id for one in found}:
        found.append(
            FileSubject(file_id=row.id, subject_id=row.subject_id, attributes=row.attributes or [], full=[])
        )
    return found


def _about_people(asking: Asking, row: File) -> Grounds:
    """Each person is still there, and what the file shows of each may still be shown like that."""
    shown, action = {one.subject_id: one for one in _shown(row)}, Action(row.action)
    raws = people(asking, Sql("s.visible AND s.id = ANY(%s::uuid[])", ([*shown],)))
    held = standings(asking, raws)
    every = tuple(row.attributes or asking.attributes)
    spoke: list[Decision] = []
    for raw in raws:
        one = shown[raw.id]
        decision = asking.decide(action, raw.facts(held[raw.id]), one.attributes or every)
        spoke.append(decision)
        if not _as_shown(decision, one):
            _refuse(asking.caller, row, _out_of_date(), rulebook=asking.bundle.sha256, rule_ids=decision.rule_ids)
    if len(raws) < len(shown):
        _refuse(asking.caller, row, _out_of_date(), rulebook=asking.bundle.sha256)
    return Grounds(
        rulebook=asking.bundle.sha256,
        rule_ids=_rules(spoke),
        audit_ids=tuple(raw.audit_id for raw in raws if raw.audit_id),
    )


def _as_shown(decision: Decision, one: FileSubject) -> bool:
    if not one.attributes:
        return not decision.nothing
    return not any(decision.denied(key) for key in one.attributes) and all(decision.allowed(key) for key in one.full)


def _about_attributes(asking: Asking, row: File) -> Grounds:
    """A file about people nobody named: there are still people for whom the action reaches each attribute."""
    asked = tuple(row.attributes or ())
    plan = asking.plan(Action(row.action), asked or asking.attributes)
    denied = [key for key in asked if plan.columns.get(key, Outcome.DENY) is Outcome.DENY]
    if plan.empty or denied:
        _refuse(asking.caller, row, FileOutOfDate(), rulebook=asking.bundle.sha256, rule_ids=plan.rule_ids)
    return Grounds(rulebook=asking.bundle.sha256, rule_ids=plan.rule_ids)


def _rules(decisions: Iterable[Decision]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule for one in decisions for rule in one.rule_ids))


def _out_of_date() -> FileOutOfDate:
    return FileOutOfDate(_("没有打开：名单里有客户已不归您办理、已封存或已删除。"), remedy=_("请重新导出一份"))


def _refuse(
    caller: Caller, row: File, refusal: Refused, *, rulebook: str = "", rule_ids: Sequence[str] = ()
) -> NoReturn:
    """The line of a refusal, committed at once."""
    evidence.note_now(
        caller,
        Entry(
            event=Event.ACCESS_DENIED,
            decision="deny",
            purpose=row.purpose,
            action=row.action,
            rulebook=rulebook,
            rule_ids=tuple(rule_ids),
            ref=f"file:{row.id}",
        ),
    )
    raise refusal
