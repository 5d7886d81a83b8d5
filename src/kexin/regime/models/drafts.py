"""Rulebooks on their way: a person's draft, and what a text would change as it was counted. Neither is in force."""

from django.db import models
from django.db.models import Q

from kexin.foundation.fields import IdField, InstantField

#: Where a counting stands.
STATES = ("queued", "running", "done", "failed")


class RulebookDraft(models.Model):
    """One person's draft: the whole text as it would be signed, and the version that it was begun from."""

    id = IdField(primary_key=True)
    author = models.UUIDField(unique=True)
    source = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    base_number = models.IntegerField()
    base_sha256 = models.CharField(max_length=64)
    #: Grows with every edit; an edit names the one that it was made on.
    ver = models.IntegerField(default=1)
    created_at = InstantField()
    updated_at = InstantField()


class RulebookImpact(models.Model):
    """What exactly these bytes would change against exactly that version, counted over the living records once."""

    id = IdField(primary_key=True)
    sha256 = models.CharField(max_length=64)
    source = models.BinaryField()
    base_number = models.IntegerField()
    base_sha256 = models.CharField(max_length=64)
    asked_by = models.UUIDField()
    asked_at = InstantField()
    state = models.CharField(max_length=8, default="queued")
    #: People looked at so far, and how many there were when it began.
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    problem = models.CharField(max_length=64, default="", blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    #: Canonical JSON, and the hex SHA-256 of it, which a signature names.
    result = models.BinaryField(null=True)
    digest = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="regime_impact_state"),
            models.CheckConstraint(condition=~Q(state="done") | ~Q(digest=""), name="regime_impact_digest"),
        ]
        indexes = [models.Index(fields=["sha256", "base_sha256", "-asked_at"], name="regime_impact_text")]
