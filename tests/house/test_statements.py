"""How many statements each address asks of each database, as a picture that may only fall.

One small company in committed databases; every address is asked by one fixed actor, then the company grows tenfold and
every address is asked again: the numbers must be the same (no statement for each row). A number above the picture is
red; one below it asks to be written down with UPDATE_SNAPSHOTS=1, so that it cannot creep back. Each
address is asked once before it is counted, so caches are warm and a token's day of use is written.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from kexin.chapters.collection import operations as collection
from kexin.chapters.collection.types import Declaration
from kexin.chapters.crm.tests.worlds import Api
from kexin.chapters.privacy import operations as privacy
from kexin.evidence import operations as evidence
from kexin.evidence.tests.conftest import SERVICE, Ledger, ledger  # noqa: F401 - a fixture
from kexin.foundation.clock import now
from kexin.people import operations as people
from kexin.people.rules import posts
from kexin.people.tests.factories import caller_for, person
from kexin.regime import operations as regime
from kexin.regime import queries as regime_queries
from kexin.regime.rulebook import editing
from kexin.regime.types import DraftView
from kexin.vault import operations as vault
from kexin.vault.tests import views
from tests.house import tree
from tests.house.test_routes import routes, signed_in_as

PICTURE = tree.SNAPSHOTS / "queries.json"
ALIASES = ("default", "evidence", "keyring")
GROWTH = 10
#: Addresses whose answer holds a proof from the ledger, and how many more tiles a tenfold ledger may take.
PROOFS, MORE_TILES = ("/proof", "/certificate", "/evidence/lines/", "/document."), 3
EXPO = Declaration(source="offline", purpose="presale", basis="contract_if_asked", label="2026 杭州秋季家博会")

#: Savepoints are BEGIN and COMMIT in production; counts of opens and refusals are written once a second, and a session's
#: last activity once a minute, by the clock.
UNCOUNTED = (
    "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT",
    "INSERT INTO evidence_opencount", "INSERT INTO evidence_refusal", 'UPDATE "django_session"',
)  # fmt: skip

#: The post that asks, by the longest beginning of the address that fits.
ACTORS = {
    "/": "sales",
    "/api/v1/erasures": "dpo",
    "/api/v1/customers/<uuidstr:customer>/erasures": "dpo",
    "/collection": "steward",
    "/imports": "steward",
    "/erasures": "dpo",
    "/customers/<uuid:customer>/erasure": "dpo",
    "/evidence": "auditor",
    "/tasks": "steward",
    "/rulebook": "dpo",
}
#: Asked without signing in.
STRANGERS = ("/sign-in", "/healthz", "/invitations/", "/demo-sign-ins/", "/api/v1/openapi.json")
#: What a changing request sends so that it does its work; the others are counted as the refusals they get.
SENT: dict[str, dict[str, str]] = {
    "/customers/searches": {"q": "陈雨桐"},
    "/customers/<uuid:customer>/<slug:attribute>/reveals": {"pick": "customer_asked"},
    "/customers/<uuid:customer>/<slug:attribute>/contacts": {"use": "call"},
    "/customers/<uuid:customer>/erasures/new": {"ground": "request", "door": "shop"},
    "/customers/new": {"name": "陈雨桐", "mobile": "13700000001", "source": "form", "basis": "contract_if_asked"},
}
BODIES: dict[str, Any] = {
    "/api/v1/customers": {
        "values": {"name": "陈雨桐", "mobile": "13700000002"},
        "source": {"source": "api", "basis": "contract_if_asked"},
    },
    "/api/v1/customer-searches": {"term": "陈雨桐", "fields": ["name", "mobile", "city"]},
    "/api/v1/customers/<uuidstr:customer>/reveals": {"attribute": "mobile", "reason": "customer_asked"},
    "/api/v1/customers/<uuidstr:customer>/erasures": {"ground": "request"},
}


@dataclass
class World:
    """A company: its actors, and one object of every kind to ask for."""

    ledger: Any
    tokens: dict[str, Api] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in sorted(set(ACTORS.values())):
            token = Api(role, purposes=posts.PURPOSES[role])
            self.tokens[role], self.clients[role] = token, signed_in_as(token.person)
        self.clients[""] = Client(raise_request_exception=False)
        self.objects = {"seq": "1", "attribute": "mobile", "role": "sales", "code": "presale", "secret": "x", "name": "compact", "kind": "imports"}
        self.objects |= {"number": "1", "section": "roles", "key": "sales", "step": "backup"}
        self.grow(1)

    def caller(self, role: str, purpose: str) -> Any:
        """That actor under one purpose."""
        return caller_for(self.tokens[role].person, purpose)

    def grow(self, times: int) -> None:
        """As many more of everything that a page lists; the first of each kind is the one that is asked for."""
        sales, steward, dpo = self.caller("sales", "presale"), self.caller("steward", "presale"), self.caller("dpo", "rights")
        for _ in range(times):
            own = [views.customer(sales, city="杭州市", address="杭州市西湖区文三路 90 号") for _ in range(3)]
            erased = privacy.erase(dpo, subject=own.pop(), ground="request", door="phone")
            assert erased.erasure is not None
            vault.continue_erasure(dpo, erasure=erased.erasure.id)
            self.objects.setdefault("customer", str(own[0]))
            self.objects.setdefault("erasure", str(erased.id))
            self._look(sales, uuid.UUID(self.objects["customer"]))
            self.objects.setdefault("run", str(self._import(steward)))
            self.objects.setdefault("task", self.objects["run"])
            made = people.create_token(
                sales, person=sales.id, label="更多", purposes=("presale",), expires_at=now() + timedelta(days=1)
            )
            self.objects.setdefault("token", str(made.id))
            self._sign_in_elsewhere()
            verified = evidence.verify_now(SERVICE)
            self.objects.setdefault("verification", str(verified.id))
            self.ledger.write(2)
            self._draft()

    def _draft(self) -> None:
        """One more draft of somebody. The first one's effect is counted, and two more versions wait for a signature."""
        own = self.caller("dpo", "governance")
        if "draft" not in self.objects:
            mine = self._drafted(own)
            counted = regime.assess_now(own, source=mine.source)
            self.objects |= {"draft": str(mine.id), "impact": str(counted.id)}
        other = caller_for(person("dpo"), "governance")
        theirs = self._drafted(other)
        if len(regime_queries.versions()) < 3:
            seen = regime.assess_now(other, source=theirs.source)
            regime.publish_rulebook(other, source=theirs.source, impact=seen.digest, signed_in_at=now())

    def _drafted(self, author: Any) -> DraftView:
        begun = regime.begin_draft(author)
        place = ("roles", "sales", "sees")
        seen = regime_queries.seen_of(editing.at(editing.plain(begun.source), place))
        return regime.edit_draft(author, draft=begun.id, path=place, value={"zh": f"起草人 {author.id}"}, seen=seen)

    def _look(self, sales: Any, subject: uuid.UUID) -> None:
        """One more look and one more consent in the history of the customer who is asked for."""
        vault.reveal(sales, subject=subject, attribute="mobile", reason="customer_asked", signed_in_at=now())
        regime.record_consent(
            views.importer(), subject=subject, purpose="mkt_sms", status="refused", wording_sha256="ab" * 32,
        )  # fmt: skip

    def _sign_in_elsewhere(self) -> None:
        seller = self.tokens["sales"].person
        key = str(signed_in_as(seller).session.session_key)
        people.begin_session(seller.id, session_key=key, way="password", place="127.0.0.1", device="test")

    def _import(self, steward: Any) -> uuid.UUID:
        rows = "".join(f"陈雨桐,{views.phone()},杭州市\n" for _ in range(3)) + "沈一帆,138,杭州市\n"
        run = collection.open_import(steward, chunks=[("姓名,手机号,城市\n" + rows).encode()], name="名单.csv")
        collection.map_columns(steward, run=run, mapping={0: "name", 1: "mobile", 2: "city"})
        collection.declare(steward, run=run, declaration=EXPO)
        collection.try_now(steward, run=run)
        return run


