"""What makes an opening worth a second look: a watched record, an important customer, one's own number or surname.

All but the surname are known before anything is opened and stand on the line itself. A surname is known only once the
name is open: then a second line, without the person's audit id, names the first one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Flag, Noted
from kexin.foundation.caller import CallerKind
from kexin.regime.semantic import Invalid, normalise_for
from kexin.vault import envelopes, watch
from kexin.vault.records import FULL
from kexin.vault.search.indexes import EXACT, PERSON_TYPES, indexes_of
from kexin.vault.search.keyed import tokeniser
from kexin.vault.search.normal import searchable
from kexin.vault.search.surnames import surnames_of

if TYPE_CHECKING:
    from kexin.vault.queries.asking import Asking
    from kexin.vault.queries.rows import Raw

#: The code of a choice that makes a customer important, in whichever facet the catalogue has it (级别: 贵宾).
VIP = "vip"
#: Askers who have a name and a surname.
_PEOPLE = frozenset({CallerKind.STAFF, CallerKind.TOKEN})
#: Openings: a list or a search is none.
OPENINGS = frozenset(
    {
        Event.CUSTOMER_OPENED,
        Event.CUSTOMER_REVEALED,
        Event.CUSTOMER_CONTACTED,
        Event.RELEASE_STARTED,
        Event.ACCESS_DENIED,
    }
)


def before(asking: Asking, event: Event, rows: Sequence[Raw]) -> tuple[Flag, ...]:
    """The flags of a line that announces an opening of these people."""
    if event not in OPENINGS or not rows:
        return ()
    subjects = [row.id for row in rows]
    found = (
        (Flag.HONEY, _watched(rows)),
        (Flag.VIP, any(VIP in row.facets.values() for row in rows)),
        (Flag.OWN_NUMBER, _own_number(asking, subjects)),
    )
    return tuple(flag for flag, on in found if on)


def _watched(rows: Sequence[Raw]) -> bool:
    """As the rows brought it, else asked for."""
    if all(row.watched is not None for row in rows):
        return any(row.watched for row in rows)
    return watch.any_watched([row.id for row in rows])


def _own_number(asking: Asking, subjects: Sequence[uuid.UUID]) -> bool:
    """Whether the asker's own phone is one of these people's, by its tokens: no value is opened to find out."""
    tokens = _tokens(asking)
    if not tokens:
        return False
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM unnest(%s::text[], %s::smallint[], %s::bytea[]) AS w(index, gen, token)"
            " JOIN vault_tokenexact t USING (index, gen, token) WHERE t.subject_id = ANY(%s::uuid[]))",
            [*(list(column) for column in zip(*tokens, strict=True)), list(subjects)],
        )
        return bool(cursor.fetchone()[0])


def _tokens(asking: Asking) -> list[tuple[str, int, bytes]]:
    """The tokens of the asker's own phone, none without one."""
    phone = asking.principal.phone
    if not phone:
        return []
    made = tokeniser(asking.bundle)
    tokens: list[tuple[str, int, bytes]] = []
    for attribute in asking.attributes.values():
        for index in indexes_of(attribute):
            if index.plan == EXACT and attribute.type in ("cn_mobile", "landline"):
                try:
                    tokens += made.exact(index, normalise_for(attribute, phone))
                except Invalid:
                    continue
    return tokens


def in_full(display: Mapping[str, Any]) -> dict[str, str]:
    """What a display envelope holds unmasked."""
    return {key: str(mark[1]) for key, mark in display.items() if mark[0] == FULL}


def after(
    asking: Asking, event: Event, noted: Noted, values: Mapping[str, Any], *, subject: uuid.UUID | None = None
) -> None:
    """Once values are open: a second line when the asker bears the surname of the person. Where no name is among the
    values, the display envelope of `subject` is asked for it, under the same line."""
    own = asking.principal.name if asking.caller.kind in _PEOPLE else ""
    if not own:
        return
    names = _names(asking, values)
    if not names and subject is not None:
        opened = envelopes.open_display([subject])
        names = _names(asking, in_full(opened.get(subject, {})))
    if surname(own) in {surname(one) for one in names}:
        entry = Entry(
            event=event,
            decision="none",
            rulebook=asking.bundle.sha256,
            flags=(Flag.SAME_SURNAME,),
            ref=f"line:{noted.intake_id}",
        )
        evidence.note_now(asking.caller, entry)


def _names(asking: Asking, values: Mapping[str, Any]) -> list[str]:
    known = asking.attributes
    return [str(value) for key, value in values.items() if key in known and known[key].type in PERSON_TYPES]


def surname(name: str) -> str:
    """欧阳修远 -> 欧阳, 陈雨桐 -> 陈; of names in other scripts the whole, because nothing tells which part it is."""
    text = searchable(name)
    if text.isascii():
        return text
    return surnames_of(text)[0] if text else ""
