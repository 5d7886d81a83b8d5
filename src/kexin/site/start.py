"""What an installation still lacks before a company can rely on it: one list, on the first page and in the shell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kexin.evidence import operations as evidence
from kexin.evidence import queries as ledger
from kexin.evidence.types import Entry, Event
from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.problems import NotFound, Refused
from kexin.foundation.ui.words import listed, say
from kexin.people import queries as people
from kexin.people.rules.posts import HOST_SERVICES
from kexin.regime import queries as regime
from kexin.regime.queries import rulebook
from kexin.regime.rulebook.check import SAMPLE
from kexin.site import foreign
from kexin.site.models import Confirmation
from kexin.vault import queries as vault

#: Who is told, and who may say that something outside was done: those who answer for the installation.
ENTITLED = frozenset({"head", "dpo", "system_admin", "security_admin"})
#: What the house cannot see from inside; somebody says so, once, and the ledger keeps who and when.
OUTSIDE = ("backup", "recovery-kit")


class NotEntitled(Refused):
    """Only those who answer for the installation confirm what was done outside."""

    code = "start-not-entitled"
    title = gettext_lazy("没有记录：请由负责人、个人信息保护负责人或管理员确认")


class UnknownStep(NotFound):
    """There is no such step to confirm."""

    code = "start-unknown-step"
    title = gettext_lazy("没有这一步")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One thing that is missing, what to do about it, and whether a person confirms it here."""

    key: str
    said: str
    remedy: str
    confirmable: bool = False

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The remedy in pieces, and whether each is something to type."""
        return [(text, bool(number % 2)) for number, text in enumerate(self.remedy.split("`")) if text]

    @property
    def line(self) -> str:
        """As the shell prints it."""
        return _("%(said)s：%(remedy)s") % {"said": self.said, "remedy": self.remedy}


def entitled(roles: Iterable[str]) -> bool:
    """Whether holders of these posts are told what is missing."""
    return bool(ENTITLED & frozenset(roles))


def missing() -> list[Missing]:
    """Everything that is missing, the most urgent first; empty when the installation is whole."""
    return [*_people(), *_rulebook(), *_seats(), *_keepers(), *_outside()]


def _people() -> list[Missing]:
    if people.anybody():
        return []
    remedy = _("在主机上运行 `kexin people start`，72 小时内打开它给的一次性链接")
    return [Missing(key="people", said=_("还没有人有账号"), remedy=remedy)]


def _rulebook() -> list[Missing]:
    """A rulebook of the company's own, and what its profile says about the number of people held."""
    book = rulebook.rulebook_in_force()
    if book is None:
        choice = "; ".join(f"`kexin rulebook install {one.key}` ({say(one.label)})" for one in regime.defaults())
        remedy = _("在主机上运行其中一个：%(choice)s") % {"choice": choice}
        return [Missing(key="rulebook", said=_("还没有生效的制度，客户信息一律不能处理"), remedy=remedy)]
    found = []
    if SAMPLE in book.company.name:
        said = _("现行制度写的还是示例公司：%(name)s") % {"name": book.company.name}
        remedy = _("运行 `kexin rulebook export 文件`，填上本公司，再运行 `kexin rulebook publish 文件`")
        found.append(Missing(key="company", said=said, remedy=remedy))
    language = (get_language() or "zh")[:2]
    return [
        *found,
        *(
            Missing(key="profile", said=one.text(language), remedy=_("在制度的概况（profile）里换一档"))
            for one in regime.profile_findings()
        ),
    ]


def _seats() -> list[Missing]:
    empty = people.empty_seats() if people.anybody() else ()
    if not empty:
        return []
    said = _("还没有人担任：%(posts)s") % {"posts": listed(people.spoken(role.value for role in empty))}
    remedy = _("在主机上运行 `kexin people create 工号 --name 姓名 --post %(post)s`") % {"post": empty[0].value}
    return [Missing(key="seats", said=said, remedy=remedy)]


def _keepers() -> list[Missing]:
    """What would be lost, or could be changed, together with this machine."""
    found = []
    if not ledger.witness_elsewhere():
        remedy = _("在另一台机器上运行 `kexin witness`，把地址写进 KEXIN_WITNESS_URL 后重新启动")
        found.append(Missing(key="witness", said=_("存证的见证方还在本机，能改存证的人也能改它"), remedy=remedy))
    if vault.keys_beside_data():
        found.append(Missing(key="keyring", said=_(foreign.SHARED_SERVER), remedy=_(foreign.APART)))
    return found


def _outside() -> list[Missing]:
    done = frozenset(Confirmation.objects.values_list("step", flat=True))
    home = settings.INSTANCE.folder
    words = {
        "backup": (
            _("还没有确认过备份"),
            _("把两个数据库和 %(home)s 分开备份，在另一台机器上恢复成功一次，再在这里或用 `kexin people start --confirm backup` 确认") % {"home": home},
        ),
        "recovery-kit": (
            _("还没有确认过恢复资料"),
            _("把 %(home)s/keys 和 %(home)s/secrets 的副本离线存放（没有它们谁也打不开数据），打开试过，再在这里或用 `kexin people start --confirm recovery-kit` 确认")
            % {"home": home},
        ),
    }
    return [
        Missing(key=step, said=words[step][0], remedy=words[step][1], confirmable=True) for step in OUTSIDE if step not in done
    ]


def confirm(caller: Caller, *, step: str, roles: Iterable[str] = ()) -> None:
    """Say that something outside was done. The first who says so stands in the record. Raises NotEntitled, UnknownStep."""
    if caller.service not in HOST_SERVICES and not entitled(roles):
        raise NotEntitled
    if step not in OUTSIDE:
        raise UnknownStep
    with transaction.atomic():
        row, made = Confirmation.objects.get_or_create(step=step, defaults={"by": caller.id, "at": clock.now()})
        if made:
            evidence.note(caller, Entry(event=Event.SETTING_CHANGED, ref=f"start:{row.step}"))
