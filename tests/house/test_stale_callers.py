"""Callers whose rights have ended: every address turns them away as it turns away a stranger, and nothing changes.

Each held a real customer while their rights lasted, and asks for that very customer wherever an address names one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kexin.chapters.crm.tests.worlds import Api
from kexin.foundation.clock import now
from kexin.people import operations as people
from kexin.people.models import ApiToken, RoleAssignment
from kexin.people.rules import posts
from kexin.people.tests.factories import SETUP, caller_for, person
from kexin.vault.tests import views
from tests.house.test_matrix import ask_about, said
from tests.house.test_routes import API, METHODS, ask, own_routes, sample, signed_in_as
from tests.unchanged import Rows

ROLE = "dpo"
#: What turning a session away, or signing out, may change: that session itself.
ENDED = {"django_session": "the session is removed", "people_signin": "and its end is written beside its beginning"}
DOCUMENT = f"{API}/openapi.json"
#: Open to strangers.
PUBLIC = ("/app.webmanifest", "/offline", "/worker.js", "/policy-reports", "/healthz", "/sign-in", "/demo-sign-ins/", "/invitations/", "/languages/", "/shortcuts/", "/themes/", "/densities/")


class Once:
    """A data protection officer with a browser, a token and a customer of their own."""

    def __init__(self) -> None:
        views.put_in_force()
        self.token = Api(ROLE, purposes=posts.PURPOSES[ROLE])
        self.person = self.token.person
        self.browser = signed_in_as(self.person)
        key = str(self.browser.session.session_key)
        people.begin_session(self.person.id, session_key=key, way="password", place="", device="")
        self.customer = views.customer(caller_for(self.person))
        # Everything that a first look makes (the key of an index) is made before anybody is turned away.
        assert self.browser.get(f"/customers/{self.customer}").status_code == 200

    def answers(self, browser: Client, token: Api | None, rows: Rows) -> Iterator[tuple[str, str, Any]]:
        """Address, method, answer of every door; each is undone and has changed nothing."""
        for route in own_routes():
            for method in METHODS:
                with rows.undone():
                    if ":customer>" in route:
                        answer = ask_about(self.customer, method, route, browser=browser, token=token)
                    else:
                        answer = ask(browser, method, sample(route), token=token)
                    changed = rows.changed()
                assert not changed, f"{method} {route} -> {answer.status_code} changed {changed}"
                yield route, method, answer


def _expired(once: Once) -> None:
    ApiToken.objects.filter(person=once.person).update(created_at=now() - timedelta(days=9), expires_at=now())


def _revoked(once: Once) -> None:
    people.revoke_token(caller_for(once.person), token=ApiToken.objects.get(person=once.person).id)


def _left(once: Once) -> None:
    people.deactivate(SETUP, person=once.person.id)


def _other_rights(once: Once) -> None:
    people.set_lead(SETUP, department=people.create_department(SETUP, name="合规部"), person=once.person.id)


def _post_revoked(once: Once) -> None:
    people.revoke_role(SETUP, person=once.person.id, role=ROLE)


def test_a_token_that_ended_is_like_one_that_never_was() -> None:
    once = {ended: Once() for ended in (_expired, _revoked, _left)}
    for ended, one in once.items():
        ended(one)
    never = Api("sales", purposes=("presale",))
    never.secret = f"kx_{uuid.uuid4().hex}"
    rows, stranger = Rows(), Client(raise_request_exception=False)
    heard = {
        (route, method): said(answer, once[_left].customer)
        for route, method, answer in once[_left].answers(stranger, never, rows)
    }
    for ended, one in once.items():
        for route, method, answer in one.answers(stranger, one.token, rows):
            where = f"{ended.__name__}: {method} {route} -> {answer.status_code}"
            assert answer.status_code == 401 or not route.startswith(API), where
            assert said(answer, one.customer) == heard[route, method], where


@pytest.mark.parametrize("ended", [_left, _other_rights, _post_revoked])
def test_a_session_of_older_rights_has_to_sign_in_again(ended: Any) -> None:
    """Signing in again is asked for everywhere, also at addresses open to strangers: the old session must end."""
    once = Once()
    ended(once)
    rows, kept = Rows(also=ENDED), dict(once.browser.cookies)
    for route, method, answer in once.answers(once.browser, None, rows):
        once.browser.cookies.update(kept)
        to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/sign-in")
        turned_away = answer.status_code in (401, 404, 405) if route.startswith(API) else to_sign_in
        assert turned_away or _open_to_strangers(route, ended), f"{method} {route} -> {answer.status_code}"


def _open_to_strangers(route: str, ended: Any) -> bool:
    """Whose account is closed has no session left: at public addresses they are strangers like everybody. The API does
    not look at sessions at all, and its document is everybody's."""
    return route == DOCUMENT or (ended is _left and route.startswith(PUBLIC))


def test_a_post_that_ran_out_is_worth_no_more_than_none() -> None:
    """Time ends a post without touching the person: session and token live on, and open nothing that the post opened."""
    once, none = Once(), signed_in_as(person(None))
    RoleAssignment.objects.filter(person=once.person).update(
        granted_at=now() - timedelta(days=9), until=now() - timedelta(minutes=1)
    )
    rows = Rows(also=ENDED)
    heard = {(route, method): answer for route, method, answer in once.answers(none, None, rows)}
    for route, method, answer in once.answers(once.browser, once.token, rows):
        if route.startswith(API):
            assert answer.status_code >= 400 or route == DOCUMENT, f"{method} {route} -> {answer.status_code}"
        else:
            assert answer.status_code == heard[route, method].status_code, f"{method} {route} -> {answer.status_code}"
