"""Sealed files: chunks in the database, one key per file in the keyring, an end date from birth."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class File(models.Model):
    """One kept file. Its name is sealed too: people write names into file names."""

    id = models.UUIDField(primary_key=True)
    #: upload, scan, proof, export, report: what it is for.
    kind = models.CharField(max_length=16)
    #: The one person it is about; NULL for a file about many or none.
    subject_id = models.UUIDField(null=True)
    state = models.CharField(max_length=9, default="receiving")
    #: How name and chunks are sealed: 1 AES-256-GCM, 2 SM4-GCM.
    suite = models.SmallIntegerField(default=1, db_default=1)
    name_ct = models.BinaryField(null=True)
    media_type = models.CharField(max_length=100, default="application/octet-stream")
    size_bytes = models.BigIntegerField(default=0)
    chunks = models.IntegerField(default=0)
    kept_by = models.UUIDField()
    #: What it is about (see `types.About`), decided again at every opening. A file without either opens for nobody.
    permission = models.CharField(max_length=64, db_default="", blank=True)
    purpose = models.CharField(max_length=48, db_default="", blank=True)
    action = models.CharField(max_length=16, db_default="", blank=True)
    attributes = ArrayField(models.CharField(max_length=48), null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    burned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["receiving", "kept", "burned"]), name="vault_file_state")
        ]
        indexes = [
            models.Index(fields=["subject_id"], name="vault_file_subject", condition=Q(subject_id__isnull=False)),
            models.Index(fields=["expires_at"], name="vault_file_expiry", condition=~Q(state="burned")),
        ]


class FileSubject(models.Model):
    """A person whom a file shows, known by id to whoever kept it: what of the person stands in it. Gone with the file."""

    pk = models.CompositePrimaryKey("file_id", "subject_id")
    file_id = models.UUIDField()
    subject_id = models.UUIDField()
    attributes = ArrayField(models.CharField(max_length=48))
    #: Those of them that are not masked.
    full = ArrayField(models.CharField(max_length=48))

    class Meta:
        indexes = [models.Index(fields=["subject_id"], name="vault_filesubject_subject")]


class FileChunk(models.Model):
    """64 KiB of a file; sealed with the file's id, the chunk's number and whether it is the last."""

    pk = models.CompositePrimaryKey("file_id", "no")
    file_id = models.UUIDField()
    no = models.IntegerField()
    ct = models.BinaryField()
