"""Why do we have this? The seven lines behind one value, and everything that happened to it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence.types import Event
from kexin.foundation.caller import Caller
from kexin.people import queries as people
from kexin.regime import queries as regime
from kexin.regime.types import AttributeDef, Basis, ConsentLine, PurposeDef
from kexin.vault.queries import rows as governed_rows
from kexin.vault.queries.asking import Asking, in_words
from kexin.vault.queries.card import sources
from kexin.vault.queries.keeping import Clock, kept_until
from kexin.vault.queries.rows import ask_about
from kexin.vault.queries.subjects import Person, person
from kexin.vault.types_views import Consented, Disclosed, SourceLine, Step, Used, Why

#: Articles of PIPL behind each basis (law.md): what the line 合法性基础 prints when the purpose names none.
_ARTICLES = {
    Basis.CONTRACT: _("《个人信息保护法》第十三条第一款第二项"),
    Basis.CONTRACT_IF_ASKED: _("《个人信息保护法》第十三条第一款第二项"),
    Basis.CONSENT: _("《个人信息保护法》第十三条第一款第一项"),
    Basis.SEPARATE_CONSENT: _("《个人信息保护法》第二十三条"),
    Basis.WRITTEN_CONSENT: _("《个人信息保护法》第二十九条"),
    Basis.GUARDIAN_CONSENT: _("《个人信息保护法》第三十一条"),
    Basis.LEGAL_DUTY: _("《个人信息保护法》第十三条第一款第三项"),
    Basis.EMERGENCY: _("《个人信息保护法》第十三条第一款第四项"),
    Basis.PUBLIC: _("《个人信息保护法》第十三条第一款第六项"),
}
_STEPS = 200


def why(caller: Caller, *, subject: uuid.UUID, attribute: str) -> Why:
    """Source, purpose, basis, notice and consent, who saw it, who was given it, until when: for one value.

    Nothing is opened. Asked of an attribute that the caller may not read, it is refused like the value itself. Raises
    SubjectNotFound, SubjectErased, UnknownAttribute, AttributeRefused.
    """
    asking, row = ask_about(caller, subject)
    definition = asking.attribute(attribute)
    found = person(asking, subject, row)
    if found.reading.denied(attribute):
        raise asking.refusal(attribute, found.reading[attribute])
    acts = sources(subject, attribute=attribute)
    strip = [line for line in regime.consent_strip(subject) if line.purpose in definition.purposes]
    looks, given = _looks(subject, attribute), _given(subject, attribute)
    departments = _departments({actor for actor, _kind, _purpose, _at in looks})
    basis, article = _basis(asking, definition, acts)
    served = frozenset(act.purpose for act in acts) & frozenset(definition.purposes)
    consented = frozenset(line.purpose for line in strip if line.status == "given")
    kept = kept_until(definition, valid=served | consented, clock=_clock(found, strip))
    governed_rows.note_opened(
        asking, Event.CUSTOMER_OPENED, [found.raw], relations=[found.relation], ref="why",
        rule_ids=found.reading[attribute].rule_ids,
    )  # fmt: skip
    seen = [look for look in looks if look[1] == "reveal"]
    return Why(
        subject_id=subject,
        attribute=attribute,
        label=in_words(definition.label),
        grade=definition.grade,
        sources=acts,
        purposes=tuple(
            _used(asking, key, strip, served) for key in definition.purposes if key in asking.bundle.purposes
        ),
        basis=basis,
        article=article,
        notice=next(
            (act.notice for act in acts if act.notice), next((line.notice for line in strip if line.notice), "")
        ),
        consents=tuple(
            Consented(
                purpose=line.purpose,
                channel=line.channel,
                status=line.status,
                at=line.at,
                receipt=line.receipt,
                notice=line.notice,
            )
            for line in strip
        ),
        seen_people=len({look[0] for look in seen}),
        seen_times=len(seen),
        seen_departments=dict(Counter(departments.get(actor, "") for actor in {look[0] for look in seen})),
        seen_last_at=max((look[3] for look in seen), default=None),
        disclosed=given,
        kept_until=kept.until if kept else None,
        kept_because=kept.purpose if kept else "",
        steps=_steps(acts, looks, given, strip, departments),
        rulebook=asking.bundle.sha256,
    )


def _basis(asking: Asking, definition: AttributeDef, acts: tuple[SourceLine, ...]) -> tuple[str, str]:
    """The basis of the newest act that has one, else of the first purpose; a basis nobody can show is `unproven`."""
    proven = next((act for act in acts if not act.unproven), None)
    if proven is None and acts:
        return "unproven", ""
    purpose = asking.bundle.purposes.get(proven.purpose if proven else next(iter(definition.purposes), ""))
    code = proven.basis if proven else (purpose.bases[0].value if purpose and purpose.bases else "unproven")
    article = purpose.article if purpose and purpose.article else str(_ARTICLES.get(_known(code), ""))
    return code, article


def _known(code: str) -> Any:
    return Basis(code) if code in Basis._value2member_map_ else None


def _used(asking: Asking, key: str, strip: list[ConsentLine], served: frozenset[str]) -> Used:
    """A purpose of this value and whether it may serve it now."""
    purpose = asking.bundle.purposes[key]
    return Used(purpose=key, label=in_words(purpose.label), status=_status(purpose, key, strip, served))


def _status(purpose: PurposeDef, key: str, strip: list[ConsentLine], served: frozenset[str]) -> str:
    """in_use: the value came for it; allowed: it may serve it without being asked again; prohibited; and for a purpose
    that stands on consent the state of that consent (never_asked without one)."""
    if purpose.prohibited:
        return "prohibited"
    if purpose.needs_consent:
        return next((line.status for line in strip if line.purpose == key), "never_asked")
    return "in_use" if key in served else "allowed"


def _clock(found: Person, strip: list[ConsentLine]) -> Clock:
    return Clock(
        created_at=found.raw.created_at,
        contact_at=found.raw.contact_at,
        withdrawn_at={line.purpose: line.at for line in strip if line.status == "withdrawn"},
    )


def _looks(subject: uuid.UUID, attribute: str) -> list[tuple[uuid.UUID, str, str, Any]]:
    """(actor, reveal or contact, purpose, at) of one value, newest first."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT actor_id, kind, purpose, at FROM vault_reveal WHERE subject_id = %s AND attribute = %s"
            " ORDER BY at DESC LIMIT 5000",
            [subject, attribute],
        )
        return list(cursor.fetchall())


