"""Before a value is opened: may it be, and how much of today's quota is used. Nothing is opened here."""

from __future__ import annotations

import uuid

from kexin.foundation.caller import Caller
from kexin.vault import quota
from kexin.vault.queries.rows import ask_about
from kexin.vault.queries.subjects import person


def reveal_question(caller: Caller, *, subject: uuid.UUID, attribute: str) -> tuple[int, int]:
    """Values opened today, and how many a day are usual for this person; asked only where the value may be opened.

    Raises SubjectNotFound, SubjectErased, UnknownAttribute, and AttributeRefused with rule and article.
    """
    asking, row = ask_about(caller, subject)
    asking.attribute(attribute)
    found = person(asking, subject, row)
    if not found.reading.allowed(attribute):
        raise asking.refusal(attribute, found.reading[attribute])
    return quota.used_and_quota(asking)
