"""What is kept of signing in, and for how long; and whose address a limit counts."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import RequestFactory, override_settings

from kexin.foundation.caller import Caller
from kexin.foundation.clock import now
from kexin.people import client, operations
from kexin.people.models import Attempt, RoleAssignment, SignIn
from kexin.people.tests.factories import SETUP, caller_for, person
from kexin.people.types import NotEntitled
from kexin.site import testing

#: The worker's own program does this at night; a batch of two shows that it goes on.
NIGHT = (
    "import django; django.setup();"
    "from kexin.foundation.caller import Caller; from kexin.people import operations;"
    "print(operations.forget_old_sign_ins(Caller.for_service('maintenance'), batch=2))"
)


def test_only_what_is_past_its_time_goes(fresh_db: testing.Fresh) -> None:
    who = person()
    at = now()
    for days in (500, 300, 200, 186, 185, 183, 30, 0):
        SignIn.objects.create(person_id=who.id, at=at - timedelta(days=days), way="password", place="", device="")
    for number, hits in enumerate(([30, 25], [30], [], [48], [25], [30, 1], [0])):
        Attempt.objects.create(bucket=f"b{number}", hits=[at - timedelta(hours=hours) for hours in hits])
    for number, hours in enumerate((-24, -2, 2)):
        Session.objects.create(session_key=f"s{number}", session_data="", expire_date=at + timedelta(hours=hours))
    done = subprocess.run(
        [sys.executable, "-c", NIGHT], env=fresh_db.environment("worker"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{'sign_ins': 5, 'sessions': 2, 'attempts': 5}"
    assert sorted((at - row.at).days for row in SignIn.objects.all()) == [0, 30, 183]
    assert set(Attempt.objects.values_list("bucket", flat=True)) == {"b5", "b6"}
    assert set(Session.objects.values_list("session_key", flat=True)) == {"s2"}


@pytest.mark.parametrize("role", ["security_admin", "system_admin", "auditor", "head"])
def test_nobody_but_the_timetable_forgets(role: str) -> None:
    with pytest.raises(NotEntitled):
        operations.forget_old_sign_ins(caller_for(person(role)))
    with pytest.raises(NotEntitled):
        operations.forget_old_sign_ins(Caller.for_service("signin"))


def test_a_post_whose_time_ran_out_lends_a_token_nothing() -> None:
    from kexin.foundation.problems import Invalid

    who = person("sales")
    RoleAssignment.objects.filter(person_id=who.id).update(
        granted_at=now() - timedelta(days=2), until=now() - timedelta(seconds=1)
    )
    with pytest.raises(Invalid):
        operations.create_token(
            SETUP, person=who.id, label="接口", purposes=["presale"], expires_at=now() + timedelta(days=1)
        )


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("seen", "told", "counted"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.8", "203.0.113.8", "203.0.113.8"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("", "unknown", "unknown"),
        ("nonsense", "unknown", "unknown"),
    ],
)
def test_whose_address_a_limit_counts(seen: str, told: str, counted: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=seen)
    assert (client.address(request), client.network(request)) == (told, counted)
    with override_settings(KEXIN_TRUSTED_PROXIES=1):
        behind = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": f"198.51.100.1, {seen}"})
        expected = (told, counted) if told != "unknown" else ("127.0.0.1", "127.0.0.1")
        assert (client.address(behind), client.network(behind)) == expected


@pytest.mark.no_db
def test_a_person_at_this_machine_through_a_socket_of_both_kinds() -> None:
    here = RequestFactory().get("/", REMOTE_ADDR="::ffff:127.0.0.1", HTTP_HOST="localhost:8600")
    assert client.is_loopback(here)
    assert not client.is_loopback(RequestFactory().get("/", REMOTE_ADDR="::ffff:10.0.0.1", HTTP_HOST="localhost:8600"))
