"""How much each attribute is really used: numbers of the whole house, never of a person."""

from django.db import models


class UseMeasure(models.Model):
    """One measuring of the whole catalogue: what was opened, used, provided in a span, and how many people have a value."""

    id = models.UUIDField(primary_key=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    days = models.IntegerField()
    #: Living records then, and how many of them were looked at.
    people = models.IntegerField(default=0)
    #: For how many days there have been records: before the span is over nobody can say that something is unused.
    observed = models.IntegerField(default=0)
    looked = models.IntegerField(default=0)
    #: Attribute -> {"uses", "last_on", "filled", "looked"}.
    attributes = models.JSONField(default=dict)
