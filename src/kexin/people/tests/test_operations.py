"""Verbs on staff: who may, what ends, what is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.clock import now
from kexin.people import facts, operations, queries
from kexin.people.models import ApiToken, Department, Person, RoleAssignment
from kexin.people.rules import posts
from kexin.people.tests.factories import PASSWORD, SETUP, caller_for, person
from kexin.people.types import (
    LinkEnded,
    NotEntitled,
    RoleConflict,
    SelfGrant,
    StaffNoTaken,
    WeakPassword,
)


def _state() -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM people_person p),"
            " (SELECT md5(string_agg(r::text, '|' ORDER BY id)) FROM people_roleassignment r),"
            " (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM people_apitoken t),"
            " (SELECT md5(string_agg(d::text, '|' ORDER BY id)) FROM people_department d)"
        )
        return tuple(cursor.fetchone())


@pytest.mark.parametrize("role", [role for role in posts.PURPOSES if role not in ("system_admin", "security_admin")])
def test_a_refused_verb_changes_nothing(role: str) -> None:
    asker, other = person(role), person("sales")
    caller = caller_for(asker)
    before = _state()
    verbs = [
        lambda: operations.create_person(caller, staff_no="X1", name="某人"),
        lambda: operations.deactivate(caller, person=other.id),
        lambda: operations.assign_role(caller, person=other.id, role="finance"),
        lambda: operations.revoke_role(caller, person=other.id, role="sales"),
        lambda: operations.create_department(caller, name="新部门"),
        lambda: operations.invite(caller, person=other.id),
        lambda: operations.create_token(
            caller, person=other.id, label="别人的", purposes=["presale"], expires_at=now() + timedelta(days=1)
        ),
    ]
    for verb in verbs:
        with pytest.raises(NotEntitled):
            verb()
    assert _state() == before


def test_each_change_leaves_a_line() -> None:
    with CaptureQueriesContext(connection) as asked:
        one = person("sales")
        operations.revoke_role(SETUP, person=one.id, role="sales")
        operations.deactivate(SETUP, person=one.id)
    assert sum('INSERT INTO "evidence_intake"' in query["sql"] or "INSERT INTO evidence_intake" in query["sql"] for query in asked) == 4


def test_nobody_grants_to_themselves() -> None:
    admin = person("security_admin")
    with pytest.raises(SelfGrant):
        operations.assign_role(caller_for(admin), person=admin.id, role="sales")
    assert set(admin.assignments.values_list("role", flat=True)) == {"security_admin"}


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("security_admin", "system_admin"),
        ("system_admin", "auditor"),
        ("auditor", "sales"),
        ("sales", "security_admin"),
        ("head", "sales_lead"),
        ("auditor", "dpo"),
    ],
)
def test_posts_that_exclude_each_other(held: str, wanted: str) -> None:
    one = person(held)
    with pytest.raises(RoleConflict):
        operations.assign_role(SETUP, person=one.id, role=wanted)


def test_small_mode_joins_two_administrations_but_never_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "small_firm", lambda: True)
    one = person("security_admin")
    operations.assign_role(SETUP, person=one.id, role="system_admin")
    with pytest.raises(RoleConflict):
        operations.assign_role(SETUP, person=one.id, role="auditor")
    owner = person("head")
    operations.assign_role(SETUP, person=owner.id, role="sales_lead")


def test_leaver_loses_everything_at_once() -> None:
    one = person("sales")
    caller = caller_for(one)
    made = operations.create_token(
        caller, person=one.id, label="脚本", purposes=["presale"], expires_at=now() + timedelta(days=9)
    )
    assert queries.token_held(made.secret) is not None
    operations.deactivate(SETUP, person=one.id)
    assert queries.token_held(made.secret) is None
    assert not queries.principal(caller).is_current
    assert queries.principal(caller).roles == frozenset()
    assert not RoleAssignment.objects.filter(person=one, revoked_at__isnull=True).exists()


def test_a_stale_or_invented_caller_has_no_rights() -> None:
    one = person("sales")
    old = caller_for(one)
    operations.assign_role(SETUP, person=one.id, role="analyst")
    assert not queries.principal(old).is_current
    assert queries.principal(caller_for(one)).roles == {"sales", "analyst"}
    forged = Caller(kind=CallerKind.SERVICE, id=one.id, epoch=0, service="importer")
    assert queries.principal(forged).roles == frozenset()
    assert queries.principal(Caller.for_service("importer")).roles == {"svc_importer"}
    bare_token = Caller(kind=CallerKind.TOKEN, id=one.id, epoch=old.epoch + 1)
    assert not queries.principal(bare_token).is_current


def test_a_dated_post_ends_by_itself_and_can_be_given_again() -> None:
    one = person("guest_auditor")
    RoleAssignment.objects.filter(person=one).update(granted_at=now() - timedelta(days=9), until=now() - timedelta(days=1))
    assert queries.principal(caller_for(one)).roles == frozenset()
    operations.assign_role(SETUP, person=one.id, role="guest_auditor", until=now() + timedelta(days=5))
    assert queries.principal(caller_for(one)).roles == {"guest_auditor"}


def test_departments_reach_up_and_teams_reach_down() -> None:
    company = operations.create_department(SETUP, name="公司")
    sales = operations.create_department(SETUP, name="销售部", parent=company)
    first = operations.create_department(SETUP, name="销售一部", parent=sales)
    lead, seller = person("sales_lead", department=sales), person("sales", department=first)
    assert queries.principal(caller_for(seller)).department_ids == {company, sales, first}
    assert queries.principal(caller_for(seller)).team_ids == frozenset()
    assert queries.principal(caller_for(lead)).team_ids == {sales, first}
    assert [name for _, name, _ in queries.departments() if name.startswith("销售")] == ["销售部", "销售一部"]
    assert Department.objects.get(id=first).path == [company, sales, first]


def test_token_keeps_no_secret_and_stays_within_the_person() -> None:
    one = person("sales")
    caller = caller_for(one)
    made = operations.create_token(
        caller, person=one.id, label="脚本", purposes=["presale", "presale"], expires_at=now() + timedelta(days=9)
    )
    row = ApiToken.objects.get(id=made.id)
    assert made.secret.startswith("kx_")
    assert made.secret.encode() not in bytes(row.digest)
    assert row.purposes == ["presale"]
    held = queries.token_held(made.secret)
    assert held is not None
    assert queries.principal(held.caller).roles == {"sales"}
    with pytest.raises(Exception, match="用途"):
        operations.create_token(
            caller, person=one.id, label="越界", purposes=["no_such"], expires_at=now() + timedelta(days=9)
        )
    operations.revoke_token(caller, token=made.id)
    assert queries.token_held(made.secret) is None
    assert not queries.principal(held.caller).is_current


def test_a_token_cannot_make_tokens() -> None:
    one = person("sales")
    made = operations.create_token(
        caller_for(one), person=one.id, label="脚本", purposes=["presale"], expires_at=now() + timedelta(days=9)
    )
    held = queries.token_held(made.secret)
    assert held is not None
    with pytest.raises(NotEntitled):
        operations.create_token(
            held.caller, person=one.id, label="再来", purposes=["presale"], expires_at=now() + timedelta(days=9)
        )


def test_staff_numbers_are_one_person_whatever_the_case() -> None:
    operations.create_person(SETUP, staff_no="XS0217", name="林晓雯")
    with pytest.raises(StaffNoTaken):
        operations.create_person(SETUP, staff_no="xs0217", name="林小雯")


@pytest.mark.parametrize("weak", ["short", "passwordpassword1", "林晓雯林晓雯林晓雯林晓雯林晓雯1", "1234567890123456", "x" * 129])
def test_weak_passwords(weak: str) -> None:
    one = person("sales", password=PASSWORD)
    with pytest.raises(WeakPassword):
        operations.change_password(caller_for(one), old=PASSWORD, new=weak)
    assert Person.objects.get(id=one.id).check_password(PASSWORD)


def test_passwords_are_argon2id() -> None:
    one = person("sales", password=PASSWORD)
    assert one.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_link_works_once_and_only_the_latest() -> None:
    one = person("sales")
    first, second = operations.invite(SETUP, person=one.id), operations.invite(SETUP, person=one.id)
    with pytest.raises(LinkEnded):
        operations.redeem_invitation(secret=first.secret, password=PASSWORD)
    operations.redeem_invitation(secret=second.secret, password=PASSWORD)
    assert Person.objects.get(id=one.id).check_password(PASSWORD)
    with pytest.raises(LinkEnded):
        operations.redeem_invitation(secret=second.secret, password=PASSWORD)


def test_the_founding_link_makes_one_first_person() -> None:
    link, spare = operations.invite(SETUP), None
    identity = operations.redeem_invitation(secret=link.secret, password=PASSWORD, staff_no="GL0001", name="周立群")
    assert queries.principal(queries.caller_of(identity)).roles == {"system_admin", "security_admin"}
    spare = operations.invite(SETUP)
    with pytest.raises(StaffNoTaken):
        operations.redeem_invitation(secret=spare.secret, password=PASSWORD, staff_no="GL0002", name="别人")


def test_limit_counts_failures_in_any_window() -> None:
    window = timedelta(minutes=5)
    answers = [operations.attempt("account", "xs1", limit=5, window=window) for _ in range(8)]
    assert answers == [True] * 5 + [False] * 3
    assert operations.attempt("account", "xs2", limit=5, window=window)
    operations.forgive("account", "xs1", all_of_them=True)
    assert operations.attempt("account", "xs1", limit=5, window=window)
