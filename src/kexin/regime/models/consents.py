"""Consent as events that are only added, the present state as a projection of them, and the receipts handed out."""

from django.db import models
from django.db.models import Q

from kexin.foundation.fields import IdField, InstantField
from kexin.regime.rules.consent import KINDS, METHODS, STATUSES


class ConsentEvent(models.Model):
    """One thing that happened to one consent (fields of law.md §5.2). A trigger forbids UPDATE, DELETE and TRUNCATE.

    The row names nobody: ``subject_id`` is the pseudonym of the person, and the rest are codes, hashes and references.
    """

    #: Order of events; gaps are normal (a rolled-back transaction).
    seq = models.BigAutoField(primary_key=True)
    id = IdField(unique=True)
    #: One record per (subject, purpose, channel), carried by all its events.
    record_id = models.UUIDField()
    subject_id = models.UUIDField()
    purpose = models.CharField(max_length=32)
    channel = models.CharField(max_length=16, default="", blank=True)
    kind = models.CharField(max_length=16)
    status = models.CharField(max_length=16)
    basis = models.CharField(max_length=32)
    notice_id = models.UUIDField(null=True)
    notice_version = models.IntegerField(null=True)
    notice_sha256 = models.CharField(max_length=64, default="", blank=True)
    locale = models.CharField(max_length=16, default="zh")
    #: {"attributes": […], "recipients": […], "sensitive": […], "bases": […]} as it stood when the person decided.
    scope = models.JSONField()
    scope_sha256 = models.CharField(max_length=64)
    rulebook_sha256 = models.CharField(max_length=64)
    method = models.CharField(max_length=16)
    form = models.CharField(max_length=64, default="", blank=True)
    #: Hash of what the screen or the paper said, word for word (the bytes stand with the notice or the form).
    wording_sha256 = models.CharField(max_length=64, default="", blank=True)
    device_sha256 = models.CharField(max_length=64, default="", blank=True)
    paper_file = models.UUIDField(null=True)
    guardian_subject = models.UUIDField(null=True)
    guardian_relation = models.CharField(max_length=32, default="", blank=True)
    guardian_method = models.CharField(max_length=32, default="", blank=True)
    pia = models.CharField(max_length=64, default="", blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = InstantField()
    valid_until = models.DateTimeField(null=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.UUIDField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="regime_consentevent_status"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="regime_consentevent_kind"),
            models.CheckConstraint(condition=Q(method__in=METHODS), name="regime_consentevent_method"),
            models.CheckConstraint(
                condition=~Q(kind="guardian") | ~Q(status="given") | ~Q(guardian_relation=""),
                name="regime_consentevent_guardian",
            ),
            models.CheckConstraint(
                condition=~Q(method="paper") | Q(paper_file__isnull=False), name="regime_consentevent_paper"
            ),
        ]
        indexes = [models.Index(fields=["subject_id", "purpose", "channel", "seq"], name="regime_consentevent_one")]


class ConsentState(models.Model):
    """Where one consent stands now. Always rebuildable from the events; rules are joined against it."""

    id = models.BigAutoField(primary_key=True)
    subject_id = models.UUIDField()
    purpose = models.CharField(max_length=32)
    channel = models.CharField(max_length=16, default="", blank=True)
    status = models.CharField(max_length=16)
    kind = models.CharField(max_length=16)
    valid_until = models.DateTimeField(null=True)
    scope_sha256 = models.CharField(max_length=64)
    notice_version = models.IntegerField(null=True)
    record_id = models.UUIDField()
    #: The event that made it so.
    event_seq = models.BigIntegerField()
    at = models.DateTimeField()
    #: The last refusal or withdrawal, so that nobody is asked again too soon.
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "purpose", "channel"], name="regime_consentstate_one"),
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="regime_consentstate_status"),
        ]
        indexes = [models.Index(fields=["purpose", "channel", "status"], name="regime_consentstate_count")]


class Receipt(models.Model):
    """A signed receipt as it was handed out: exact bytes, never changed (trigger)."""

    id = IdField(primary_key=True)
    #: Eight letters of Crockford's base 32 without the dashes: R-7F3K-29QD is 7F3K29QD.
    code = models.CharField(max_length=8, unique=True)
    event = models.OneToOneField(ConsentEvent, on_delete=models.PROTECT, related_name="receipt")
    subject_id = models.UUIDField(db_index=True)
    document = models.BinaryField()
    key_id = models.CharField(max_length=64)
    signature = models.BinaryField()
    algorithm = models.CharField(max_length=16)
    #: The evidence line that binds the document's hash; its inclusion proof travels with the signed document.
    intake_id = models.UUIDField(null=True)
