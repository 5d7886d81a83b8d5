"""The impact preview as a page: the matrix, one cell told, who signs, and what happens then."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from kexin.chapters.compliance.fields import SECTIONS
from kexin.chapters.compliance.queries.reading import PUBLISH, SIGN, edition, rights, title_of
from kexin.chapters.compliance.types import (
    CellStory,
    Consequence,
    DraftRow,
    GridCell,
    GridRow,
    ImpactPage,
    Side,
    Signer,
)
from kexin.chapters.compliance.words import codes, rules
from kexin.foundation.caller import Caller
from kexin.foundation.problems import NotFound
from kexin.foundation.ui.words import listed, say
from kexin.people import queries as people
from kexin.regime import queries as regime
from kexin.regime.types import Effect, ImpactView, Rulebook, RuleDef


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cell whose story is told."""

    role: str = ""
    purpose: str = ""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class _Scene:
    """One counting with what it is about."""

    caller: Caller
    view: ImpactView
    sides: regime.Sides
    draft: DraftRow | None
    version: regime.VersionRow | None
    settled: bool
    names: Mapping[uuid.UUID, str]

    @property
    def result(self) -> Mapping[str, Any]:
        return self.view.result or {}


def impact_page(
    caller: Caller, *, impact: uuid.UUID, cell: str = "", everything: bool = False, signed_in_at: datetime | None = None
) -> ImpactPage:
    """One counting drawn, and whether the reader may sign it here and now. ``cell``: role:purpose:attribute to be told.
    Raises NotPermitted, ImpactUnknown."""
    scene = _scene(caller, impact)
    named = _named(scene)
    if scene.view.result is None:
        return ImpactPage(**named)
    chosen = Chosen(*parts) if len(parts := cell.split(":")) == 3 else _loudest(scene)
    columns, rows = _grid(scene, chosen, everything=everything)
    others = _others(caller)
    lone = bool(not others and scene.sides.old and scene.sides.old.profile.size == "small")
    return ImpactPage(
        **named,
        columns=columns,
        rows=rows,
        changed=len(scene.result["cells"]),
        story=_story(scene, chosen),
        stopped=tuple(_stopped(scene)),
        signers=tuple(_signers(scene, others, lone=lone)),
        consequences=tuple(_consequences(scene)),
        loosening=tuple(_loosening(scene)),
        roles=scene.result["roles"],
        barred=_barred(scene),
        signing=_signing(scene, others, lone=lone),
        needs_proof=not regime.proof_holds(signed_in_at),
        lone=lone,
    )


def _scene(caller: Caller, impact: uuid.UUID) -> _Scene:
    view = regime.impact(caller, impact=impact)
    same = [row for row in regime.versions() if row.sha256 == view.sha256]
    version = next((row for row in same if row.state == "waiting"), None)
    draft = next((one for one in regime.open_drafts(caller) if one.sha256 == view.sha256), None)
    known = {one for row in (version,) if row for one in (row.drafted_by, *row.signers)} | ({draft.author} if draft else set())
    names = people.names_of(frozenset(known))
    row = DraftRow(view=draft, author=names.get(draft.author, "")) if draft and version is None else None
    return _Scene(caller, view, regime.sides(caller, impact=impact), row, version, bool(same) and version is None, names)


def _named(scene: _Scene) -> dict[str, Any]:
    shown = edition(scene.version, scene.names) if scene.version else None
    return {"view": scene.view, "draft": scene.draft, "version": shown, "rights": rights(scene.caller)}


# --- the matrix -----------------------------------------------------------------------------------------------------


def _grid(scene: _Scene, chosen: Chosen, *, everything: bool) -> tuple[tuple[tuple[str, str], ...], tuple[GridRow, ...]]:
    """Roles under purposes by attributes; only what changes, or all that any rule gives."""
    cells: dict[tuple[str, str], dict[str, list[Mapping[str, Any]]]] = {}
    for one in scene.result["cells"]:
        cells.setdefault((one["role"], one["purpose"]), {}).setdefault(one["attribute"], []).append(one)
    old, new = scene.sides.old, scene.sides.new
    changed = {attribute for row in cells.values() for attribute in row}
    catalogue = dict.fromkeys((*new.attributes, *(old.attributes if old else ())))
    columns = [key for key in catalogue if key in changed or (everything and _collected(key, scene.sides))]
    pairs = sorted(cells.keys() | (_pairs(new) | (_pairs(old) if old else set()) if everything else set()), key=_order(scene.sides))
    rows = []
    for role, purpose in pairs:
        found = cells.get((role, purpose), {})
        drawn = tuple(
            _cell(key, found.get(key, ()), chosen=(role, purpose, key) == (chosen.role, chosen.purpose, chosen.attribute))
            for key in columns
        )
        rows.append(
            GridRow(
                role=role, purpose=purpose, role_words=_words(rules.role, role, scene.sides),
                purpose_words=_words(rules.purpose, purpose, scene.sides), cells=drawn,
            )
        )  # fmt: skip
    return tuple((key, _words(rules.attribute, key, scene.sides)) for key in columns), tuple(rows)


