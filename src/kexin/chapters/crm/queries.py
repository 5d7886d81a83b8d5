"""Questions of chapter 7: the list, the search, the card, each put into words for the screen."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from kexin.chapters.crm import words
from kexin.chapters.crm.types import (
    CardView,
    Choice,
    FacetGroup,
    Item,
    Listing,
    ListRow,
    RevealQuestion,
    Section,
    SourceWords,
    TimelineLine,
    WhyView,
)
from kexin.foundation.caller import Caller
from kexin.foundation.ui.words import say
from kexin.regime import queries as regime
from kexin.regime.types import AttributeDef, Bundle
from kexin.vault import queries as vault
from kexin.vault.types_views import (
    Card,
    Cell,
    ContactUse,
    FacetCount,
    Filter,
    Page,
    Row,
    Shown,
    UnknownAttribute,
)

if TYPE_CHECKING:
    from kexin.chapters.crm.forms import Listing as Asked

#: What a list shows first, where the rulebook in force has it: who, how to reach them, and open facts.
NAMES = ("name", "org_name")
PHONES = ("mobile", "landline")
FACTS = ("stage", "level", "city", "source")
#: Facets that a list offers at the left, in this order, where the rulebook has them; others follow.
FACET_ORDER = ("stage", "city", "level", "source", "intent", "product", "gender", "age_band", "industry")
FACETS_SHOWN = 6
_USES: Mapping[str, tuple[ContactUse, ...]] = {
    "cn_mobile": (ContactUse.CALL, ContactUse.SMS),
    "landline": (ContactUse.CALL,),
    "email": (ContactUse.MAIL,),
    "cn_address": (ContactUse.NAVIGATE, ContactUse.WAYBILL),
    "wechat_id": (ContactUse.WAYBILL,),
}
_EMPTY = Cell(attribute="", shown=Shown.EMPTY)


def listing(caller: Caller, asked: Asked) -> Listing:
    """One page of customers under the filters asked for, with the facets' numbers beside it on the first page."""
    bundle = regime.bundle()
    page = vault.page(caller, columns=_columns(bundle), filters=asked.filters, sort=asked.sort, cursor=asked.cursor)
    if asked.cursor:
        return _listed(bundle, page)
    counted = vault.count(caller, filters=asked.filters)
    return _listed(bundle, page, groups=_facet_groups(caller, bundle, asked.filters), counted=_counted(counted))


def search(caller: Caller, *, term: str, cursor: str | None = None) -> Listing:
    """Customers found by what somebody typed."""
    bundle = regime.bundle()
    return _listed(bundle, vault.match(caller, term=term, columns=_columns(bundle), cursor=cursor))


def card(caller: Caller, *, subject: uuid.UUID) -> CardView:
    """One customer, in the sections of the rulebook; items that a rule keeps away are named with their reason."""
    bundle = regime.bundle()
    found = vault.card(caller, subject=subject)
    sections: dict[str, list[Item]] = {}
    kept_away: list[str] = []
    for key, cell in found.cells.items():
        attribute = bundle.attributes.get(key)
        if attribute is None or cell.shown is Shown.EMPTY:
            continue
        if cell.shown is Shown.DENIED:
            kept_away.append(say(attribute.label))
        elif key not in NAMES:
            sections.setdefault(attribute.section, []).append(_item(bundle, attribute, cell))
    labels = bundle.rulebook.sections
    return CardView(
        card=found,
        name=_name(found),
        sections=tuple(
            Section(key=key, label=say(labels.get(key, {"zh": key})), items=tuple(items)) for key, items in sections.items()
        ),
        kept_away=tuple(kept_away),
        sources=tuple(
            SourceWords(
                what=one.source,
                at=one.at,
                purpose=_purpose(bundle, one.purpose),
                basis=words.basis("unproven" if one.unproven else one.basis),
            )
            for one in found.sources
        ),
        edition=str(bundle.version),
    )


