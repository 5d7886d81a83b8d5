"""What left the safe: one row per value shown, per use without seeing, per disclosure. Values are never here."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Reveal(models.Model):
    """One value opened on one screen, or used without being shown (`kind` contact)."""

    id = models.UUIDField(primary_key=True)
    subject_id = models.UUIDField()
    attribute = models.CharField(max_length=48)
    kind = models.CharField(max_length=8, default="reveal")
    purpose = models.CharField(max_length=48)
    actor_id = models.UUIDField()
    #: A case, order or task number that is the reason; typed reasons are sealed under the subject's payload key.
    ticket = models.CharField(max_length=64, default="", blank=True)
    reason_ct = models.BinaryField(null=True)
    intake_id = models.UUIDField()
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_id", "-at"], name="vault_reveal_subject"),
            models.Index(fields=["actor_id", "-at"], name="vault_reveal_actor"),
        ]


class Disclosure(models.Model):
    """Values of one subject that left the house: 导出 (export), 委托处理 (entrust), 对外提供 (provide)."""

    id = models.UUIDField(primary_key=True)
    subject_id = models.UUIDField()
    kind = models.CharField(max_length=8)
    recipient = models.CharField(max_length=48, default="", blank=True)
    purpose = models.CharField(max_length=48)
    attributes = ArrayField(models.CharField(max_length=48))
    batch = models.UUIDField()
    actor_id = models.UUIDField()
    at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    recalled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_id", "-at"], name="vault_disclosure_subject"),
            models.Index(fields=["batch"], name="vault_disclosure_batch"),
        ]
