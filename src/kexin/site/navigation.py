"""Who sees which entry of the console, and what the lower floors are told at start-up. The one list of all chapters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kexin.foundation.problems import Problem
from kexin.foundation.ui import shell
from kexin.foundation.ui.words import listed, say
from kexin.people import facts
from kexin.people.labels import spoken
from kexin.people.rules import posts
from kexin.regime import queries as regime
from kexin.site.models import Birth

WORKING = frozenset({"sales", "sales_lead", "agent", "marketer", "analyst", "finance", "steward"})
GOVERNING = frozenset({"head", "dpo", "security_admin", "system_admin", "auditor", "guest_auditor", "counsel", "steward"})
CUSTOMERS = frozenset({"sales", "sales_lead", "agent", "steward", "dpo", "counsel", "auditor", "guest_auditor"})
BRINGING = frozenset({"sales", "sales_lead", "agent", "steward"})
IMPORTING = frozenset({"steward"})
READING = frozenset({"auditor", "guest_auditor", "dpo", "counsel", "security_admin", "head"})
RIGHTS = READING | {"steward"}
VERIFYING = frozenset({"auditor", "guest_auditor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: the address's name, who sees it, and where it stands. An entry whose page does not exist is left out."""

    label: str | Promise
    page: str
    roles: frozenset[str]
    icon: str = ""
    number: int = 0
    on_phone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something to do from anywhere: the address's name, what stands in it, who sees it, and the key that does it."""

    label: str | Promise
    page: str
    roles: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    icon: str = ""
    key: str = ""
    is_post: bool = False


#: The day's work, in the order in which a day goes.
WORK: tuple[Entry, ...] = (
    Entry(label=gettext_lazy("客户"), page="crm:customers", roles=CUSTOMERS, icon="users", on_phone=True),
    Entry(label=gettext_lazy("导入客户"), page="collection:imports", roles=IMPORTING, icon="file-import", on_phone=True),
)
#: What the regime itself keeps.
REGIME: tuple[Entry, ...] = (
    Entry(label=gettext_lazy("制度"), page="compliance:rulebook", roles=frozenset(), icon="book", on_phone=True),
    Entry(label=gettext_lazy("操作存证"), page="security:evidence", roles=READING, icon="certificate", on_phone=True),
)
#: The ten chapters in the regime's own order and words; a chapter appears with its first page.
CHAPTERS: tuple[Entry, ...] = (
    Entry(label=gettext_lazy("数据收集"), page="collection:home", roles=IMPORTING, number=1),
    Entry(label=gettext_lazy("数据存储"), page="storage:home", roles=GOVERNING, number=2),
    Entry(label=gettext_lazy("数据安全"), page="security:home", roles=GOVERNING, number=3),
    Entry(label=gettext_lazy("数据分析"), page="analysis:home", roles=GOVERNING, number=4),
    Entry(label=gettext_lazy("数据共享"), page="sharing:home", roles=GOVERNING, number=5),
    Entry(label=gettext_lazy("客户隐私保护"), page="privacy:erasures", roles=RIGHTS, number=6, icon="shield-lock", on_phone=True),
    Entry(label=gettext_lazy("客户关系管理"), page="crm:home", roles=GOVERNING, number=7),
    Entry(label=gettext_lazy("员工培训"), page="training:home", roles=GOVERNING, number=8),
    Entry(label=gettext_lazy("法律合规"), page="compliance:home", roles=GOVERNING, number=9),
    Entry(label=gettext_lazy("客户反馈"), page="feedback:home", roles=GOVERNING, number=10),
)
OWN: tuple[Entry, ...] = (
    Entry(label=gettext_lazy("任务"), page="ui:tasks", roles=frozenset(), icon="list-details", on_phone=True),
    Entry(label=gettext_lazy("我的账号"), page="people:account", roles=frozenset(), icon="user-circle", on_phone=True),
)
#: Actions of the palette, the day's own first; how pages look comes last.
ACTS: tuple[Act, ...] = (
    Act(label=gettext_lazy("新建客户"), page="crm:new", roles=BRINGING, icon="plus", key="c"),
    Act(label=gettext_lazy("立即核对操作存证"), page="security:verifications", roles=VERIFYING, icon="shield-check", is_post=True),
    Act(label=gettext_lazy("下载核对包"), page="security:packs", roles=frozenset({"auditor"}), icon="download", is_post=True),
    Act(label=gettext_lazy("显示：浅色"), page="ui:theme", arguments=("light",), icon="sun", is_post=True),
    Act(label=gettext_lazy("显示：深色"), page="ui:theme", arguments=("dark",), icon="moon", is_post=True),
    Act(label=gettext_lazy("显示：随系统"), page="ui:theme", arguments=("auto",), icon="device-desktop", is_post=True),
    Act(label="中文", page="ui:language", arguments=("zh-hans",), icon="language", is_post=True),
    Act(label="English", page="ui:language", arguments=("en",), icon="language", is_post=True),
    Act(label=gettext_lazy("行高：紧凑"), page="ui:density", arguments=("compact",), icon="line-height", is_post=True),
    Act(label=gettext_lazy("行高：标准"), page="ui:density", arguments=("standard",), icon="line-height", is_post=True),
    Act(label=gettext_lazy("行高：宽松"), page="ui:density", arguments=("loose",), icon="line-height", is_post=True),
    Act(label=gettext_lazy("退出登录"), page="account_logout", icon="logout", is_post=True),
)
#: Fragments that one chapter's page shows of another, fetched by `hx-get` under the other's own check: slot -> address names.
SLOTS: dict[str, tuple[str, ...]] = {"crm:customer": ("privacy:erasure-slot",)}


