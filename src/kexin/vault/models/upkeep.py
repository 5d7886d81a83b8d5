"""What runs in the background remembers: rebuilding envelopes, the nightly change of age, records that are watched."""

from django.db import models
from django.db.models import Q


class Rebuild(models.Model):
    """One walk over all records that brings them to the catalogue in force. `cursor` is the last record done; what is
    behind is a count of the records after it."""

    id = models.UUIDField(primary_key=True)
    #: Fingerprint of what the catalogue says about masks, display, grades, storage and indexes.
    plan = models.CharField(max_length=64)
    #: The masks that it brings (attribute -> type and mask rule), and the digest that display envelopes name them by.
    stamp = models.CharField(max_length=16)
    masks = models.JSONField(default=dict)
    #: The rulebook in force before; "" where there was none. Its stricter half holds for what is still behind.
    base = models.CharField(max_length=64, default="", blank=True)
    #: Whether search tokens are written again too.
    tokens = models.BooleanField(default=False)
    cursor = models.UUIDField(null=True)
    done = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    #: Records that did not open; they stay as they are and are counted again by the next walk.
    failed = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    #: When what was written while the walk began was looked at once more.
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="vault_rebuild_open", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["stamp"], name="vault_rebuild_stamp"),
        ]


class Upkeep(models.Model):
    """Up to which day a daily run is done."""

    name = models.CharField(max_length=32, primary_key=True)
    day = models.DateField()
    at = models.DateTimeField()


class Watch(models.Model):
    """A record whose opening raises an alarm (诱饵数据). The row is a keyed token of the record's id: without the keys
    nobody can tell which records are watched, not from this table and not from a backup of it."""

    token = models.BinaryField(primary_key=True)
    at = models.DateTimeField()
