"""How often: searches that found nobody and values opened per day, counted per member of staff, never with the term."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SearchMisses(models.Model):
    """The searches of one person that are under way or found nobody, by their instants; what is older than an hour
    goes with the next one. One row per person, so that taking a place is one atomic statement."""

    actor_id = models.UUIDField(primary_key=True)
    at = ArrayField(models.DateTimeField())


class TrialRows(models.Model):
    """One dry run of a kept file: how many rows it may still look up. Counted before the first one is."""

    id = models.UUIDField(primary_key=True)
    actor_id = models.UUIDField()
    file_id = models.UUIDField()
    rows = models.IntegerField()
    unused = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["actor_id", "at"], name="vault_trialrows_actor")]


class RevealCount(models.Model):
    """Values opened by one person on one Chinese day. Counted before anything opens; an erasure does not lower it."""

    pk = models.CompositePrimaryKey("actor_id", "day")
    actor_id = models.UUIDField()
    day = models.DateField()
    opened = models.IntegerField()
    last_at = models.DateTimeField()
