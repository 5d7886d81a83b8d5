"""Sealed files: chunks in the database, one key per file in the keyring, an end date from birth."""

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


class FileChunk(models.Model):
    """64 KiB of a file; sealed with the file's id, the chunk's number and whether it is the last."""

    pk = models.CompositePrimaryKey("file_id", "no")
    file_id = models.UUIDField()
    no = models.IntegerField()
    ct = models.BinaryField()
