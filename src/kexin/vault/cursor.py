"""Page marks: opaque, bound to who asks, for what, and which question; a forged or borrowed one is refused."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from kexin.foundation.caller import Caller
from kexin.vault.types_views import BadCursor

_SALT = "kexin.vault.cursor"
_MAC_CHARS = 32
#: A mark holds one sort key and one id; anything longer was not made here.
_LONGEST = 1024


def fingerprint(*parts: Any) -> str:
    """One question as a keyed digest: it may hold a search term, which must not be guessable from the mark."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return salted_hmac(_SALT + ".question", text.encode("utf-8", "surrogatepass"), algorithm="sha256").hexdigest()


def _mac(caller: Caller, question: str, body: str) -> str:
    bound = "|".join((str(caller.id), caller.purpose, question, body))
    return salted_hmac(_SALT, bound, algorithm="sha256").hexdigest()[:_MAC_CHARS]


def make(caller: Caller, *, question: str, after: list[Any]) -> str:
    """A mark after this place. ``after`` holds open facts and ids only."""
    packed = json.dumps(after, separators=(",", ":"), ensure_ascii=True).encode()
    body = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{body}.{_mac(caller, question, body)}"


def read(caller: Caller, *, question: str, cursor: str) -> list[Any]:
    """The place of a mark made by `make` for the same caller and question; raises BadCursor."""
    refusal = BadCursor(_("翻页标记不是为这次查询生成的"), remedy=_("请从第一页重新查询"))
    if not isinstance(cursor, str) or len(cursor) > _LONGEST or not cursor.isascii():
        raise refusal
    body, _dot, mac = cursor.partition(".")
    if not constant_time_compare(mac, _mac(caller, question, body)):
        raise refusal
    try:
        after = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError) as error:
        raise refusal from error
    if not isinstance(after, list):
        raise refusal
    return after
