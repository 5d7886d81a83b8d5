"""A draft at work: its entries, what differs from the version in force, what the check finds, and one entry's form."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from kexin.chapters.compliance import book as telling
from kexin.chapters.compliance.fields import SECTIONS, Section, blank, entry_of, raw_of, shown
from kexin.chapters.compliance.fields.reading import Raw, entry_from
from kexin.chapters.compliance.fields.showing import Shown
from kexin.chapters.compliance.queries.reading import by_key, rights, title_of
from kexin.chapters.compliance.types import DraftPage, EntryRow, FieldChange, Problem, SectionRow
from kexin.foundation.caller import Caller
from kexin.foundation.problems import NotFound
from kexin.people import queries as people
from kexin.regime import queries as regime
from kexin.regime.types import DraftView

#: Code of a finding about a whole entry -> the field where it is mended.
_FIELD_OF = {
    "mask": "mask", "unmasked": "mask", "search": "search", "facet": "storage", "choices": "choices", "display_full": "display",
    "no_necessity": "necessity", "no_impact": "impact", "no_pia": "pia", "grade": "grade", "no_purpose": "purposes",
    "no_retention": "purposes", "no_basis": "basis", "no_consent_kind": "consent", "no_channel": "channel", "cycle": "parent",
    "no_english": "label", "permission": "permissions", "recipient_unbound": "attributes", "abroad": "country",
    "pia_draft": "status", "no_article": "article", "grade4_bare": "obligations", "grades": "grade_min", "condition": "when",
}  # fmt: skip


class NoSuchEntry(NotFound):
    """The draft has no such entry."""

    code = "draft-entry-unknown"
    title = _lazy("没有这一项")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """One entry's form. ``seen``: what the form was made from (`regime.seen_of`), sent back with it."""

    view: DraftView
    section: Section
    key: str
    title: str
    new: bool
    fields: tuple[Shown, ...]
    general: tuple[Problem, ...]
    seen: str
    change: str
    sentences: tuple[str, ...]
    can_remove: bool
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictPage:
    """Both sides of an entry that two tabs changed. ``rows``: label, theirs, mine; ``sent``: the form again."""

    view: DraftView
    section: Section
    key: str
    title: str
    rows: tuple[FieldChange, ...]
    sent: tuple[tuple[str, str], ...]
    seen: str
    gone: bool


def section_of(key: str) -> Section:
    """A kind of entry by its code. Raises NoSuchEntry."""
    found = SECTIONS.get(key)
    if found is None:
        raise NoSuchEntry()
    return found


def path_of(section: Section, key: str) -> tuple[str | int, ...]:
    """Where an entry stands in the text."""
    if section.single:
        return (section.key,)
    return (section.key, int(key) if section.key == "grades" and key.isdecimal() and len(key) < 3 else key)


# --- the draft as a whole -------------------------------------------------------------------------------------------


def draft_page(caller: Caller, *, draft: uuid.UUID, section: str = "") -> DraftPage:
    """A draft with one of its sections open, its changes and its findings. Raises NotPermitted, DraftUnknown."""
    found = regime.opened(caller, draft=draft)
    problems = [_problem(one, found) for one in found.findings]
    rows = tuple(_section_row(one, found, problems) for one in SECTIONS.values())
    chosen = next((row for row in rows if row.section == section), rows[0])
    grouped = {level: tuple(one for one in problems if one.level == level) for level in ("error", "warning", "note")}
    return DraftPage(
        view=found.view,
        author=people.names_of(frozenset({found.view.author})).get(found.view.author, ""),
        sections=rows,
        section=chosen,
        problems=grouped,
        changes=tuple(one for row in rows for one in row.rows if one.change),
        impact=regime.impact_of(caller, sha256=found.view.sha256),
        rights=rights(caller),
    )


def _section_row(section: Section, found: regime.OpenDraft, problems: Sequence[Problem]) -> SectionRow:
    old = by_key(found.base.get(section.key), single=section.single)
    new = by_key(found.tree.get(section.key), single=section.single)
    if section.single:
        new.setdefault("", {})
    base = regime.load(found.view.base_sha256)
    wrong = [one.entry for one in problems if one.section == section.key and one.level == "error"]
    rows = []
    for key in (*new, *(key for key in old if key not in new)):
        book = found.rulebook if key in new else base
        rows.append(
            EntryRow(
                section=section.key,
                key=key,
                title=title_of(section.key, key, book),
                note=key,
                change=_change(old.get(key), new.get(key)),
                errors=wrong.count(key),
            )
        )
    return SectionRow(
        section=section.key, title=str(section.title), help=str(section.help), single=section.single,
        can_add=section.grows, rows=tuple(rows),
    )  # fmt: skip


def _change(old: Any, new: Any) -> str:
    if not old and not new:
        return ""
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "" if regime.seen_of(old) == regime.seen_of(new) else "changed"


