"""How often: searches that found nobody and values opened per day, counted per member of staff, never with the term."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SearchMisses(models.Model):
    """The searches of one person that are under way or found nobody, by their instants; what is older than an hour
    goes with the next one. One row per person, so that taking a place is one atomic statement."""

    actor_id = models.UUIDField(primary_key=True)
    at = ArrayField(models.DateTimeField())


class RevealCount(models.Model):
    """Values opened by one person on one Chinese day. Counted before anything opens; an erasure does not lower it."""

    pk = models.CompositePrimaryKey("actor_id", "day")
    actor_id = models.UUIDField()
    day = models.DateField()
    opened = models.IntegerField()
    last_at = models.DateTimeField()
