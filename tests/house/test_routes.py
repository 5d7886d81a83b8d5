"""The policy of addresses as a picture: route × method × post. Reviewed as a diff; UPDATE_SNAPSHOTS=1 rewrites it.

Each cell is what a person with that one post gets for an object that does not exist, sending an empty form. The picture
shows where a door stands and that none answers 500; what a decision lets through inside is the picture in policy.txt.
"""

from __future__ import annotations

import copy
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from kexin.chapters.crm.tests.worlds import Api
from kexin.people.rules import posts
from kexin.people.sign_in import BEGAN, EPOCH, SEEN
from kexin.people.tests.factories import person
from kexin.vault.tests.worlds import rulebook_in_force
from tests.house import tree

PICTURE = tree.SNAPSHOTS / "routes.txt"
ABSENT = "00000000-0000-7000-8000-000000000000"
SAMPLES = {"uuid": ABSENT, "uuidstr": ABSENT, "int": "1", "str": "x", "slug": "x", "path": "x"}
METHODS = ("GET", "POST")


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


def answer(client: Client, method: str, address: str, *, token: Api | None = None) -> int:
    """The status; whatever the request changed is undone, signing out too. The API is asked with a token."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        if token is not None and address.startswith("/api/v1/"):
            status = token(method, address.removeprefix("/api/v1")).status_code
        else:
            status = client.generic(method, address).status_code
        transaction.set_rollback(True)
    client.cookies = cookies
    return int(status)


def picture() -> str:
    """One line per route and method: status: posts."""
    clients = {role: signed_in(role) for role in (*sorted(posts.PURPOSES), None)}
    tokens = {role: Api(role, purposes=posts.PURPOSES[role]) for role in posts.PURPOSES}
    lines = []
    for route in sorted(set(routes())):
        if route.startswith("/static"):
            continue
        for method in METHODS:
            found: dict[int, list[str]] = defaultdict(list)
            for role, client in clients.items():
                found[answer(client, method, sample(route), token=tokens.get(role or ""))].append(role or "stranger")
            cells = "  ".join(f"{status}: {' '.join(names)}" for status, names in sorted(found.items()))
            lines.append(f"{method:4} {route}\n     {cells}\n")
    return "".join(lines)


@pytest.mark.timeout(300)
def test_the_picture_of_addresses_is_the_reviewed_one() -> None:
    rulebook_in_force()
    seen = picture()
    assert "500:" not in seen, "\n".join(line for line in seen.splitlines() if "500:" in line)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PICTURE.write_text(seen, encoding="utf-8")
    assert seen == PICTURE.read_text(encoding="utf-8"), "addresses changed who they let in: UPDATE_SNAPSHOTS=1, then review"
