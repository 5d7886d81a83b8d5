"""`kexin people …` and `kexin token …`: staff, one-time links and API tokens, from the host's own shell.

Whoever runs these owns the machine already, so they act as the service `maintenance` and need no token; each step is a
line of the ledger like any other.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

import typer

from kexin.site import shell
from kexin.site.help import App
from kexin.site.shell import AsJson
from kexin.site.words import gettext as _

people_app = App(help=_("员工：名单、开通账号、给岗位、发一次性链接"))
token_app = App(help=_("本人的接口令牌：建立、名单、作废"))

StaffNo = Annotated[str, typer.Option("--person", help=_("令牌代表谁，写工号"))]
Purposes = Annotated[str, typer.Option(help=_("用途代码，用逗号分开；只能是本人已有的用途"))]
Expires = Annotated[str, typer.Option(help=_("从今天起多少天（30）或最后一天（2027-01-31）；最长一年"))]
Label = Annotated[str, typer.Option(help=_("令牌做什么用，写一句话"))]
Post = Annotated[list[str] | None, typer.Option("--post", help=_("给什么岗位：dpo、head、steward、sales……；可重复"))]
Who = Annotated[str, typer.Argument(help=_("工号"))]
TokenId = Annotated[str, typer.Argument(help=_("令牌的编号，见 kexin token list"))]
Confirm = Annotated[list[str] | None, typer.Option(help=_("记下已在外面做好的：backup、recovery-kit；可重复"))]
Name = Annotated[str, typer.Option(help=_("同事们叫的名字"))]


def mount(root: typer.Typer) -> None:
    """`kexin people …` and `kexin token …`."""
    root.add_typer(people_app, name="people")
    root.add_typer(token_app, name="token")


@token_app.command("create", help=_("建立令牌，只在这一次显示它；请存进只有自己能读的文件（chmod 600）"))
def create_token(
    *, person: StaffNo, purposes: Purposes, expires: Expires, label: Label = "kexin", as_json: AsJson = False
) -> None:
    """Make a token and print its secret, this once. Keep it in a file that only you can read (chmod 600)."""
    from kexin.people import operations

    with shell.told(as_json=as_json):
        wanted = tuple(filter(None, (code.strip() for code in purposes.split(","))))
        made = operations.create_token(
            _host(), person=_person(person), label=label, purposes=wanted, expires_at=instant(expires)
        )
        facts = {"id": str(made.id), "token": made.secret, "expires_at": made.expires_at.isoformat()}
        shell.answer(facts, as_json=as_json, text=made.secret)


@token_app.command("list", help=_("一个人的令牌，新的在前；不显示令牌本身"))
def list_tokens(*, person: StaffNo, as_json: AsJson = False) -> None:
    """A person's tokens without their secrets, newest first."""
    from kexin.people import queries

    with shell.told(as_json=as_json):
        rows = queries.tokens(queries.caller_of(_person(person)))
        facts = {
            "tokens": [
                {"id": row.id, "label": row.label, "ends": row.ends, "purposes": row.purposes, "expires_at": row.expires_at,
                 "revoked_at": row.revoked_at, "used_on": row.used_on} for row in rows
            ]
        }  # fmt: skip
        lines = [
            f"{row.id}  …{row.ends}  {row.expires_at:%Y-%m-%d}  {_('已作废') if row.revoked_at else _('有效')}  "
            f"{','.join(row.purposes)}  {row.label}"
            for row in rows
        ]
        shell.answer(facts, as_json=as_json, text="\n".join(lines) or _("没有令牌"))


@token_app.command(help=_("立即作废一个令牌"))
def revoke(token: TokenId, *, as_json: AsJson = False) -> None:
    """End a token at once."""
    from kexin.people import operations

    with shell.told(as_json=as_json):
        try:
            identity = uuid.UUID(token)
        except ValueError:
            said = _("%(token)s 不是令牌的编号，见 kexin token list --person 工号")
            raise RuntimeError(said % {"token": token}) from None
        ended = operations.revoke_token(_host(), token=identity)
        shell.answer({"revoked": ended}, as_json=as_json, text=_("已作废") if ended else _("没有这个编号的有效令牌"))


