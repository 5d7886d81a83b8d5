"""M1: post × relation × address as a picture, and a refusal changes nothing: tables are hashed before and after.

UPDATE_SNAPSHOTS=1 rewrites snapshots/relations.txt; review the diff. Every address that names a customer is in it.
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from typing import Any

import pytest
from django.db import connections, transaction

from kexin.chapters.crm.tests.worlds import Api
from kexin.people.rules import posts
from kexin.people.tests.factories import caller_for
from kexin.regime import operations as regime
from kexin.vault import operations as vault
from kexin.vault.tests import views
from tests.house import tree
from tests.house.test_routes import routes, signed_in, signed_in_as

PICTURE = tree.SNAPSHOTS / "relations.txt"
RELATIONS = ("own", "foreign", "erasing", "discarded", "absent")
#: Tables that a refusal may change: what was noted, who is signed in, and counters of use.
LOOSE = ("evidence_", "django_session", "people_", "account_", "procrastinate_", "vault_searchmiss", "vault_search")
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


def tables() -> dict[str, str]:
    """Table -> hash of all its rows, without those that a refusal may change."""
    found = {}
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(oid, 'SELECT') ORDER BY 1"
        )
        for (name,) in cursor.fetchall():
            if not name.startswith(LOOSE):
                cursor.execute(f'SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), \'\')) FROM "{name}" t')
                found[name] = cursor.fetchone()[0]
    return found


def customers(owner: Any) -> dict[str, uuid.UUID]:
    """One customer in each relation to this person."""
    officer, importer = views.sales("rights", "dpo"), views.importer()
    made = {relation: views.customer(owner if relation != "foreign" else None) for relation in RELATIONS[:-1]}
    vault.discard(views.sales("quality", "steward"), subject=made["discarded"])
    vault.erase(officer, subject=made["erasing"])
    regime.grant(importer, subject=made["own"], principal=owner.id, relation="owner")
    return made | {"absent": uuid.UUID(int=7 << 76 | 2 << 62)}


def filled(route: str, customer: uuid.UUID) -> str:
    parts = [
        str(customer) if ":customer>" in part else "mobile" if part.startswith("<") else part for part in route.split("/")
    ]
    return "/".join(parts) + ("?attribute=mobile" if route.startswith("/api") and route.endswith("why") else "")


def ask(role: str, client: Any, token: Api | None, method: str, route: str, customer: uuid.UUID) -> tuple[int, bytes]:
    """The status and body; whatever it changed is undone, and a refusal must have changed nothing."""
    before = tables() if method == "POST" else {}
    with transaction.atomic():
        address, last = filled(route, customer), route.rsplit("/", 1)[1]
        if route.startswith("/api/"):
            if token is None:
                answer = client.generic(method, address)
            else:
                answer = token(method, address.removeprefix("/api/v1"), BODIES.get(last, {}) if method == "POST" else None)
        else:
            answer = client.post(address, SENT.get(last, {})) if method == "POST" else client.get(address)
        if method == "POST" and answer.status_code >= 400:
            after = tables()
            changed = [name for name in before if before[name] != after.get(name)]
            assert not changed, f"{role}: {method} {address} was refused with {answer.status_code} and changed {changed}"
        transaction.set_rollback(True)
    return answer.status_code, answer.content


def picture() -> str:
    cells: dict[tuple[str, str, str], dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for role in (*sorted(posts.PURPOSES), None):
        client, token, known = signed_in(role), None, None
        if role is not None:
            token = Api(role, purposes=posts.PURPOSES[role])
            client.logout()
            client = signed_in_as(token.person)
            known = customers(caller_for(token.person))
        known = known or customers(views.sales())
        for route in addresses():
            for method in ("GET", "POST"):
                for relation, customer in known.items():
                    status, _body = ask(role or "stranger", client, token, method, route, customer)
                    cells[route, method, relation][status].append(role or "stranger")
    lines = []
    for (route, method, relation), found in sorted(cells.items()):
        if set(found) <= {405}:
            continue
        who = "  ".join(f"{status}: {' '.join(names)}" for status, names in sorted(found.items()))
        lines.append(f"{method:4} {route}  [{relation}]\n     {who}\n")
    return "".join(lines)


@pytest.mark.timeout(300)
def test_who_reaches_which_customer_is_the_reviewed_picture() -> None:
    views.put_in_force()
    seen = picture()
    assert " 500:" not in seen, "\n".join(line for line in seen.splitlines() if " 500:" in line)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        PICTURE.write_text(seen, encoding="utf-8")
    assert seen == PICTURE.read_text(encoding="utf-8"), "who reaches whom changed: UPDATE_SNAPSHOTS=1, then review"
