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
from django.utils.translation import get_language

from kexin.site import shell
from kexin.site.shell import AsJson

people_app = typer.Typer(no_args_is_help=True, help="Staff: list, open accounts, give posts, send one-time links.")
token_app = typer.Typer(no_args_is_help=True, help="API tokens of named people: create, list, revoke.")

StaffNo = Annotated[str, typer.Option("--person", help="工号 of the person the token speaks for.")]
Purposes = Annotated[str, typer.Option(help="Purpose codes with commas between, some of the person's own.")]
Expires = Annotated[str, typer.Option(help="Days from now (30) or the last day (2027-01-31); a year at most.")]
Label = Annotated[str, typer.Option(help="What the token is for, in words.")]
Post = Annotated[list[str] | None, typer.Option("--post", help="Post to give: dpo, head, steward, sales …; repeatable.")]
Who = Annotated[str, typer.Argument(help="工号.")]


def mount(root: typer.Typer) -> None:
    """`kexin people …` and `kexin token …`."""
    root.add_typer(people_app, name="people")
    root.add_typer(token_app, name="token")


@token_app.command("create")
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


@token_app.command("list")
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
            f"{row.id}  …{row.ends}  {row.expires_at:%Y-%m-%d}  {'revoked' if row.revoked_at else 'valid  '}  "
            f"{','.join(row.purposes)}  {row.label}"
            for row in rows
        ]
        shell.answer(facts, as_json=as_json, text="\n".join(lines) or "no token")


@token_app.command()
def revoke(token: Annotated[str, typer.Argument(help="Id of the token (`kexin token list`).")], *, as_json: AsJson = False) -> None:
    """End a token at once."""
    from kexin.people import operations

    with shell.told(as_json=as_json):
        try:
            identity = uuid.UUID(token)
        except ValueError:
            raise RuntimeError(f"{token!r} is no id of a token: see `kexin token list --person 工号`") from None
        ended = operations.revoke_token(_host(), token=identity)
        shell.answer({"revoked": ended}, as_json=as_json, text="revoked" if ended else "no valid token has this id")


@people_app.command("list")
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
            lines.append(f"nobody holds: {', '.join(empty)}")
        shell.answer(facts, as_json=as_json, text="\n".join(lines))


@people_app.command("create")
def create_person(
    staff_no: Who, *, name: Annotated[str, typer.Option(help="Name as colleagues know it.")], post: Post = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Open an account with its posts and print the one-time link by which the person sets a password."""
    from django.db import transaction

    from kexin.people import operations
    from kexin.people.types import Role

    with shell.told(as_json=as_json):
        known = {role.value for role in Role}
        if unknown := set(post or ()) - known:
            raise RuntimeError(f"unknown post {', '.join(sorted(unknown))}: one of {', '.join(sorted(known))}")
        with transaction.atomic():
            person = operations.create_person(_host(), staff_no=staff_no, name=name)
            for role in post or ():
                operations.assign_role(_host(), person=person, role=role)
            link = invitation(person)
        shell.answer({"id": str(person), "link": link}, as_json=as_json, text=link)


@people_app.command()
def invite(staff_no: Who, *, as_json: AsJson = False) -> None:
    """A new one-time link (72 hours) to set a password; an earlier one ends."""
    with shell.told(as_json=as_json):
        link = invitation(_person(staff_no))
        shell.answer({"link": link}, as_json=as_json, text=link)


@people_app.command()
def start(*, as_json: AsJson = False) -> None:
    """What this installation still lacks before anybody can work: the first account, the rulebook, empty posts."""
    with shell.told(as_json=as_json):
        facts = lacking()
        shell.answer(facts, as_json=as_json, text="\n".join(facts["lines"]) or "nothing is missing")


def lacking() -> dict[str, Any]:
    """The facts of a first start, each missing thing as one sentence with the command to run."""
    from kexin.foundation.ui.words import say
    from kexin.people import queries
    from kexin.regime import queries as regime
    from kexin.regime.queries import rulebook
    from kexin.regime.rulebook.check import SAMPLE

    anybody = bool(queries.people(_host()))
    book = rulebook.rulebook_in_force()
    lines = []
    if not anybody:
        lines.append(f"nobody has an account yet; open this link once, within 72 hours: {invitation(None)}")
    if book is None:
        choice = "; ".join(f"`kexin rulebook install {one.key}` ({say(one.label)})" for one in regime.defaults())
        lines.append(f"no rulebook is in force, so nothing about customers is allowed: run one of {choice}")
    elif SAMPLE in book.company.name:
        lines.append(
            f"the rulebook still names the sample company {book.company.name}: `kexin rulebook export FILE`, put in your own, "
            "then `kexin rulebook publish FILE`"
        )
    lines += [finding.text(get_language() or "zh") for finding in regime.profile_findings()]
    empty = [role.value for role in queries.empty_seats()]
    if anybody and empty:
        example = f"`kexin people create 工号 --name 姓名 --post {empty[0]}`"
        lines.append(f"nobody holds {', '.join(empty)}: run {example}")
    return {"people": anybody, "rulebook": book is not None, "empty_posts": empty, "lines": lines}


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
        raise RuntimeError(f"--expires {text!r}: days from now (30) or a date (2027-01-31)") from None
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
