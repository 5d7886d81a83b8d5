"""What this room holds on customers: nothing. Staff are data subjects of their employer, not customers."""

from __future__ import annotations

from kexin.foundation.holding import Holding, Impersonal, impersonal

HOLDINGS: tuple[Holding, ...] = ()

IMPERSONAL: tuple[Impersonal, ...] = (
    impersonal(
        ("people.Department", "people.Person", "people.RoleAssignment", "people.ApiToken", "people.Invitation"),
        reason="员工账号、部门与岗位：说的是员工，不是客户；员工的个人信息另按员工告知处理",
    ),
    impersonal(
        ("people.SignIn",),
        reason="员工登录记录：说的是员工何时从哪里登录，不含客户信息；保存六个月",
    ),
    impersonal(
        ("people.Attempt",),
        reason="登录限次计数：只存不可逆的带密钥摘要和时间，五分钟后无意义",
    ),
)
