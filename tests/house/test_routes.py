"""The policy of addresses as a picture: route × method × post. Reviewed as a diff; UPDATE_SNAPSHOTS=1 rewrites it.

Each cell is what a person with that one post gets for an object that does not exist, sending an empty form. The picture
shows where a door stands, that none answers 500, and that a refusal changes nothing; what a decision lets through
inside is the picture in policy.txt. GET and POST are in it; no address serves any other method.
"""

from __future__ import annotations

import os
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from kexin.chapters.crm.tests.worlds import Api
from kexin.people.rules import posts
from kexin.people.sign_in import BEGAN, EPOCH, SEEN
from kexin.people.tests.factories import person
from kexin.vault import watch
from kexin.vault.tests import worlds
from tests.house import tree
from tests.unchanged import Rows

PICTURE = tree.SNAPSHOTS / "routes.txt"
ABSENT = "00000000-0000-7000-8000-000000000000"
SAMPLES = {"uuid": ABSENT, "uuidstr": ABSENT, "int": "1", "str": "x", "slug": "x", "path": "x"}
METHODS = ("GET", "POST")
#: No address serves these: not even a page that Django's own views would let answer PUT like POST.
OTHERS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
#: Addresses that answer any method as they answer GET, and why that does no harm.
ALIKE = {"/api/v1/openapi.json": "the public document, served by the library of the API"}
#: Whoever is signed in is led home from here, before the method is looked at.
SIGN_IN = "/sign-in"
API = "/api/v1"


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    """Every address as a template: /customers/<uuid:subject>."""
    for one in (resolver or get_resolver()).url_patterns:
        here = prefix + str(one.pattern).removeprefix("^").replace("\\Z", "").removesuffix("$")
        if isinstance(one, URLResolver):
            yield from routes(one, here)
        elif isinstance(one, URLPattern):
            yield here


def sample(route: str) -> str:
    """An address of that form whose object does not exist."""
    parts = []
    for part in route.split("/"):
        kind = part[1:-1].split(":")[0] if part.startswith("<") and ":" in part else "str"
        parts.append(SAMPLES.get(kind, "x") if part.startswith("<") else part)
    return "/".join(parts)


def signed_in(role: str | None) -> Client:
    """A browser of a person with that post; None is a stranger."""
    return Client(raise_request_exception=False) if role is None else signed_in_as(person(role))


def signed_in_as(member: Any) -> Client:
    """A browser of that very person, so that relation and token agree."""
    client = Client(raise_request_exception=False)
    client.force_login(member, backend="kexin.people.sign_in.StaffBackend")
    session = client.session
    member.refresh_from_db(fields=["epoch"])
    session.update({EPOCH: member.epoch, BEGAN: int(time.time()), SEEN: int(time.time())})
    session.save()
    return client


def ask(client: Client, method: str, address: str, *, token: Api | None = None) -> Any:
    """The answer; the API is asked with a token. The browser is left as it was, also by an answer that signs it out."""
    if token is not None and address.startswith(API):
        return token(method, address.removeprefix(API))
    kept = dict(client.cookies)
    answer = client.generic(method, address)
    client.cookies.clear()
    client.cookies.update(kept)
    return answer


def own_routes() -> list[str]:
    """Every address of the house: static files are not its own."""
    return sorted(route for route in set(routes()) if not route.startswith("/static"))


def house_in_force() -> None:
    """A rulebook in force, and the key that the first look at anybody makes."""
    worlds.rulebook_in_force()
    watch.token(uuid.uuid4())


def picture() -> str:
    """One line per route and method: status: posts. A refusal must have changed nothing."""
    clients = {role: signed_in(role) for role in (*sorted(posts.PURPOSES), None)}
    tokens = {role: Api(role, purposes=posts.PURPOSES[role]) for role in posts.PURPOSES}
    lines, rows = [], Rows()
    for route in own_routes():
        for method in METHODS:
            found: dict[int, list[str]] = defaultdict(list)
            for role, client in clients.items():
                with rows.undone():
                    status = ask(client, method, sample(route), token=tokens.get(role or "")).status_code
                    changed = rows.changed() if status >= 400 else []
                assert not changed, f"{role}: {method} {route} was refused with {status} and changed {changed}"
                found[status].append(role or "stranger")
            cells = "  ".join(f"{status}: {' '.join(names)}" for status, names in sorted(found.items()))
            lines.append(f"{method:4} {route}\n     {cells}\n")
    return "".join(lines)


@pytest.mark.timeout(300)
def test_the_picture_of_addresses_is_the_reviewed_one() -> None:
    house_in_force()
    seen = picture()
    assert "500:" not in seen, "\n".join(line for line in seen.splitlines() if "500:" in line)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PICTURE.write_text(seen, encoding="utf-8")
    assert seen == PICTURE.read_text(encoding="utf-8"), "addresses changed who they let in: UPDATE_SNAPSHOTS=1, then review"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ["sales", None])
def test_no_address_serves_another_method(role: str | None) -> None:
    """PUT, PATCH, DELETE, OPTIONS, TRACE: 405, or turned away as a GET is. HEAD: 405, or what GET says without the body."""
    house_in_force()
    client = signed_in(role)
    token = Api(role, purposes=posts.PURPOSES[role]) if role else None
    rows, wrong = Rows(), []
    for route in own_routes():
        with rows.undone():
            got = ask(client, "GET", sample(route), token=token)
        for method in ("HEAD", *OTHERS):
            with rows.undone():
                answer = ask(client, method, sample(route), token=token)
                changed = rows.changed()
            same = answer.status_code == got.status_code
            told = answer.content if method == "HEAD" else b""
            led_away = got.status_code == 302 and (role is None or route == SIGN_IN)
            turned_away = got.status_code >= 400 or led_away
            fine = answer.status_code == 405 or (same and (method == "HEAD" or turned_away or route in ALIKE))
            if not fine or told or changed or not set(answer.headers) <= {*got.headers, "Allow"}:
                wrong.append(f"{method} {route} -> {answer.status_code} (GET: {got.status_code}), changed {changed}")
    assert not wrong, "\n".join(wrong)


def test_a_browser_cannot_drive_the_api() -> None:
    """A session's cookie is sent by the browser whoever wrote the page: at the API it is worth nothing at all."""
    house_in_force()
    nobody, somebody = signed_in(None), signed_in("dpo")
    wrong, rows = [], Rows()
    for route in own_routes():
        for method in METHODS if route.startswith(API) else ():
            with rows.undone():
                said, heard = (ask(client, method, sample(route)) for client in (somebody, nobody))
                changed = rows.changed()
            if (said.status_code, said.content) != (heard.status_code, heard.content) or changed:
                wrong.append(f"{method} {route} -> {said.status_code}, a stranger gets {heard.status_code}")
    assert not wrong, "\n".join(wrong)
