"""M1: post × relation × address as a picture; a refusal changes nothing, and says nothing about who exists.

UPDATE_SNAPSHOTS=1 rewrites snapshots/relations.txt; review the diff. Every address that names a customer is in it, with
every method it serves (`test_routes` has the others). Relations with the same answers stand on one line, so that a
hidden customer is seen to be like an absent one. Tables are compared before and after each refusal.
"""

from __future__ import annotations

import difflib
import os
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from django.test import Client

from kexin.chapters.crm.tests.worlds import Api
from kexin.foundation.caller import Caller
from kexin.people import operations as people
from kexin.people.rules import posts
from kexin.people.tests.factories import SETUP
from kexin.regime import operations as regime
from kexin.vault import operations as vault
from kexin.vault.tests import views
from tests.house import tree
from tests.house.test_routes import API, routes, signed_in_as
from tests.unchanged import Rows

PICTURE = tree.SNAPSHOTS / "relations.txt"
STRANGER = "stranger"
#: Whose customer it is, or what has become of it. `watched` is a colleague's that raises an alarm (诱饵数据): it must not
#: look like one. From `frozen` on they were the asker's own.
RELATIONS = ("own", "team", "foreign", "watched", "frozen", "discarded", "merged", "erasing", "erased", "absent")
CARD = "/customers/<uuid:customer>"
ABSENT = uuid.UUID(int=7 << 76 | 2 << 62)
#: What each mutation sends, so that it would succeed for who may.
SENT: dict[str, dict[str, str]] = {
    "reveals": {"pick": "customer_asked"},
    "contacts": {"use": "call"},
    "new": {"ground": "request", "door": "shop"},
}
BODIES: dict[str, Any] = {"reveals": {"attribute": "mobile", "reason": "customer_asked"}, "erasures": {"ground": "request"}}


def addresses() -> list[str]:
    """Every address that names a customer."""
    return sorted(route for route in set(routes()) if ":customer>" in route)


def filled(route: str, customer: uuid.UUID) -> str:
    """That address of that customer."""
    parts = [
        str(customer) if ":customer>" in part else "mobile" if part.startswith("<") else part for part in route.split("/")
    ]
    return "/".join(parts) + ("?attribute=mobile" if route.startswith(API) and route.endswith("why") else "")


