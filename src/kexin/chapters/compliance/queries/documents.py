"""DOOR: the formal 客户信息管理制度 of a version, or of a draft, as DOCX or PDF."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from kexin.chapters.compliance.adapters.rendering import CONTENT_TYPES, render
from kexin.chapters.compliance.rules.document import law
from kexin.chapters.compliance.rules.document.blocks import Document, lines
from kexin.chapters.compliance.rules.document.composition import compose
from kexin.chapters.compliance.rules.document.edition import Duty, Edition, Revision, Signing
from kexin.evidence import queries as evidence
from kexin.evidence.types import Event, Filters, Line
from kexin.foundation import clock
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.problems import NotFound, Unavailable
from kexin.people import queries as people
from kexin.regime import queries as regime
from kexin.regime.queries import editions
from kexin.regime.queries import rulebook as stored
from kexin.regime.types import Rulebook

READ = "regime:rulebook:read"
#: Whoever owns the host's shell acts as this service; it reads rulebooks as `kexin rulebook export` always did.
SHELL = "maintenance"
#: Characters of a composed document that a page sets at once: about four times the retail rulebook, five seconds of work.
LONGEST = 240_000
_VERSIONS = 10_000
#: What no file's name may have on one system or another.
_UNFIT = re.compile(r'[\\/:*?"<>|\s]+')
_STEPS = (Event.RULEBOOK_DRAFTED, Event.RULEBOOK_SIGNED, Event.RULEBOOK_PUBLISHED)
_KEPT = 4
_kept: dict[tuple[Any, ...], bytes] = {}
#: One document is set at a time in a process: a person who presses twice must not take both cores.
_lock = threading.Lock()


class FormatUnknown(NotFound):
    """A document comes as docx or pdf."""

    code = "document-format-unknown"
    title = _("没有这种格式的文档，可选 docx 或 pdf")


class TooLong(Unavailable):
    """The rulebook is so long that setting it would hold a page's process up; the shell does it."""

    code = "document-too-long"
    title = _("没有生成文档：这一版制度的文字过多，无法在页面上即时生成")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormalDocument:
    """The formal 制度 as a file: its name, the type that a browser is told, its bytes."""

    name: str
    content_type: str
    content: bytes


def document(caller: Caller, *, number: int, kind: str) -> FormalDocument:
    """The document of one version, as it stands now; the same bytes until its state changes.

    Raises NotPermitted, VersionUnknown, FormatUnknown, TooLong, ComponentMissing, FontsMissing.
    """
    _entitled(caller)
    versions = stored.versions(limit=_VERSIONS)
    row = next((one for one in versions if one.number == number), None)
    if row is None:
        raise stored.VersionUnknown()
    known = [one for one in versions if one.number <= number]
    names = _names({one.drafted_by for one in known} | {signer for one in known for signer in one.signers})
    return _file(caller, _edition(row, known, names), kind=kind)


def draft_document(caller: Caller, *, source: bytes, kind: str) -> FormalDocument:
    """The document of a text that nobody has signed, marked 草稿 on every page. Raises as `document`, and
    RulebookInvalid for a text that is no rulebook."""
    _entitled(caller)
    book = editions.read(source)
    today = clock.today_cn()
    edition = Edition(rulebook=book, state="draft", duties=_duties(book, today), composed_on=today)
    return _file(caller, edition, kind=kind)


def _entitled(caller: Caller) -> None:
    if not (caller.kind is CallerKind.SERVICE and caller.service == SHELL):
        regime.require(caller, READ)