def _given(subject: uuid.UUID, attribute: str) -> tuple[Disclosed, ...]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT recipient, kind, purpose, at FROM vault_disclosure WHERE subject_id = %s AND %s = ANY(attributes)"
            " ORDER BY at DESC LIMIT 200",
            [subject, attribute],
        )
        rows = cursor.fetchall()
    return tuple(Disclosed(recipient=name, kind=kind, purpose=purpose, at=at) for name, kind, purpose, at in rows)


def _departments(actors: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Person -> department: the portal and the card name departments, never people, unless the ledger is asked."""
    return people.departments_of(frozenset(actors))


def _steps(
    acts: tuple[SourceLine, ...],
    looks: list[tuple[uuid.UUID, str, str, Any]],
    given: tuple[Disclosed, ...],
    strip: list[ConsentLine],
    departments: dict[uuid.UUID, str],
) -> tuple[Step, ...]:
    """全部经过, newest first."""
    steps = [Step(at=act.at, what="collected", purpose=act.purpose, department="") for act in acts]
    steps += [
        Step(
            at=at,
            what="revealed" if kind == "reveal" else "contacted",
            purpose=purpose,
            department=departments.get(actor, ""),
        )
        for actor, kind, purpose, at in looks
    ]
    steps += [Step(at=one.at, what=f"disclosed.{one.kind}", purpose=one.purpose, department="") for one in given]
    steps += [Step(at=line.at, what=f"consent.{line.status}", purpose=line.purpose, department="") for line in strip]
    return tuple(sorted(steps, key=lambda step: step.at, reverse=True)[:_STEPS])