@dataclass
class Company:
    """One person per post, a department with its lead above it, and one customer in each relation to all of them."""

    tokens: dict[str, Api] = field(default_factory=dict)
    browsers: dict[str, Client] = field(default_factory=dict)
    customers: dict[str, uuid.UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        views.put_in_force()
        above = people.create_department(SETUP, name="销售部")
        team = people.create_department(SETUP, name="西溪店", parent=above)
        for role in sorted(posts.PURPOSES):
            # The lead stands one floor higher: what the shop shares must reach them through the tree.
            department = above if role == "sales_lead" else team
            self.tokens[role] = Api(role, purposes=posts.PURPOSES[role], department=department)
            self.browsers[role] = signed_in_as(self.tokens[role].person)
        self.browsers[STRANGER] = Client(raise_request_exception=False)
        self._admit(team)

    def _admit(self, team: uuid.UUID) -> None:
        colleague, quality, officer = views.sales(), views.sales("quality", "steward"), views.sales("rights", "dpo")
        others = ("team", "foreign", "watched")
        self.customers = of = {one: views.customer(colleague if one in others else None) for one in RELATIONS[:-1]}
        regime.grant(views.importer(), subject=of["team"], principal=team, relation="team")
        for relation in ("own", "frozen", "discarded", "merged", "erasing", "erased"):
            for token in self.tokens.values():
                regime.grant(views.importer(), subject=of[relation], principal=token.person.id, relation="owner")
        vault.watch_record(Caller.for_service("demo", cause="test"), subject=of["watched"])
        vault.freeze(quality, subject=of["frozen"], ground="request")
        vault.discard(quality, subject=of["discarded"])
        vault.merge(quality, source=of["merged"], target=views.customer())
        vault.erase(officer, subject=of["erasing"])
        erasure = vault.erase(officer, subject=of["erased"])
        assert vault.continue_erasure(Caller.for_service("erasure", cause="test"), erasure=erasure.id).state == "done"
        of["absent"] = ABSENT

    def ask(self, role: str, method: str, route: str, customer: uuid.UUID) -> Any:
        """That post's answer."""
        return ask_about(customer, method, route, browser=self.browsers[role], token=self.tokens.get(role))


def ask_about(customer: uuid.UUID, method: str, route: str, *, browser: Client, token: Api | None) -> Any:
    """The answer of an address about this customer: of a page to the browser, of the API to the token."""
    address, last = filled(route, customer), route.rsplit("/", 1)[1]
    if token is not None and route.startswith(API):
        return token(method, address.removeprefix(API), BODIES.get(last, {}) if method == "POST" else None)
    return browser.post(address, SENT.get(last, {})) if method == "POST" else browser.get(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One answer: who asked how for what, and what came back without what differs from request to request."""

    role: str
    method: str
    route: str
    relation: str
    status: int
    said: bytes


#: What differs from one request to the next whoever is asked about: the form's token, the minute on the watermark.
_OF_THE_REQUEST = re.compile(
    rb'(?<=csrf-token" content=")[^"]+|(?<=csrfmiddlewaretoken" value=")[^"]+|20\d\d-\d\d-\d\d \d\d:\d\d|(?<=Expires: ).+'
)


def said(answer: Any, customer: uuid.UUID) -> bytes:
    """Headers and body of an answer, comparable with another one's."""
    headers = "".join(f"{name}: {value}\n" for name, value in sorted(answer.items()))
    text = _OF_THE_REQUEST.sub(b"(now)", headers.encode() + answer.content).replace(str(customer).encode(), b"(id)")
    number = answer["X-Request-Id"].encode()  # a page shows its beginning
    return text.replace(number, b"(number)").replace(number[:13], b"(number)")


def served(company: Company) -> list[tuple[str, str]]:
    """Address and method, without those answered by 405 (decided before anything is read; `test_routes` has them)."""
    return [
        (route, method)
        for route in addresses()
        for method in ("GET", "POST")
        if company.ask("sales", method, route, ABSENT).status_code != 405
    ]


def asked(company: Company) -> Iterator[Cell]:
    """Every cell; what was asked is undone, and a refusal has changed nothing."""
    doors, rows = served(company), Rows()
    for role in company.browsers:
        for route, method in doors:
            for relation, customer in company.customers.items():
                with rows.undone():
                    answer = company.ask(role, method, route, customer)
                    changed = rows.changed() if answer.status_code >= 400 or role == STRANGER else []
                here = f"{role}: {method} {route} [{relation}]"
                assert not changed, f"{here} was refused with {answer.status_code} and changed {changed}"
                yield Cell(
                    role=role, method=method, route=route, relation=relation,
                    status=answer.status_code, said=said(answer, customer),
                )  # fmt: skip


@cache
def cells() -> tuple[Cell, ...]:
    """Asked once for the tests below; what is kept is text."""
    return tuple(asked(Company()))


def picture() -> str:
    """One entry per address, method and set of relations that look alike."""
    found: dict[tuple[str, str], dict[str, dict[int, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for cell in cells():
        found[cell.route, cell.method][cell.relation][cell.status].append(cell.role)
    lines = []
    for (route, method), relations in sorted(found.items()):
        alike: dict[str, list[str]] = defaultdict(list)
        for relation in RELATIONS:
            who = "  ".join(f"{status}: {' '.join(sorted(names))}" for status, names in sorted(relations[relation].items()))
            alike[who].append(relation)
        lines += [f"{method:4} {route}  [{' '.join(names)}]\n     {who}\n" for who, names in alike.items()]
    return "".join(lines)


@pytest.mark.timeout(600)
def test_who_reaches_which_customer_is_the_reviewed_picture() -> None:
    seen = picture()
    assert "500:" not in seen, "\n".join(line for line in seen.splitlines() if "500:" in line)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PICTURE.write_text(seen, encoding="utf-8")
    assert seen == PICTURE.read_text(encoding="utf-8"), "who reaches whom changed: UPDATE_SNAPSHOTS=1, then review"


def _difference(nobody: bytes, somebody: bytes) -> str:
    """The lines in which two answers differ."""
    one, other = (text.decode(errors="replace").splitlines() for text in (nobody, somebody))
    return "\n".join(line for line in difflib.unified_diff(one, other, "absent", "kept away", lineterm="", n=0))


@pytest.mark.timeout(600)
def test_a_customer_who_is_kept_away_is_like_one_who_does_not_exist() -> None:
    """Byte for byte: a different sentence for forbidden and absent would tell that somebody is a customer."""
    found = {(cell.role, cell.method, cell.route, cell.relation): cell for cell in cells()}
    compared, told = 0, []
    for (role, method, route, relation), cell in found.items():
        nobody = found[role, method, route, "absent"]
        hidden = found[role, "GET", CARD, relation].status == 404
        if relation != "absent" and cell.status == nobody.status and (hidden or cell.status >= 400):
            compared += 1
            if cell.said != nobody.said:
                told.append(f"{role}: {method} {route} [{relation}]\n{_difference(nobody.said, cell.said)}")
    assert compared > 500 and not told, "\n".join(told)