def reveal_question(caller: Caller, *, subject: uuid.UUID, attribute: str) -> RevealQuestion:
    """What stands in the popover before a value is opened: the item, and how much of today's quota is used.

    Nothing is opened and nobody is told whether the value exists. Raises UnknownAttribute, AttributeRefused and what
    the vault raises about the customer.
    """
    bundle = regime.bundle()
    used, quota = vault.reveal_question(caller, subject=subject, attribute=attribute)
    one = bundle.attributes[attribute]
    return RevealQuestion(
        customer=subject,
        attribute=attribute,
        label=say(one.label),
        grade_label=_grade_label(bundle, one.grade),
        used=used,
        quota=quota,
    )


def why(caller: Caller, *, subject: uuid.UUID, attribute: str) -> WhyView:
    """The seven lines behind one value, with every code put into words."""
    bundle = regime.bundle()
    found = vault.why(caller, subject=subject, attribute=attribute)
    return WhyView(
        why=found,
        grade_label=_grade_label(bundle, found.grade),
        basis=words.basis(found.basis),
        kept_because=_purpose(bundle, found.kept_because),
        purposes=_by_state((used.status, used.label) for used in found.purposes),
        consents=tuple((_purpose(bundle, one.purpose), words.status(one.status), one.receipt) for one in found.consents),
        disclosed=tuple((one.recipient, words.happened(f"disclosed.{one.kind}"), one.at) for one in found.disclosed),
        steps=tuple((step.at, words.happened(step.what), _purpose(bundle, step.purpose), step.department) for step in found.steps),
        edition=str(bundle.version),
    )


