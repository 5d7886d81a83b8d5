"""What chapter 6 answers with, and its errors."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kexin.foundation.problems import Invalid, NotFound
from kexin.foundation.sentences import sentence as _
from kexin.vault.types import ErasureView

#: Days within which a request is answered at the latest (GB/T 35273-2020 8.7); the product answers far sooner.
ANSWER_DAYS = 30


class Ground(StrEnum):
    """Why something is deleted: the five cases of PIPL 47(1) and the person's own request."""

    REQUEST = "request"
    PURPOSE_ENDED = "purpose_ended"
    SERVICE_ENDED = "service_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    UNLAWFUL = "unlawful"


class Door(StrEnum):
    """How a request reached the company; every door starts the same clock."""

    PHONE = "phone"
    SHOP = "shop"
    LETTER = "letter"
    EMAIL = "email"
    API = "api"
    OWN = "own"


GROUND_WORDS = {
    Ground.REQUEST: _("本人要求删除"),
    Ground.PURPOSE_ENDED: _("处理目的已实现或不再必要"),
    Ground.SERVICE_ENDED: _("停止提供产品或服务，或保存期限已满"),
    Ground.CONSENT_WITHDRAWN: _("本人撤回同意"),
    Ground.UNLAWFUL: _("违反法律法规或约定处理"),
}
DOOR_WORDS = {
    Door.PHONE: _("电话"),
    Door.SHOP: _("门店"),
    Door.LETTER: _("书信"),
    Door.EMAIL: _("邮件"),
    Door.API: _("接口"),
    Door.OWN: _("公司主动"),
}


STATE_WORDS = {
    "given": _("同意"),
    "refused": _("拒绝"),
    "withdrawn": _("已撤回"),
    "stale": _("已失效"),
    "never": _("从未询问"),
    "contract": _("可联系"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StripCell:
    """One cell of the consent strip: the purpose, the glyph's state, its word, the day, the receipt's code."""

    purpose: str
    state: str
    word: str
    date: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What a deletion would touch. ``keys_beside_data``: as in `RequestView`."""

    number: str
    gone: bool
    items: int
    keys_beside_data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A deletion request and how far its erasure is. ``keys_beside_data``: one server holds keys and data, so that its
    backups hold both, and the person is beyond recovery only when they have expired."""

    id: uuid.UUID
    code: str
    subject_id: uuid.UUID
    ground: Ground
    door: Door
    taken_at: datetime
    answer_by: datetime
    erasure: ErasureView | None
    keys_beside_data: bool = False

    @property
    def done_places(self) -> int:
        """Places that were read back and found empty."""
        return sum(1 for step in self.erasure.steps if step.done_at) if self.erasure else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSlot:
    """The deletion of one customer as the card shows it."""

    request: RequestView | None
    may_order: bool


class RequestNotFound(NotFound):
    """No such deletion request for this caller."""

    code = "request-not-found"
    title = _("没有找到这件删除请求")


class CertificateNotReady(NotFound):
    """The certificate exists once the last place was read back."""

    code = "certificate-not-ready"
    title = _("删除证明还没有生成：最后一处核实后即可下载")


class UnknownGround(Invalid):
    """A deletion names one of the five cases of law or the person's own request."""

    code = "unknown-ground"
    title = _("没有删除：请从列表中选择删除的理由和收到请求的方式")