def navigation(request: HttpRequest) -> shell.Navigation:
    """The frame for the person who asks: only what their posts open, and only what exists."""
    principal: Any = getattr(request, "principal", None)
    if principal is None:
        return shell.Navigation()
    roles = principal.roles
    groups = [
        shell.Group(links=_links(request, roles, (*WORK, *REGIME))),
        shell.Group(title=_("制度各章"), links=_links(request, roles, CHAPTERS)),
        shell.Group(title=_("本人"), links=_links(request, roles, OWN)),
    ]
    company, edition = _rulebook_lines(request)
    return shell.Navigation(
        groups=tuple(group for group in groups if group.links),
        phone=_phone(request, groups),
        company=company,
        edition=edition,
        is_demo=born_demo(),
        search_url=_address("crm:search") if edition and may_search(roles) else "",
        palette_url=_address("palette"),
        new_url=_address("crm:new") if edition and roles & BRINGING else "",
        me={"line": listed(spoken(roles)[:2])},
    )


def _phone(request: HttpRequest, groups: list[shell.Group]) -> tuple[shell.Link, ...]:
    """The first three entries of the day, and 更多, which lists every page."""
    shown = {link.url: link for group in groups for link in group.links if link.icon}
    entries = (entry for entry in (*WORK, *REGIME, *CHAPTERS, *OWN) if entry.on_phone)
    own = [shown[url] for entry in entries if (url := _url(entry)) in shown]
    more = _address("palette")
    return (*own[:3], shell.Link(label=_("更多"), url=more, icon="dots", is_here=_is_here(request.path, more)))


def may_search(roles: frozenset[str]) -> bool:
    """Whether these posts look for customers."""
    return bool(roles & CUSTOMERS)


def pages(request: Any) -> list[shell.Goal]:
    """Every page of the navigation, for the palette."""
    links = _links(request, request.principal.roles, (*WORK, *REGIME, *CHAPTERS, *OWN))
    return [shell.Goal(label=link.label, url=link.url, icon=link.icon, number=link.number) for link in links]


def acts(request: Any) -> list[shell.Goal]:
    """What this person may do from anywhere, for the palette."""
    held = request.principal.roles
    return [
        shell.Goal(label=act.label, url=reverse(act.page, args=act.arguments), icon=act.icon, key=act.key, is_post=act.is_post)
        for act in ACTS
        if not act.roles or (held & act.roles and _rulebook_lines(request)[1])
    ]


