"""Wrapped keys. Nothing here opens anything without the epoch key that the provider holds."""

from django.db import models
from django.db.models import Q


class Epoch(models.Model):
    """One key-encryption key of one class, wrapped by the provider. Classes: 0 evidence payloads, 1–4 grades of
    values, 5 files, 6 index keys."""

    id = models.UUIDField(primary_key=True)
    grade = models.SmallIntegerField()
    provider = models.CharField(max_length=24)
    provider_ref = models.CharField(max_length=120)
    wrapped = models.BinaryField()
    commit16 = models.BinaryField()
    #: How keys are wrapped under it and committed to: `sealing.SUITES`.
    suite = models.SmallIntegerField(default=1, db_default=1)
    #: active wraps new keys; retiring only unwraps, until "rows behind" is 0; destroyed opens nothing ever again.
    state = models.CharField(max_length=9, default="active")
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grade"], condition=Q(state="active"), name="keyring_epoch_one_active"),
            models.CheckConstraint(
                condition=Q(state__in=["active", "retiring", "destroyed"]), name="keyring_epoch_state"
            ),
        ]


class SubjectKey(models.Model):
    """The random key of one (subject, grade) in one generation, wrapped by an epoch key and committed to."""

    pk = models.CompositePrimaryKey("subject_id", "grade", "gen")
    subject_id = models.UUIDField()
    grade = models.SmallIntegerField()
    gen = models.SmallIntegerField()
    epoch_id = models.UUIDField()
    wrapped = models.BinaryField()
    commit16 = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["epoch_id"], name="keyring_key_epoch")]


class FileKey(models.Model):
    """The key of one file; burning the file deletes this row."""

    file_id = models.UUIDField(primary_key=True)
    subject_id = models.UUIDField(null=True)
    epoch_id = models.UUIDField()
    wrapped = models.BinaryField()
    commit16 = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["epoch_id"], name="keyring_file_epoch"),
            models.Index(fields=["subject_id"], name="keyring_file_subject"),
        ]


class IndexKey(models.Model):
    """The key of one search index in one generation. A generation lives no longer than the erasure horizon."""

    pk = models.CompositePrimaryKey("index", "gen")
    index = models.CharField(max_length=48)
    gen = models.SmallIntegerField()
    #: Whose hash its tokens are made with: SM3 under suite 2.
    suite = models.SmallIntegerField(default=1, db_default=1)
    epoch_id = models.UUIDField()
    wrapped = models.BinaryField()
    commit16 = models.BinaryField()
    #: building is written beside active but not read; retiring is still written but read no more; closing is neither
    #: and waits for its tokens to be dropped.
    state = models.CharField(max_length=8, default="active")
    #: Since when it is in this state.
    since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index"], condition=Q(state="active"), name="keyring_index_one_active"),
        ]


class Tombstone(models.Model):
    """This subject was erased: the database refuses any key for it, for ever."""

    subject_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
