"""What chapter 7 answers with, and its errors."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kexin.foundation.problems import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A customer that was brought in. ``repeated`` is true when the same keyed request was answered before."""

    id: uuid.UUID
    number: str
    duplicates: tuple[uuid.UUID, ...] = ()
    repeated: bool = False


class KeyReused(Invalid):
    """An Idempotency-Key came again with another body."""

    code = "idempotency-key-reused"
    title = _("没有新建：同一个 Idempotency-Key 已用于另一份内容")


class KeyMalformed(Invalid):
    """An Idempotency-Key must be 1 to 128 visible ASCII characters."""

    code = "idempotency-key-malformed"
    title = _("没有新建：Idempotency-Key 须为 1 至 128 个可见 ASCII 字符")