def _links(request: HttpRequest, roles: Iterable[str], entries: tuple[Entry, ...]) -> tuple[shell.Link, ...]:
    """Entries that open something. Before the first rulebook nothing is allowed but one's own pages."""
    held = frozenset(roles)
    if not _rulebook_lines(request)[1]:
        entries = tuple(entry for entry in entries if entry in OWN)
    return tuple(
        shell.Link(label=entry.label, url=url, icon=entry.icon, number=entry.number, is_here=_is_here(request.path, url))
        for entry in entries
        if (not entry.roles or held & entry.roles) and (url := _url(entry))
    )


def _is_here(path: str, url: str) -> bool:
    return path == url or path.startswith(url.rstrip("/") + "/")


def _url(entry: Entry) -> str:
    return _address(entry.page)


def _address(page: str) -> str:
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""


def _rulebook_lines(request: Any) -> tuple[str, str]:
    """Company and edition in force, for the foot of the navigation; asked once per request. Without a published rulebook
    both are empty."""
    if not hasattr(request, "rulebook_lines"):
        bundle = regime.bundle_or_none()
        said = _("现行制度 v%(version)s") % {"version": bundle.version} if bundle else ""
        request.rulebook_lines = (str(bundle.rulebook.company.name), said) if bundle else ("", "")
    lines: tuple[str, str] = request.rulebook_lines
    return lines


def born_demo() -> bool:
    """The fact written when the database was created."""
    return bool(Birth.objects.filter(demo=True).exists())


def _purposes(roles: Iterable[str]) -> tuple[str, ...]:
    """Purposes of these posts in the rulebook in force; without one, those of the regime's default."""
    held = frozenset(roles)
    try:
        defined = regime.bundle().roles
    except Problem:
        return posts.purposes_of(held)
    ordered = [defined[key] for key in posts.ORDER if key in held and key in defined]
    return tuple(dict.fromkeys(code for role in ordered for code in role.purposes))


def _purpose_label(code: str) -> str:
    try:
        known = regime.bundle().purposes.get(code)
    except Problem:
        known = None
    return say(known.label) if known else str(UNPUBLISHED.get(code, code))


#: Names before the first rulebook is published.
UNPUBLISHED: dict[str, Promise] = {
    "presale": gettext_lazy("询价与商机跟进"),
    "service": gettext_lazy("客服与售后"),
    "contract_b2b": gettext_lazy("企业客户合同"),
    "security": gettext_lazy("安全与审计"),
    "legal": gettext_lazy("法律义务"),
    "analytics": gettext_lazy("统计分析"),
    "invoice": gettext_lazy("开票与税务"),
    "pay": gettext_lazy("支付与对账"),
    "mkt_sms": gettext_lazy("短信营销"),
    "mkt_wechat": gettext_lazy("微信营销"),
    "mkt_email": gettext_lazy("邮件营销"),
    "mkt_call": gettext_lazy("电话营销"),
    "mkt_push": gettext_lazy("应用推送"),
    "real_name": gettext_lazy("实名办理"),
    "order": gettext_lazy("订单履行与配送"),
    "member": gettext_lazy("会员积分权益"),
    "quality": gettext_lazy("数据质量与目录维护"),
    "rights": gettext_lazy("办理个人权利请求"),
    "audit": gettext_lazy("合规审计"),
    "governance": gettext_lazy("制度管理"),
}


def _small_firm() -> bool:
    try:
        return bool(regime.bundle().rulebook.profile.size == "small")
    except Problem:
        return False


def _apart(role: str) -> frozenset[str]:
    """Posts that the rulebook in force separates from this one, whichever of the two says so."""
    try:
        book = regime.bundle().rulebook
    except Problem:
        return frozenset()
    separated = {
        key: frozenset(one.small_apart_from if book.profile.size == "small" else one.apart_from)
        for key, one in book.roles.items()
    }
    return separated.get(role, frozenset()) | {key for key, others in separated.items() if role in others}


def wire() -> None:
    """Tell the lower floors what only this one knows. Called once, when the process starts."""
    shell.register(navigation=navigation, purpose_label=_purpose_label)
    facts.register(born_demo=born_demo, small_firm=_small_firm, purposes=_purposes, apart=_apart)
