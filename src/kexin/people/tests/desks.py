"""A member of staff at the console, signed in through the real page."""

from __future__ import annotations

from typing import Any

from django.test import Client

from kexin.people.models import Person
from kexin.people.tests.factories import PASSWORD, caller_for, person


class Desk:
    """One member of staff at the console."""

    def __init__(self, role: str) -> None:
        self.person: Person = person(role, password=PASSWORD)
        self.client = Client(raise_request_exception=True)
        answer = self.client.post("/sign-in", {"login": self.person.staff_no, "password": PASSWORD})
        assert answer.status_code == 302

    def caller(self, purpose: str = "presale") -> Any:
        """The same person as a Caller."""
        return caller_for(self.person, purpose)
