"""Rulebooks as signed: versions, signatures, and the instants from which they are in force. All three only grow."""

from django.db import models

from kexin.foundation.fields import IdField, InstantField


class RulebookVersion(models.Model):
    """One version: the exact bytes that people sign. Rows are only added (trigger)."""

    id = IdField(primary_key=True)
    number = models.IntegerField(unique=True)
    sha256 = models.CharField(max_length=64)
    source = models.BinaryField()
    #: The version in force when this one was compared; a signature counts only while that is still so.
    base_sha256 = models.CharField(max_length=64, default="", blank=True)
    loosens = models.BooleanField()
    drafted_by = models.UUIDField()
    drafted_at = InstantField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(number__gt=0), name="regime_rulebookversion_number")]


class RulebookSignature(models.Model):
    """One person's signature over the bytes of a version; nobody signs one twice."""

    id = IdField(primary_key=True)
    version = models.ForeignKey(RulebookVersion, on_delete=models.PROTECT, related_name="signatures")
    signer = models.UUIDField()
    body = models.BinaryField()
    key_id = models.CharField(max_length=64)
    alg = models.CharField(max_length=16)
    sig = models.BinaryField()
    signed_at = InstantField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "signer"], name="regime_rulebooksignature_once")]


class RulebookActivation(models.Model):
    """From when a version is in force: the newest activation that is not in the future speaks."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(RulebookVersion, on_delete=models.PROTECT, related_name="activations")
    effective_at = models.DateTimeField()
    activated_by = models.UUIDField()
    activated_at = InstantField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version"], name="regime_rulebookactivation_once")]
        indexes = [models.Index(fields=["-effective_at", "-id"], name="regime_activation_effective")]
