"""Relations of principals to subjects: the only relations that rules compile against."""

from django.db import models
from django.db.models import Q

from kexin.foundation.fields import IdField, InstantField


class Grant(models.Model):
    """One relation, in force until ``until``. Ending one sets ``until``: who could see whom is asked years later."""

    id = IdField(primary_key=True)
    #: None: a standing relation that holds for every subject (a passed exam, an approved PIA).
    subject_id = models.UUIDField(null=True)
    #: A person, a department, a role (`types.role_principal`) or everybody (`types.EVERYONE`).
    principal_id = models.UUIDField()
    relation = models.CharField(max_length=32)
    #: Purpose under which alone it holds; "" = under every one.
    purpose = models.CharField(max_length=32, default="", blank=True)
    #: The case, approval, task or request behind it, as an opaque reference.
    ref = models.CharField(max_length=64, default="", blank=True)
    until = models.DateTimeField(null=True)
    granted_by = models.UUIDField()
    granted_at = InstantField()
    ended_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "principal_id", "relation", "purpose", "ref"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="regime_grant_once",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(until__isnull=False), name="regime_grant_ended"
            ),
        ]
        indexes = [
            models.Index(fields=["principal_id", "relation", "subject_id"], name="regime_grant_principal"),
            models.Index(fields=["subject_id", "relation"], name="regime_grant_subject"),
        ]