def _collected(key: str, sides: regime.Sides) -> bool:
    return any(side is not None and key in side.attributes and side.attributes[key].collect for side in (sides.old, sides.new))


def _pairs(book: Rulebook) -> set[tuple[str, str]]:
    """(role, purpose) that some permit names."""
    return {
        (role, purpose)
        for rule in book.rules
        if rule.effect is Effect.PERMIT
        for role in rule.roles or ()
        for purpose in rule.purposes or ()
    }


def _order(sides: regime.Sides) -> Any:
    roles = {key: place for place, key in enumerate((*sides.new.roles, *(sides.old.roles if sides.old else ())))}
    purposes = {key: place for place, key in enumerate((*sides.new.purposes, *(sides.old.purposes if sides.old else ())))}
    return lambda pair: (roles.get(pair[0], 999), purposes.get(pair[1], 999), pair)


def _words(say_it: Any, key: str, sides: regime.Sides) -> str:
    """By the new text, or by the old where the new has none."""
    words = str(say_it(key, sides.new))
    return str(say_it(key, sides.old)) if words == key and sides.old else words


def _cell(attribute: str, changes: Iterable[Mapping[str, Any]], *, chosen: bool) -> GridCell:
    found = list(changes)
    return GridCell(
        attribute=attribute,
        gained=tuple(codes.word(codes.ACTIONS, one["action"]) for one in found if one["gains"]),
        lost=tuple(codes.word(codes.ACTIONS, one["action"]) for one in found if one["loses"]),
        conditional=any(one["conditional"] for one in found),
        people=max((one["people"] for one in found), default=0),
        chosen=chosen,
    )


def _loudest(scene: _Scene) -> Chosen:
    """The cell that concerns most people; a gain before a loss."""
    found = max(scene.result["cells"], key=lambda one: (one["gains"], one["people"]), default=None)
    return Chosen(found["role"], found["purpose"], found["attribute"]) if found else Chosen()


def _story(scene: _Scene, chosen: Chosen) -> CellStory | None:
    """What the rules say about the chosen cell, action by action, before and after."""
    changes = {
        one["action"]: one for one in scene.result["cells"]
        if (one["role"], one["purpose"], one["attribute"]) == (chosen.role, chosen.purpose, chosen.attribute)
    }  # fmt: skip
    if not changes:
        return None
    old, new = scene.sides.old, scene.sides.new
    told: dict[tuple[bool, bool, int, Side, Side], list[str]] = {}
    for one in regime.rules_of(scene.sides, role=chosen.role, purpose=chosen.purpose, attribute=chosen.attribute):
        change = changes.get(one.action.value)
        if change:
            sides = (_side(one.before, one.after, old or new), _side(one.after, one.before, new))
            same = (change["gains"], change["loses"], change["people"], *sides)
            told.setdefault(same, []).append(codes.word(codes.ACTIONS, one.action.value))
    book = new if chosen.attribute in new.attributes else old or new
    known = book.attributes.get(chosen.attribute)
    return CellStory(
        role=_words(rules.role, chosen.role, scene.sides),
        purpose=_words(rules.purpose, chosen.purpose, scene.sides),
        attribute=_words(rules.attribute, chosen.attribute, scene.sides),
        grade=say(book.grades[known.grade]) if known else "",
        actions=tuple((listed(words), *same) for same, words in told.items()),
    )


def _side(spoken: tuple[RuleDef, ...], other: tuple[RuleDef, ...], book: Rulebook) -> Side:
    """The rules that make the difference: those that the other side does not have; all permits where there are none."""
    own = [rule for rule in spoken if rule not in other] or [rule for rule in spoken if rule.effect is Effect.PERMIT]
    return Side(rules=tuple((rule.id, rules.rule_sentence(rule, book), rule.article) for rule in own))


# --- people, signers, consequences ----------------------------------------------------------------------------------


def _stopped(scene: _Scene) -> Iterable[Mapping[str, Any]]:
    """Forbids that newly stop people because nobody knows a fact."""
    for one in scene.result["stopped"]:
        yield {
            "rule": one["rule"],
            "title": title_of("rules", one["rule"], scene.sides.new),
            "people": one["people"],
            "missing": listed(rules.missing(name, scene.sides.new) for name in one["missing"]),
        }


def _others(caller: Caller) -> tuple[str, ...]:
    """Names of the other people who could sign, under the rulebook in force."""
    found = regime.bundle_or_none()
    roles = frozenset(key for key, role in found.roles.items() if SIGN in role.permissions) if found else frozenset()
    held = people.holders(roles)
    ids = frozenset(one for ids in held.values() for one in ids) - {caller.id}
    return tuple(sorted(people.names_of(ids).values()))


