"""The open half of a record: what the house may know about a subject without opening anything."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Subject(models.Model):
    """One person or organisation. The row outlives erasure as an empty place: ids and numbers are never reused."""

    KINDS = ("person", "organisation")
    STATES = ("active", "frozen", "erasing", "erased")
    AGES = ("adult", "minor", "under14", "unknown")

    id = models.UUIDField(primary_key=True)
    #: Shown as K-204817; from the sequence vault_subject_number_seq.
    number = models.BigIntegerField(unique=True)
    kind = models.CharField(max_length=16, default="person")
    state = models.CharField(max_length=8, default="active")
    age_status = models.CharField(max_length=8, default="unknown")
    #: True while no source act with a proof or a lawful basis stands behind the record (来源或凭证不明).
    unproven = models.BooleanField(default=False)
    #: Random name of this subject in the evidence ledger; the link dies with the erasure.
    audit_id = models.UUIDField(null=True, unique=True)
    facets = models.JSONField(default=dict)
    #: The customer's own last contact; a staff note or an unanswered call never moves it.
    contact_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)
    #: Set while this record lives inside another one (see Merge); an undo clears it.
    merged_into = models.UUIDField(null=True)
    #: Why the record is frozen: a code of the rulebook or of the house (request, notice_overdue, unproven_overdue).
    freeze_ground = models.CharField(max_length=32, default="", blank=True)
    created_at = models.DateTimeField()
    ver = models.IntegerField(default=1)
    #: What lists and searches may show at all. Kept by the database so that no query can forget a part of it.
    visible = models.GeneratedField(
        expression=models.Case(
            models.When(
                Q(state__in=["active", "frozen"]) & Q(discarded_at__isnull=True) & Q(merged_into__isnull=True),
                then=models.Value(True),
            ),
            default=models.Value(False),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["person", "organisation"]), name="vault_subject_kind"),
            models.CheckConstraint(
                condition=Q(state__in=["active", "frozen", "erasing", "erased"]), name="vault_subject_state"
            ),
            models.CheckConstraint(
                condition=Q(age_status__in=["adult", "minor", "under14", "unknown"]), name="vault_subject_age"
            ),
            models.CheckConstraint(
                condition=~Q(state="erased") | (Q(audit_id__isnull=True) & Q(facets={})), name="vault_subject_erased"
            ),
        ]
        indexes = [
            GinIndex(fields=["facets"], name="vault_subject_facets", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["-created_at", "-id"], name="vault_subject_newest", condition=Q(visible=True)),
            models.Index(fields=["-contact_at"], name="vault_subject_contact", condition=Q(contact_at__isnull=False)),
            models.Index(fields=["discarded_at"], name="vault_subject_bin", condition=Q(discarded_at__isnull=False)),
            models.Index(fields=["state"], name="vault_subject_leaving", condition=Q(state="erasing")),
            models.Index(fields=["merged_into"], name="vault_subject_merged", condition=Q(merged_into__isnull=False)),
        ]


class Merge(models.Model):
    """Two records found to be one person. The source keeps every byte under its own keys, so an undo is exact."""

    id = models.UUIDField(primary_key=True)
    source_id = models.UUIDField()
    target_id = models.UUIDField()
    #: Attributes that the survivor took over because it had none of its own.
    taken = models.JSONField(default=list)
    #: Facets that the survivor took over.
    taken_facets = models.JSONField(default=list)
    #: Version of the survivor before and after; equal versions at the undo mean that no later work happened.
    target_ver_before = models.IntegerField()
    target_ver_after = models.IntegerField()
    merged_by = models.UUIDField()
    merged_at = models.DateTimeField()
    undone_by = models.UUIDField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_id"], condition=Q(undone_at__isnull=True), name="vault_merge_once"),
            models.CheckConstraint(condition=~Q(source_id=models.F("target_id")), name="vault_merge_two"),
        ]
        indexes = [models.Index(fields=["target_id"], name="vault_merge_target")]