def _problem(finding: regime.Finding, found: regime.OpenDraft | None, *, section: str = "", entry: str = "") -> Problem:
    """A finding in the reader's language, at the field where it is mended."""
    language = 1 if (get_language() or "").startswith("en") else 0
    steps = finding.key.split(".")
    name = steps[0].partition("[")[0] if steps[0].partition("[")[0] in SECTIONS else section
    single = name in SECTIONS and SECTIONS[name].single
    key = "" if single else (steps[1].partition("[")[0] if len(steps) > 1 else entry)
    rest = steps[1:] if single else steps[2:]
    return Problem(
        level=finding.level,
        words=finding.problem[language],
        remedy=finding.remedy[language],
        line=finding.line,
        key=finding.key,
        section=name,
        entry=key,
        title=title_of(name, key, found.rulebook) if found and name in SECTIONS else key,
        field=_field_name(name, ".".join(one.partition("[")[0] for one in rest), finding.code),
    )


def _field_name(section: str, rest: str, code: str) -> str:
    """The form's field for what is left of a finding's key."""
    if section not in SECTIONS:
        return ""
    keys = [field.key for field in SECTIONS[section].fields]
    if section == "attributes" and rest.partition(".")[0] == "retention":
        return "purposes"
    if SECTIONS[section].scalar:
        return SECTIONS[section].scalar
    fitting = [key for key in keys if rest == key or rest.startswith(f"{key}.") or (rest and key.startswith(f"{rest}."))]
    if fitting:
        return max(fitting, key=len)
    named = _FIELD_OF.get(code, "")
    return named if named in keys else ""


# --- one entry ------------------------------------------------------------------------------------------------------


def entry_page(
    caller: Caller,
    *,
    draft: uuid.UUID,
    section: str,
    key: str = "",
    new: bool = False,
    posted: Raw | None = None,
    code: str = "",
    seen: str | None = None,
    findings: Iterable[regime.Finding] = (),
) -> EntryPage:
    """One entry's form; with ``posted`` as it was sent, and the ``findings`` that kept it from being saved beside its
    fields. Raises NotPermitted, DraftUnknown, NoSuchEntry."""
    kind = section_of(section)
    found = regime.opened(caller, draft=draft)
    value = None if new else _value(found, kind, key)
    record = entry_of(kind, value)
    raw = posted if posted is not None else blank(kind) if new else raw_of(kind, record)
    problems = [_problem(one, found) for one in found.findings if posted is None]
    problems = [one for one in problems if (one.section, one.entry) == (section, key)]
    problems += [_problem(one, None, section=section, entry=key) for one in findings]
    by_field: dict[str, list[Problem]] = {}
    for one in problems:
        by_field.setdefault(one.field, []).append(one)
    base = by_key(found.base.get(section), single=kind.single).get(key)
    return EntryPage(
        view=found.view,
        section=kind,
        key=key,
        title=title_of(section, key, found.rulebook) if not new else "",
        new=new,
        fields=shown(kind, raw, found.rulebook, retention=_classes(found), problems=by_field, fresh=new and posted is None),
        general=tuple(by_field.get("", ())),
        seen=seen if seen is not None else regime.seen_of(value),
        change="" if new else _change(base, value),
        sentences=_sentences(found, section, key) if not new else (),
        can_remove=kind.grows and not new,
        code=code,
    )


def _value(found: regime.OpenDraft, section: Section, key: str) -> Any:
    table = by_key(found.tree.get(section.key), single=section.single)
    if key not in table and not (section.single and key == ""):
        raise NoSuchEntry()
    return table.get(key)


def _classes(found: regime.OpenDraft) -> Mapping[str, Any]:
    classes = found.tree.get("retention")
    return classes if isinstance(classes, Mapping) else {}


def _sentences(found: regime.OpenDraft, section: str, key: str) -> tuple[str, ...]:
    """The entry as the book would say it; a single section of many numbers says nothing here."""
    if section in ("controls", "title"):
        return ()
    try:
        return telling.entry(found.rulebook, section, key, _classes(found)).sentences
    except (KeyError, StopIteration, ValueError):
        return ()


def conflict_page(
    caller: Caller, *, draft: uuid.UUID, section: str, key: str, posted: Raw, theirs: Any
) -> ConflictPage:
    """Both sides of an entry that another tab changed: field by field, and the form to send again. Raises NotPermitted,
    DraftUnknown, NoSuchEntry."""
    kind = section_of(section)
    found = regime.opened(caller, draft=draft)
    there = entry_of(kind, theirs)
    mine = entry_from(kind, there, posted)
    labels = {field.key.partition(".")[0]: str(field.label) for field in kind.fields}
    rows = [
        FieldChange(label=labels.get(str(name), str(name)), before=_written(there, name), after=_written(mine, name))
        for name in dict.fromkeys((*there, *mine))
        if regime.seen_of(there.get(name)) != regime.seen_of(mine.get(name))
    ]
    return ConflictPage(
        view=found.view,
        section=kind,
        key=key,
        title=title_of(section, key, found.rulebook),
        rows=tuple(rows),
        sent=tuple((name, text) for name, texts in posted.items() for text in texts),
        seen=regime.seen_of(theirs),
        gone=theirs is None,
    )


def _written(record: Mapping[str | int, Any], name: str | int) -> str:
    return regime.notation(record[name]) if name in record else _("（没有）")
