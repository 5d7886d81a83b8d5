"""Searches that found nobody: counted per member of staff, kept a day, without the term."""

from django.db import models


class SearchMiss(models.Model):
    """One search without a result. It says who asked and when, nothing about what."""

    id = models.BigAutoField(primary_key=True)
    actor_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["actor_id", "at"], name="vault_miss_actor")]