def _names(people_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of drafters and signers; a first version may have come from set-up."""
    installers = {Caller.for_service(service).id: "系统初始化" for service in ("setup", "demo")}
    return {**installers, **people.names_of(frozenset(people_ids))}


def _edition(row: stored.VersionRow, known: list[stored.VersionRow], names: Mapping[uuid.UUID, str]) -> Edition:
    book = stored.load(row.sha256)
    told = _told(row)
    day = clock.cn(row.effective_at or row.drafted_at).date()
    return Edition(
        rulebook=book,
        state=row.state,
        number=row.number,
        drafted_at=row.drafted_at,
        effective_at=row.effective_at,
        signings=_signings(row, told, names),
        published=next(((line.seq + 1, line.digest) for line in told if line.event == Event.RULEBOOK_PUBLISHED), None),
        history=tuple(_revision(one, names) for one in known),
        duties=_duties(book, day),
    )


def _told(row: stored.VersionRow) -> list[Line]:
    """The lines of the ledger about this version, oldest first."""
    signed = editions.signed(row.number)
    last = max([row.drafted_at, *(one.at for one in signed)])
    filters = Filters(since=row.drafted_at - timedelta(minutes=1), until=last + timedelta(minutes=1), events=_STEPS)
    found: list[Line] = []
    before = None
    while page := evidence.lines(filters, before=before, limit=evidence.LIMIT):
        found += [line for line in page if line.ref == str(row.id)]
        before = page[-1].seq
    return found[::-1]


def _signings(row: stored.VersionRow, told: list[Line], names: Mapping[uuid.UUID, str]) -> tuple[Signing, ...]:
    """Each signature with its line: both are written in one transaction, so they have the same order."""
    numbered = [line for line in told if line.event == Event.RULEBOOK_SIGNED]
    signings = []
    for place, one in enumerate(editions.signed(row.number)):
        line = numbered[place] if place < len(numbered) else None
        signings.append(
            Signing(
                capacity="起草" if one.signer == row.drafted_by else "签署",
                name=names.get(one.signer, "—"),
                at=one.at,
                algorithm=one.algorithm,
                key_id=one.key_id,
                line=line.seq + 1 if line else None,
                digest=line.digest if line else "",
            )
        )
    return tuple(signings)


def _revision(row: stored.VersionRow, names: Mapping[uuid.UUID, str]) -> Revision:
    return Revision(
        number=row.number,
        state=row.state,
        drafter=names.get(row.drafted_by, "—"),
        drafted_at=row.drafted_at,
        signers=tuple(names.get(signer, "—") for signer in row.signers if signer != row.drafted_by),
        effective_at=row.effective_at,
        loosens=row.loosens,
        sha256=row.sha256,
    )


#: Duties that bind only under a switch of the profile.
_SWITCHES = {"AML-34": "financial", "CRD-16": "credit"}


def _duties(book: Rulebook, day: date) -> tuple[Duty, ...]:
    kept = (
        Duty(
            source=one.source.name,
            article=one.article,
            mark=max(one.mark, one.source.mark, key="VSM".index),
            chapters=one.chapter,
            profile=_SWITCHES.get(one.id, ""),
        )
        for one in editions.duties(on=day)
    )
    return law.under(kept, switches=book.profile.extra)


def _file(caller: Caller, edition: Edition, *, kind: str) -> FormalDocument:
    if kind not in CONTENT_TYPES:
        raise FormatUnknown()
    composed = compose(edition)
    if caller.kind is not CallerKind.SERVICE and sum(map(len, lines(composed))) > LONGEST:
        raise TooLong(remedy=f"kexin rulebook export --format {kind}", who=_("系统管理员"))
    suffix = f"v{edition.number}" if edition.number else "draft"
    name = f"{_UNFIT.sub('-', composed.title)}-{suffix}-{edition.rulebook.sha256[:8]}.{kind}"
    return FormalDocument(name=name, content_type=CONTENT_TYPES[kind], content=_rendered(edition, composed, kind))


def _rendered(edition: Edition, composed: Document, kind: str) -> bytes:
    """The bytes, kept for the few versions that people ask for: everything that the document tells is in the key."""
    told = (edition.state, edition.number, edition.signings, edition.published, edition.history, edition.duties, composed.on)
    key = (kind, edition.rulebook.sha256, told)
    with _lock:
        if key not in _kept:
            made = render(composed, kind=kind)
            while len(_kept) >= _KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[key] = made
        return _kept[key]
