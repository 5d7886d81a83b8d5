"""A house in force, people with tokens, and a client that speaks the API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.test import Client

from kexin.foundation.clock import now
from kexin.people import operations as people
from kexin.people.models import Person
from kexin.people.tests.factories import caller_for, person
from kexin.vault.tests import views

PURPOSES = ("presale", "service", "contract_b2b")


class Api:
    """The API as one person's program uses it."""

    def __init__(self, role: str = "sales", *, purposes: tuple[str, ...] = PURPOSES, **fields: Any) -> None:
        self.person: Person = person(role, **fields)
        made = people.create_token(
            caller_for(self.person), person=self.person.id, label="test", purposes=purposes, expires_at=now() + timedelta(days=1)
        )
        self.secret = made.secret
        self.client = Client(raise_request_exception=False)

    def __call__(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        data = raw if raw is not None else (json.dumps(body).encode() if body is not None else b"")
        sent = {"Authorization": f"Bearer {self.secret}", **{key.replace("_", "-"): value for key, value in headers.items()}}
        return self.client.generic(method, f"/api/v1{path}", data, content_type="application/json", headers=sent)

    def create(self, key: str, **values: str) -> Any:
        """POST /customers with one key."""
        body = {"values": {"name": "陈雨桐", "mobile": views.phone()} | values, "source": {"source": "api", "basis": "contract_if_asked"}}
        return self("POST", "/customers", body, Idempotency_Key=key)