def _by_state(purposes: Iterable[tuple[str, str]]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Purposes grouped by whether the value may serve them: what it serves now first."""
    groups: dict[str, list[str]] = {}
    for state, label in purposes:
        groups.setdefault(state, []).append(label)
    ranked = sorted(groups, key=lambda state: words.RANK.index(state) if state in words.RANK else len(words.RANK))
    return tuple((state, words.status(state), tuple(groups[state])) for state in ranked)


def timeline(caller: Caller, *, subject: uuid.UUID) -> tuple[TimelineLine, ...]:
    """What happened with a customer, in words."""
    bundle = regime.bundle()
    return tuple(
        TimelineLine(
            at=one.at,
            icon=words.icon(one.what),
            tone=words.tone(one.what),
            what=" ".join(part for part in (words.happened(one.what), _attribute(bundle, one.attribute)) if part),
            detail=" · ".join(part for part in (one.detail, _purpose(bundle, one.purpose), one.department) if part),
        )
        for one in vault.timeline(caller, subject=subject)
    )


def _purpose(bundle: Bundle, key: str) -> str:
    return say(bundle.purposes[key].label) if key in bundle.purposes else key


def _attribute(bundle: Bundle, key: str) -> str:
    return say(bundle.attributes[key].label) if key in bundle.attributes else ""


def label(attribute: str) -> str:
    """What an item is called. Raises UnknownAttribute."""
    found = regime.bundle().attributes.get(attribute)
    if found is None:
        raise UnknownAttribute
    return say(found.label)


def _columns(bundle: Bundle) -> tuple[str, ...]:
    return tuple(key for key in (*NAMES, *PHONES, *FACTS) if key in bundle.attributes)


def _facet_groups(caller: Caller, bundle: Bundle, filters: Iterable[Filter]) -> tuple[FacetGroup, ...]:
    # Only facets that the purpose in force serves: counting by another one would be refused, and the list with it.
    facets = [key for key, one in bundle.attributes.items() if one.storage == "facet" and caller.purpose in one.purposes]
    ranked = sorted(facets, key=lambda key: FACET_ORDER.index(key) if key in FACET_ORDER else len(FACET_ORDER))
    counted = vault.facet_counts(caller, fields=("kind", *ranked[:FACETS_SHOWN]), filters=filters)
    chosen = {one.field: one.value if isinstance(one.value, (list, tuple)) else (one.value,) for one in filters}
    return tuple(
        FacetGroup(
            key=field,
            label=_field_label(bundle, field),
            choices=tuple(
                Choice(
                    value=one.value,
                    label=value_label(bundle, field, one.value),
                    count=one.count,
                    more=one.at_least,
                    on=one.value in chosen.get(field, ()),
                )
                for one in counts
            ),
        )
        for field, counts in counted.items()
        if counts
    )


def _field_label(bundle: Bundle, field: str) -> str:
    words = {"kind": _("客户类型"), "state": _("状态"), "relation": _("负责关系"), "age_status": _("年龄状态")}
    return words.get(field) or say(bundle.attributes[field].label)


def value_label(bundle: Bundle, field: str, value: str) -> str:
    """A facet's value in words: a choice's text, a division's name as stored, or the value itself."""
    kinds = {"person": _("个人"), "organisation": _("企业")}
    if field == "kind":
        return str(kinds.get(value, value))
    attribute = bundle.attributes.get(field)
    return say(attribute.choices[value]) if attribute and value in attribute.choices else value


def _counted(found: FacetCount) -> str:
    return f"{found.count:,}+" if found.at_least else f"{found.count:,}"


def _listed(bundle: Bundle, page: Page, *, groups: tuple[FacetGroup, ...] = (), counted: str = "") -> Listing:
    facts = tuple(key for key in FACTS if key in bundle.attributes)
    channels = tuple((purpose, short) for purpose, short in words.CHANNELS if purpose in bundle.purposes)
    states = regime.consent_states([row.id for row in page.rows], purposes=[purpose for purpose, _short in channels])
    return Listing(
        rows=tuple(
            replace(
                _row(bundle, row, facts),
                consents=tuple(
                    _glyph(say(bundle.purposes[purpose].label), states.get((row.id, purpose), ""))
                    for purpose, _short in channels
                ),
            )
            for row in page.rows
        ),
        channels=tuple((str(short), say(bundle.purposes[purpose].label)) for purpose, short in channels),
        counted=counted,
        columns=tuple(say(bundle.attributes[key].label) for key in facts),
        facets=groups,
        next_cursor=page.next_cursor,
        hints=page.hints,
        unavailable=page.unavailable,
    )


def _glyph(label: str, status: str) -> tuple[str, str]:
    """The glyph of a channel's consent and its words; silence is 从未询问, never a yes."""
    state = words.GLYPHS.get(status, "never")
    return state, _("%(what)s：%(state)s") % {"what": label, "state": words.status(status or "never_asked")}


def _row(bundle: Bundle, row: Row, facts: tuple[str, ...]) -> ListRow:
    phone = next((key for key in PHONES if row.cells.get(key, _EMPTY).shown is not Shown.EMPTY), None)
    return ListRow(
        row=row,
        name=_name(row),
        second=_("企业") if row.kind == "organisation" else _("个人"),
        phone=_item(bundle, bundle.attributes[phone], row.cells[phone]) if phone is not None and phone in row.cells else None,
        facts=tuple(row.cells.get(key, _EMPTY) for key in facts),
    )


def _name(found: Row | Card) -> Cell:
    # A company is called by its own name, a person by theirs; a company's `name` is its contact.
    order = reversed(NAMES) if found.kind == "organisation" else NAMES
    cells = (found.cells.get(key) for key in order)
    return next((cell for cell in cells if cell is not None and cell.shown is not Shown.EMPTY), _EMPTY)


def _item(bundle: Bundle, attribute: AttributeDef, cell: Cell) -> Item:
    return Item(
        key=attribute.key,
        label=say(attribute.label),
        grade=attribute.grade,
        grade_label=_grade_label(bundle, attribute.grade),
        cell=cell,
        uses=_USES.get(attribute.type, ()) if cell.contact else (),
    )


def _grade_label(bundle: Bundle, grade: int) -> str:
    return say(bundle.rulebook.grades.get(grade, {"zh": str(grade)}))