def actor(route: str) -> str:
    """Who asks at that address; "" a stranger."""
    if route.startswith(STRANGERS):
        return ""
    return ACTORS[max((start for start in ACTORS if route.startswith(start)), key=len)]


def filled(route: str, objects: dict[str, str]) -> str:
    """The address with real objects in it."""
    parts = [objects[part[1:-1].split(":")[1]] if part.startswith("<") else part for part in route.split("/")]
    return "/".join(parts) + ("?attribute=mobile" if route.startswith("/api/") and route.endswith("/why") else "")


@contextmanager
def counting() -> Iterator[dict[str, int]]:
    """Statements per database while this is open."""
    found = dict.fromkeys(ALIASES, 0)

    def wrapper(alias: str) -> Callable[..., Any]:
        def count(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            found[alias] += not str(sql).startswith(UNCOUNTED)
            return execute(sql, params, many, context)

        return count

    with ExitStack() as stack:
        for alias in ALIASES:
            stack.enter_context(connections[alias].execute_wrapper(wrapper(alias)))
        yield found


def ask(world: World, method: str, route: str) -> int:
    """One request whose changes are undone; answers its status."""
    role, address = actor(route), filled(route, world.objects)
    with transaction.atomic():
        if route.startswith("/api/v1/") and role:
            headers = {"Idempotency_Key": uuid.uuid4().hex} if route == "/api/v1/customers" else {}
            answer = world.tokens[role](method, address.removeprefix("/api/v1"), BODIES.get(route), **headers)
        elif method == "POST":
            answer = world.clients[role].post(address, SENT.get(route, {}))
        else:
            answer = world.clients[role].get(address)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    return int(answer.status_code)


def counted(world: World) -> dict[str, dict[str, int]]:
    """Address -> status and statements per database."""
    found: dict[str, dict[str, int]] = {}
    for route in sorted(set(routes())):
        if route.startswith("/static") or route in ("/sign-out", "/api/v1/"):
            continue
        for method in ("GET", "POST"):
            ask(world, method, route)
            with counting() as statements:
                status = ask(world, method, route)
            if status != 405:
                asked = {alias: count for alias, count in statements.items() if count}
                found[f"{method} {route} as {actor(route) or 'stranger'}"] = {"status": status, **asked}
    return found


def written(picture: dict[str, dict[str, int]]) -> str:
    """One line for one address, so that a diff reads."""
    lines = (f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value)}" for key, value in picture.items())
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def compared(seen: dict[str, dict[str, int]], known: dict[str, dict[str, int]]) -> tuple[list[str], list[str]]:
    """What grew (or answers otherwise), and what fell."""
    grew, fell = [], []
    for address in sorted(seen.keys() | known.keys()):
        now_, then = seen.get(address, {}), known.get(address, {})
        for key in sorted(now_.keys() | then.keys()):
            here, before = now_.get(key, 0), then.get(key, 0)
            if here != before:
                words = f"{address}: {key} {before} -> {here}"
                (grew if here > before or key == "status" or not then else fell).append(words)
    return grew, fell


def _as_small(address: str, found: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    """A proof reads tiles, whose number is a logarithm of the ledger's length: some more of them are no row each."""
    if not any(part in address for part in PROOFS):
        return found
    return {key: before.get(key, 0) if 0 <= count - before.get(key, 0) <= MORE_TILES else count for key, count in found.items()}


@pytest.mark.timeout(600)
def test_no_address_asks_more_than_it_did_and_none_asks_for_each_row(ledger: Ledger) -> None:  # noqa: F811
    views.put_in_force()
    world = World(ledger)
    small = counted(world)
    broken = [address for address, found in small.items() if found["status"] >= 500]
    assert not broken, f"a picture of failures is none: {broken}"
    world.grow(GROWTH - 1)
    large = {address: _as_small(address, found, small.get(address, {})) for address, found in counted(world).items()}
    assert compared(large, small) == ([], []), "a statement for each row"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PICTURE.write_text(written(small), encoding="utf-8")
    grew, fell = compared(small, json.loads(PICTURE.read_text(encoding="utf-8")))
    assert not grew, "more statements than before: " + "; ".join(grew)
    assert not fell, "fewer statements, write it down with UPDATE_SNAPSHOTS=1: " + "; ".join(fell)
