"""Facts about the installation itself: how it was born, which of its processes are alive, what was done outside."""

from __future__ import annotations

from django.db import models


class Birth(models.Model):
    """One row, written when the database is created and never changed (a trigger refuses): demo data or real people.

    A real installation can therefore never be turned into one that lets anybody sign in with one click.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    demo = models.BooleanField()
    born_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="site_birth_once")]


class Heartbeat(models.Model):
    """The last time a background process said it was alive, every few seconds; `healthz` reads it."""

    process = models.CharField(max_length=16, primary_key=True)
    beat_at = models.DateTimeField()


class Confirmation(models.Model):
    """Somebody who answers for the installation says that something outside was done: ``backup``, ``recovery-kit``."""

    step = models.CharField(max_length=24, primary_key=True)
    by = models.UUIDField()
    at = models.DateTimeField()