@people_app.command("list", help=_("有账号的人和他们的岗位"))
def list_people(*, as_json: AsJson = False) -> None:
    """Everybody with an open account, and the posts they hold."""
    from kexin.foundation.ui.words import listed
    from kexin.people import queries
    from kexin.people.labels import spoken

    with shell.told(as_json=as_json):
        rows = queries.people(_host())
        empty = [role.value for role in queries.empty_seats()]
        facts = {
            "people": [
                {"staff_no": row.staff_no, "name": row.name, "department": row.department, "posts": row.roles,
                 "posts_text": listed(spoken(row.roles))} for row in rows
            ],
            "empty_posts": empty,
        }  # fmt: skip
        lines = [f"{row.staff_no}  {row.name}  {listed(spoken(row.roles))}" for row in rows]
        if empty:
            lines.append(_("还没有人担任：%(posts)s") % {"posts": ", ".join(empty)})
        shell.answer(facts, as_json=as_json, text="\n".join(lines))


@people_app.command("create", help=_("开通账号并给岗位，显示本人设密码用的一次性链接"))
def create_person(staff_no: Who, *, name: Name, post: Post = None, as_json: AsJson = False) -> None:
    """Open an account with its posts and print the one-time link by which the person sets a password."""
    from django.db import transaction

    from kexin.people import operations
    from kexin.people.types import Role

    with shell.told(as_json=as_json):
        known = {role.value for role in Role}
        if unknown := set(post or ()) - known:
            said = _("没有岗位 %(unknown)s，只有：%(known)s")
            raise RuntimeError(said % {"unknown": ", ".join(sorted(unknown)), "known": ", ".join(sorted(known))})
        with transaction.atomic():
            person = operations.create_person(_host(), staff_no=staff_no, name=name)
            for role in post or ():
                operations.assign_role(_host(), person=person, role=role)
            link = invitation(person)
        shell.answer({"id": str(person), "link": link}, as_json=as_json, text=link)


@people_app.command(help=_("新的一次性链接（72 小时）用来设密码；旧的随即失效"))
def invite(staff_no: Who, *, as_json: AsJson = False) -> None:
    """A new one-time link (72 hours) to set a password; an earlier one ends."""
    with shell.told(as_json=as_json):
        link = invitation(_person(staff_no))
        shell.answer({"link": link}, as_json=as_json, text=link)


@people_app.command(help=_("开始使用前还缺什么：第一个账号、制度、空缺的岗位等"))
def start(*, confirm: Confirm = None, as_json: AsJson = False) -> None:
    """What this installation still lacks before anybody can work: the first account, the rulebook, empty posts."""
    from kexin.site import start as beginning

    with shell.told(as_json=as_json):
        for step in confirm or ():
            beginning.confirm(_host(), step=step)
        facts = lacking()
        shell.answer(facts, as_json=as_json, text="\n".join(facts["lines"]) or _("什么都不缺"))


def lacking() -> dict[str, Any]:
    """The facts of a first start, each missing thing as one sentence with the command to run."""
    from kexin.people import queries
    from kexin.site.start import missing

    found = missing()
    keys = {one.key for one in found}
    lines = [one.line for one in found if one.key != "people"]
    if "people" in keys:
        said = _("还没有人有账号；请在 72 小时内打开这个一次性链接：%(link)s")
        lines.insert(0, said % {"link": invitation(None)})
    return {
        "people": "people" not in keys, "rulebook": "rulebook" not in keys, "lines": lines,
        "empty_posts": [role.value for role in queries.empty_seats()], "missing": [one.document() for one in found],
    }  # fmt: skip


def invitation(person: uuid.UUID | None) -> str:
    """The address of a new one-time link; without a person it founds the first account."""
    from django.conf import settings
    from django.urls import reverse

    from kexin.foundation.caller import Caller
    from kexin.people import operations

    made = operations.invite(Caller.for_service("setup", cause="command"), person=person)
    return f"{settings.ORIGIN.rstrip('/')}{reverse('people:invitation', args=[made.secret])}"


def instant(text: str) -> datetime:
    """DAYS from now, or the end of a DATE in China."""
    from kexin.foundation.clock import SHANGHAI, now

    if re.fullmatch(r"[1-9][0-9]{0,2}", text):
        return now() + timedelta(days=int(text))
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise RuntimeError(_("--expires %(text)s：写天数（30）或日期（2027-01-31）") % {"text": text}) from None
    return datetime.combine(day, time(23, 59, 59), tzinfo=SHANGHAI).astimezone(UTC)


def _host() -> Any:
    from kexin.foundation.caller import Caller

    return Caller.for_service("maintenance", cause="command")


def _person(staff_no: str) -> uuid.UUID:
    from kexin.people import queries
    from kexin.people.types import PersonNotFound

    wanted = staff_no.strip().lower()
    found = next((row.id for row in queries.people(_host()) if row.staff_no.lower() == wanted), None)
    if found is None:
        raise PersonNotFound(remedy="kexin people list")
    return found
