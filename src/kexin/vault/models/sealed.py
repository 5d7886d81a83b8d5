"""The closed half of a record: one envelope per (record, grade)."""

from django.db import models
from django.db.models import Q


class Sealed(models.Model):
    """One envelope. `entity` is ``identity`` (the subject's own values), ``display`` (masked renderings, grade 2),
    ``hold`` (values kept by law) or a chapter's record; `ct` is ``suite | nonce or salt | ciphertext | tag``."""

    pk = models.CompositePrimaryKey("subject_id", "entity", "entity_id", "grade")
    subject_id = models.UUIDField()
    entity = models.CharField(max_length=24)
    entity_id = models.UUIDField()
    grade = models.SmallIntegerField()
    ver = models.IntegerField()
    suite = models.SmallIntegerField()
    key_gen = models.SmallIntegerField()
    ct = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(grade__gte=1, grade__lte=4), name="vault_sealed_grade")]


class SealedHistory(models.Model):
    """A superseded envelope, byte for byte, under the same subject key, until the undo window ends."""

    id = models.BigAutoField(primary_key=True)
    subject_id = models.UUIDField()
    entity = models.CharField(max_length=24)
    entity_id = models.UUIDField()
    grade = models.SmallIntegerField()
    ver = models.IntegerField()
    suite = models.SmallIntegerField()
    key_gen = models.SmallIntegerField()
    ct = models.BinaryField()
    #: amend, merge or import: whose undo needs it.
    cause = models.CharField(max_length=16)
    cause_id = models.UUIDField(null=True)
    superseded_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "entity", "entity_id", "grade", "ver", "key_gen"], name="vault_history_once"
            )
        ]
        indexes = [models.Index(fields=["until"], name="vault_history_until")]


class Installation(models.Model):
    """This installation's name inside every seal: bytes sealed elsewhere do not open here. One row, born with the
    schema."""

    only = models.BooleanField(primary_key=True, default=True)
    id = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(only=True), name="vault_installation_single")]