def _signers(scene: _Scene, others: tuple[str, ...], *, lone: bool) -> Iterable[Signer]:
    if scene.version is not None:
        for one in regime.signatures(scene.version.number):
            drafted = one.signer == scene.version.drafted_by
            yield Signer(
                name=scene.names.get(one.signer, ""), role=_("起草人") if drafted else _("签署人"), state="signed", at=one.signed_at
            )
    elif scene.draft is not None:
        yield Signer(name=scene.draft.author, role=_("起草人"), state="waiting", note=_("待签"))
    if not lone and (scene.version is None or len(scene.version.signers) < 2):
        yield Signer(name=listed(others[:3]), role=_("另一位"), state="waiting", note=_("待签 · 不能与起草人同一人"))
    new = scene.sides.new
    touched = dict.fromkeys(one["attribute"] for one in scene.result["cells"] if one["gains"])
    assessed = dict.fromkeys(new.attributes[key].pia for key in touched if key in new.attributes)
    for pia in (new.pias[key] for key in assessed if key in new.pias):
        state = "signed" if pia.status == "approved" else "waiting"
        yield Signer(name=say(pia.label), role=_("影响评估"), state=state, note=codes.word(codes.STATUSES, pia.status))


def _consequences(scene: _Scene) -> Iterable[Consequence]:
    result = scene.result
    for one in result["affected"]:
        words = _("%(count)s %(label)s") % {"count": f"{one['count']:,}", "label": say(one["label"])}
        yield Consequence(icon="circle-x" if one["stops"] else "refresh", words=words, note=listed(one["names"]))
    if result["stale"]:
        parts = [
            f"{_words(rules.purpose, one['purpose'], scene.sides)} {one['count']:,}" for one in result["consents"]
        ]
        again = codes.period(scene.sides.new.controls.ask_again_after)
        yield Consequence(
            icon="refresh",
            words=_("%(count)s 份同意转为“已失效”") % {"count": f"{result['stale']:,}"},
            note=_("%(parts)s；间隔 %(again)s后方可再问") % {"parts": listed(parts), "again": again},
        )
    notice = result["notice"]
    if any(notice.values()):
        yield Consequence(
            icon="file-text",
            words=_("隐私政策须换新版"),
            note=_("改动 %(attributes)s 项信息、%(purposes)s 个目的、%(recipients)s 个接收方") % notice,
        )
    if not result["loosens"]:
        yield Consequence(icon="shield-check", words=_("只收紧，没有放宽"))


def _loosening(scene: _Scene) -> Iterable[str]:
    """Changes beside cells that are not known to tighten: they count as loosening."""
    for one in scene.result["changes"]:
        if one["loosens"] and one["kind"] in SECTIONS:
            book = scene.sides.old if one["what"] == "removed" and scene.sides.old else scene.sides.new
            yield f"{SECTIONS[one['kind']].title} · {title_of(one['kind'], one['key'], book)}"


# --- signing --------------------------------------------------------------------------------------------------------


def _barred(scene: _Scene) -> str:
    """Why the reader cannot sign this, "" when they can."""
    held = regime.permissions_of(scene.caller)
    if scene.settled:
        return _("这一版已经签署，不能再签。")
    if scene.view.overtaken:
        return _("对照的版本已不是现行制度，请重新预览。")
    if scene.version is not None:
        if SIGN not in held:
            return _("您的岗位可以查看，不能签署。")
        return _("起草人和签署人不能是同一人。") if scene.version.drafted_by == scene.caller.id else ""
    if scene.draft is None:
        return _("草案已经改过，请对现在的草案重新预览。")
    if not scene.draft.view.mine or PUBLISH not in held:
        return _("起草人先签，再由另一位签署。")
    return _("草案与现行制度相同，没有可签署的改动。") if scene.draft.view.unchanged else ""


def _signing(scene: _Scene, others: tuple[str, ...], *, lone: bool) -> str:
    if scene.version is not None:
        return _("签署，立即生效")
    if not lone:
        return _("签署并送 %(name)s") % {"name": listed(others[:1])} if others else _("签署")
    if not scene.result["loosens"]:
        return _("签署，立即生效")
    wait = scene.sides.old.controls.lone_publisher_wait if scene.sides.old else "PT24H"
    return _("签署，%(wait)s后生效") % {"wait": codes.period(wait)}


def impact_table(caller: Caller, *, impact: uuid.UUID) -> bytes:
    """Every changed cell as CSV (UTF-8 with a mark, for spreadsheets). Raises NotPermitted, ImpactUnknown, NotFound."""
    scene = _scene(caller, impact)
    if scene.view.result is None:
        raise NotFound(_("还没有算完。"))
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([_("岗位"), _("用途"), _("信息"), _("动作"), _("放宽"), _("收紧"), _("取决于当时事实"), _("涉及人数")])
    for one in scene.result["cells"]:
        table.writerow([
            _inert(_words(rules.role, one["role"], scene.sides)), _inert(_words(rules.purpose, one["purpose"], scene.sides)),
            _inert(_words(rules.attribute, one["attribute"], scene.sides)), codes.word(codes.ACTIONS, one["action"]),
            _mark(one["gains"]), _mark(one["loses"]), _mark(one["conditional"]), one["people"],
        ])  # fmt: skip
    return out.getvalue().encode("utf-8-sig")


def _inert(text: str) -> str:
    """A label that a spreadsheet takes for text, whatever it begins with."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _mark(told: bool) -> str:
    return _("是") if told else ""
