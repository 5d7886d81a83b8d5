"""Leaving: legal holds, erasures and what each room did for them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Hold(models.Model):
    """A law keeps these attributes (法定留存): they wait in a hold envelope, invisible to every purpose but legal."""

    id = models.UUIDField(primary_key=True)
    subject_id = models.UUIDField()
    attributes = ArrayField(models.CharField(max_length=48))
    ground = models.CharField(max_length=64)
    article = models.CharField(max_length=120, default="", blank=True)
    until = models.DateTimeField(null=True)
    placed_by = models.UUIDField()
    placed_at = models.DateTimeField()
    released_by = models.UUIDField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_id"], name="vault_hold_live", condition=Q(released_at__isnull=True)),
        ]


class Erasure(models.Model):
    """One deletion from request to certificate. At most one is open per subject; `done` is final."""

    STATES = ("erasing", "held", "done")

    id = models.UUIDField(primary_key=True)
    subject_id = models.UUIDField()
    number = models.BigIntegerField()
    #: request, retention, discarded, import_undo: what caused it; `request_ref` names the request's row.
    ground = models.CharField(max_length=24)
    request_ref = models.UUIDField(null=True)
    state = models.CharField(max_length=8, default="erasing")
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    keys_burned_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    #: The evidence line `customer.erased`, and the signed statement about what was removed (no personal data).
    intake_id = models.UUIDField(null=True)
    certificate = models.BinaryField(null=True)
    signature = models.BinaryField(null=True)
    signing_key = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id"], condition=~Q(state="done"), name="vault_erasure_one_open"),
            models.CheckConstraint(condition=Q(state__in=["erasing", "held", "done"]), name="vault_erasure_state"),
        ]
        indexes = [models.Index(fields=["subject_id"], name="vault_erasure_subject")]


class ErasureStep(models.Model):
    """What one holding did: how much it removed over all attempts, and what a second reading still found."""

    pk = models.CompositePrimaryKey("erasure_id", "key")
    erasure_id = models.UUIDField()
    key = models.CharField(max_length=64)
    order = models.IntegerField()
    removed = models.IntegerField(default=0)
    remaining = models.IntegerField(default=0)
    note = models.CharField(max_length=120, default="", blank=True)
    attempts = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)
