"""One of everything that an address can name, browsers of several posts, and what may never stand in an answer."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import quote

from django.test import Client

from kexin.chapters.collection.operations import declare, map_columns, open_import, try_now
from kexin.chapters.collection.types import Declaration
from kexin.people import operations as people
from kexin.people.tests.factories import PASSWORD, SETUP, caller_for, person
from kexin.vault import operations as vault
from kexin.vault.tests import views
from tests.house.test_routes import signed_in_as
from tests.unchanged import Rows

ROLES = ("steward", "sales", "dpo", "auditor", "system_admin")
#: Signs that somebody's text became markup, a template or a header.
_BROKEN_OUT = (b"<script>alert(1)", b"<img src=x onerror", b"<svg/onload", b'" hx-get="/x"', b"54439", b"<c-button>x")


class World:
    """A house in force with one customer, one deleted customer and one import at its trial."""

    def __init__(self, rulebook: bytes | None = None) -> None:
        """``rulebook``: the one in force, None for the retail one."""
        views.put_in_force(rulebook)
        self.members = {role: person(role, password=PASSWORD if role == "sales" else None) for role in ROLES}
        self.clients: dict[str, Client] = {role: signed_in_as(member) for role, member in self.members.items()}
        self.clients["stranger"] = Client(raise_request_exception=False)
        owner, steward = caller_for(self.members["sales"]), caller_for(self.members["steward"], "presale")
        customer = views.customer(owner)
        run = open_import(steward, chunks=["姓名,手机号\n陈雨桐,13800001234\n沈一帆,138\n".encode()], name="x.csv")
        map_columns(steward, run=run, mapping={0: "name", 1: "mobile"})
        declared = Declaration(source="offline", purpose="presale", basis="unproven", label="家博会")
        declare(steward, run=run, declaration=declared)
        try_now(steward, run=run)
        self.known = {"customer": str(customer), "run": str(run), "attribute": "mobile", "seq": "0", "code": "en", "name": "dark"}
        self.known["secret"] = people.invite(SETUP, person=person("sales").id).secret
        erased = views.customer(owner)
        vault.erase(caller_for(self.members["dpo"], "rights"), subject=erased)
        # Everything that a first look makes (the key of an index) is made before anybody is turned away.
        assert self.clients["sales"].get(f"/customers/{customer}").status_code == 200
        self.rows = Rows()

    def fill(self, route: str, *, name: str = "", value: str = "") -> str:
        """An address of that form with the things that exist, one part being what was given."""

        def part(match: re.Match[str]) -> str:
            given = value if match[2] == name else self.known.get(match[2], str(uuid.UUID(int=7)))
            return quote(given.encode("utf-8", "surrogatepass"), safe="")

        return re.sub(r"<(\w+):(\w+)>", part, route)

    def ask(self, role: str, address: str, method: str = "GET", data: bytes = b"", **more: Any) -> Answer:
        """What comes back; what it changed is undone. A refusal must have changed no row at all."""
        with self.rows.undone():
            answer = self.clients[role].generic(method, address, data, **more)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            said = f"{role}: {method} {address[:200]} {data[:200]!r} -> {answer.status_code}"
            changed = self.rows.changed() if answer.status_code >= 400 else []
            assert not changed, f"refused, and yet changed {changed}: {said}"
            follow = b""
            if answer.status_code in (302, 303) and answer["Location"].startswith("/"):
                shown = self.clients[role].get(answer["Location"])
                assert shown.status_code < 500, f"{said}, then {answer['Location']} -> {shown.status_code}"
                follow = b"".join(shown.streaming_content) if shown.streaming else shown.content
        return Answer(answer, content, follow, said)


class Answer:
    """One answer, judged: never a fault of ours, and nothing that was typed became markup."""

    def __init__(self, answer: Any, content: bytes, follow: bytes, said: str) -> None:
        self.status, self.content, self.answer, self.said = answer.status_code, content, answer, said
        assert self.status < 500, f"{said}: {content[:300]!r}"
        for sign in _BROKEN_OUT:
            assert sign not in content and sign not in follow, f"{sign!r} stands unescaped in the answer: {said}"
        for name, value in answer.items():
            assert "\r" not in value and "\n" not in value and "x=1" not in value, f"{name}: {value!r}: {said}"
