"""Who works at 青禾家居（示例公司）. Invented; the names are those of the design's pictures."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

SEED = 20261123


@dataclass(frozen=True, slots=True)
class Member:
    """One member of staff. ``leads``: the department that this person leads."""

    staff_no: str
    name: str
    role: str
    department: str
    leads: bool = False


#: Department -> the one above it ("" = the company itself).
DEPARTMENTS: dict[str, str] = {
    "青禾家居": "",
    "销售部": "青禾家居",
    "销售一组": "销售部",
    "销售二组": "销售部",
    "客户服务部": "青禾家居",
    "市场部": "青禾家居",
    "数据与合规部": "青禾家居",
    "信息技术部": "青禾家居",
    "财务部": "青禾家居",
    "审计部": "青禾家居",
}

STAFF: tuple[Member, ...] = (
    Member("GL0001", "周立群", "head", "青禾家居", True),
    Member("GL0008", "王敏", "dpo", "数据与合规部", True),
    Member("XS0101", "高远", "sales_lead", "销售部", True),
    Member("XS0217", "林晓雯", "sales", "销售一组"),
    Member("XS0231", "吴悦", "sales", "销售一组"),
    Member("XS0244", "孙启航", "sales", "销售二组"),
    Member("KF0105", "赵可心", "agent", "客户服务部", True),
    Member("SC0012", "陆一鸣", "marketer", "市场部", True),
    Member("SC0021", "沈佩", "steward", "数据与合规部"),
    Member("SJ0003", "唐静", "auditor", "审计部", True),
    Member("FX0006", "韩知远", "analyst", "市场部"),
    Member("AQ0002", "郑海峰", "security_admin", "信息技术部", True),
    Member("XT0004", "何志强", "system_admin", "信息技术部"),
    Member("FW0007", "许文清", "counsel", "数据与合规部"),
    Member("CW0009", "冯雅琴", "finance", "财务部", True),
)


def caller_of(person: uuid.UUID, purpose: str = "") -> Any:
    """A demo person as a Caller of this moment."""
    from kexin.foundation.caller import Caller, CallerKind
    from kexin.people.models import Person

    epoch = Person.objects.values_list("epoch", flat=True).get(id=person)
    return Caller(kind=CallerKind.STAFF, id=person, epoch=epoch, purpose=purpose, cause="demo")
