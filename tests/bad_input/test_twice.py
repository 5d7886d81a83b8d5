"""Said twice (reliability.md §6, items 23 and 25): a form's key, a click, a tab left open, a cookie beside a token."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kexin.chapters.collection.models import ImportRun
from kexin.foundation.clock import now
from kexin.people import operations as people
from kexin.people.tests.factories import caller_for, person
from kexin.vault.models import Subject
from kexin.vault.tests import views
from tests.bad_input.world import World
from tests.house.test_routes import signed_in_as


@pytest.fixture
def world(db: Any) -> World:
    return World()


@pytest.mark.bad_input(23)
def test_a_key_twice_counts_once(world: World) -> None:
    """The last one speaks, as the form's own field does: never both, never the earlier one checked and the later used."""
    run, steward = world.known["run"], world.clients["steward"]
    before = ImportRun.objects.get(id=run).mapping
    twice = "column-0=name&column-0=city&column-1=mobile&column-1=no_such_thing"
    answer = steward.post(f"/imports/{run}/columns", twice, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422 and ImportRun.objects.get(id=run).mapping == before
    twice = "column-0=no_such_thing&column-0=name&column-1=no_such_thing&column-1=mobile"
    answer = steward.post(f"/imports/{run}/columns", twice, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 302 and ImportRun.objects.get(id=run).mapping == ["name", "mobile"]


@pytest.mark.bad_input(25)
def test_a_form_sent_twice_makes_one_customer(world: World) -> None:
    """The second click leads to the customer whom the first one made."""
    form = {"name": "苗木兰", "mobile": views.phone()}
    client, before = world.clients["sales"], Subject.objects.count()
    once = re.search(r'name="once" value="([0-9a-f-]{36})"', client.get("/customers/new").content.decode())
    assert once is not None
    form["once"] = once[1]
    first, second = client.post("/customers/new", form), client.post("/customers/new", form)
    assert first.status_code == second.status_code == 302 and first["Location"] == second["Location"]
    assert Subject.objects.count() == before + 1
    client.post("/customers/new", {**form, "mobile": views.phone()})
    assert Subject.objects.count() == before + 2, "gone back and changed, it is another customer"


@pytest.mark.bad_input(25)
def test_the_back_button_after_signing_out_shows_nothing(world: World) -> None:
    client, address = world.clients["sales"], f"/customers/{world.known['customer']}"
    page = client.get(address)
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    client.post("/sign-out")
    after = client.get(address)
    assert after.status_code == 302 and "sign-in" in after["Location"]


@pytest.mark.bad_input(25)
def test_a_form_of_the_person_before_is_not_sent_by_the_one_after(world: World) -> None:
    """Two tabs, two people: the form that the first one left open is refused, not signed with the second one's name."""
    client = Client(enforce_csrf_checks=True)
    client.cookies.update(signed_in_as(world.members["sales"]).cookies)
    left_open = re.search(r'name="csrf-token" content="(\w+)"', client.get("/customers").content.decode())
    assert left_open is not None
    client.cookies.clear()
    client.cookies.update(signed_in_as(world.members["steward"]).cookies)
    client.get("/customers")
    before = Subject.objects.count()
    form = {"name": "苗木兰", "mobile": views.phone(), "csrfmiddlewaretoken": left_open[1]}
    assert client.post("/customers/new", form).status_code == 403 and Subject.objects.count() == before


@pytest.mark.bad_input(34)
def test_a_cookie_beside_a_token_is_not_looked_at(world: World) -> None:
    """A program's token speaks alone: somebody else's session in the same request lends it nothing."""
    auditor = person("auditor")
    made = people.create_token(
        caller_for(auditor), person=auditor.id, label="t", purposes=("audit",), expires_at=now() + timedelta(days=1)
    )
    bearer = {"Authorization": f"Bearer {made.secret}"}
    body = {"values": {"name": "苗木兰", "mobile": views.phone()}, "source": {"source": "api", "basis": "contract_if_asked"}}
    before = Subject.objects.count()
    answer = world.clients["sales"].post(
        "/api/v1/customers", body, content_type="application/json", headers={**bearer, "Idempotency-Key": "k"}
    )
    assert answer.status_code == 403 and Subject.objects.count() == before
    rotten = {"Authorization": "Bearer kx_nobody"}
    assert world.clients["sales"].get(f"/api/v1/customers/{world.known['customer']}", headers=rotten).status_code == 401
