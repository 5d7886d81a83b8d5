"""Tables of this room. Private: other rooms ask `queries` and `operations`."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from kexin.foundation.fields import IdField, InstantField


class Department(models.Model):
    """A node of the company's tree. ``path`` holds the ids from the root down to itself."""

    id = IdField(primary_key=True)
    name = models.CharField(max_length=64)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    lead = models.ForeignKey("Person", null=True, on_delete=models.PROTECT, related_name="leads")
    path = ArrayField(models.UUIDField())
    order = models.IntegerField(default=0)

    class Meta:
        indexes = [GinIndex(fields=["path"], name="people_department_path")]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="people_department_sibling", nulls_distinct=False)
        ]


class PersonManager(BaseUserManager["Person"]):
    """Reads by 工号; people are created by `operations.create_person` alone."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(staff_no__iexact=username)


class Person(AbstractBaseUser):
    """A member of staff, or an outside auditor with a dated account. ``epoch`` grows whenever their rights change."""

    id = IdField(primary_key=True)
    staff_no = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=64)
    email = models.EmailField(null=True)
    phone = models.CharField(max_length=32, null=True)
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="people")
    epoch = models.IntegerField(default=1)
    is_active = models.BooleanField(default=True)
    joined_at = InstantField()
    left_at = models.DateTimeField(null=True)

    objects = PersonManager()

    USERNAME_FIELD = "staff_no"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("staff_no"), name="people_person_staff_no"),
            models.UniqueConstraint(Lower("email"), name="people_person_email"),
            models.CheckConstraint(condition=Q(is_active=True) | Q(left_at__isnull=False), name="people_person_left"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_no} {self.name}"

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    """A post held from ``granted_at`` to ``revoked_at`` or ``until``. Rows are never deleted: who held what is asked years later."""

    id = IdField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=32)
    until = models.DateTimeField(null=True)
    granted_at = InstantField()
    granted_by = models.UUIDField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"], condition=Q(revoked_at__isnull=True), name="people_role_once"
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gt=F("granted_at")), name="people_role_until"),
        ]


class ApiToken(models.Model):
    """A bearer token of a named person. Only the SHA-256 of its 256 random bits is kept."""

    id = IdField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32, unique=True)
    ends = models.CharField(max_length=4)
    purposes = ArrayField(models.CharField(max_length=32))
    created_at = InstantField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(purposes__len__gt=0), name="people_token_purposes"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="people_token_expires"),
        ]


class SignIn(models.Model):
    """One session of one person: when, from where, how it ended. Kept 6 months (网络安全法 第二十三条)."""

    id = IdField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sign_ins")
    at = InstantField()
    way = models.CharField(max_length=16)
    place = models.CharField(max_length=64)
    device = models.CharField(max_length=64)
    session_key = models.CharField(max_length=40, null=True, unique=True)
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=16, default="")


class Attempt(models.Model):
    """Recent tries of one limited thing. ``bucket`` is a keyed digest: a password typed into the name field stays unread."""

    bucket = models.CharField(max_length=64, primary_key=True)
    hits = ArrayField(models.DateTimeField())


class Invitation(models.Model):
    """A one-time link with which a person sets a password; without a person it founds the first account."""

    id = IdField(primary_key=True)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="invitations")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = InstantField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
