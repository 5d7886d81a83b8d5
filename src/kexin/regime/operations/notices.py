"""DOOR: publishing a notice: from then on its bytes are fixed."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller
from kexin.foundation.problems import Invalid, Refused
from kexin.people import queries as people
from kexin.regime.models import Notice, NoticeText
from kexin.regime.queries.askers import bundle_or_none

MAX_BYTES = 1_000_000
#: Who publishes notices (law.md §4.2), and the service that sets an installation up.
PUBLISHERS = frozenset({"dpo", "svc_setup"})
_KIND = re.compile(r"general|children|staff|separate:[a-z][a-z0-9_]{0,47}")
_LOCALE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{2,8})?")


class NoticeInvalid(Invalid):
    """The texts of a notice cannot be published as they are."""

    code = "notice-invalid"
    title = _("告知没有发布")


class NotPublisher(Refused):
    """Somebody else publishes notices."""

    code = "not-publisher"
    title = _("没有发布：告知由个人信息保护负责人发布")


def publish_notice(
    caller: Caller, *, texts: Mapping[str, bytes], kind: str = "general", major: bool = True
) -> uuid.UUID:
    """Fix a notice's bytes per language (zh always) as its next version; answers its id. One evidence line.

    ``major``: consents given under an older major version become stale (PIPL 14: a changed purpose, method or kind of
    information is asked for again); an editorial version leaves them alone. Raises NoticeInvalid, NotPublisher.
    """
    _check(kind, texts)
    if people.principal(caller).roles.isdisjoint(PUBLISHERS):
        raise NotPublisher(who="dpo")
    in_force = bundle_or_none()
    with transaction.atomic():
        with connection.cursor() as cursor:  # one version at a time, and never the same number twice
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"regime.notice:{kind}"])
        newest = Notice.objects.filter(kind=kind).aggregate(newest=Max("version"))["newest"] or 0
        notice = Notice.objects.create(
            kind=kind,
            version=newest + 1,
            major=major or newest == 0,
            rulebook_sha256=in_force.sha256 if in_force else "",
            published_by=caller.id,
        )
        digests = {locale: hashlib.sha256(bytes(text)).hexdigest() for locale, text in texts.items()}
        NoticeText.objects.bulk_create(
            NoticeText(notice=notice, locale=locale, text=bytes(text), sha256=digests[locale])
            for locale, text in sorted(texts.items())
        )
        evidence.note(
            caller,
            Entry(
                event=Event.NOTICE_PUBLISHED,
                audit_item="A03",
                count=notice.version,
                ref=str(notice.id),
                document=digests["zh"],
                rulebook=notice.rulebook_sha256,
            ),
        )
    return notice.id


def _check(kind: str, texts: Mapping[str, bytes]) -> None:
    if not _KIND.fullmatch(kind):
        raise NoticeInvalid(_("没有这种告知。"), remedy="general, children, staff, separate:<purpose>")
    if "zh" not in texts:
        raise NoticeInvalid(_("告知必须有中文文本。"))
    for locale, text in texts.items():
        if not isinstance(locale, str) or not _LOCALE.fullmatch(locale):
            raise NoticeInvalid(_("语言代码不对。"))
        if not isinstance(text, (bytes, bytearray)) or not 1 <= len(text) <= MAX_BYTES:
            raise NoticeInvalid(_("告知文本为空或超过 1 MB。"))
        try:
            if not bytes(text).decode("utf-8").strip():
                raise NoticeInvalid(_("告知文本为空或超过 1 MB。"))
        except UnicodeDecodeError:
            raise NoticeInvalid(_("告知文本不是 UTF-8。")) from None
