"""Imports as rows: where each stands, what was written in which batch, and which rows were left out and why."""

from django.db import models
from django.db.models import Q

_STAGES = ["opened", "mapped", "declared", "trying", "tried", "running", "done", "cancelled", "stopped"]


class ImportRun(models.Model):
    """One file on its way in. The file itself is sealed in the vault; nothing of its rows stands here."""

    id = models.UUIDField(primary_key=True)
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()
    file_id = models.UUIDField()
    file_kind = models.CharField(max_length=8)
    encoding = models.CharField(max_length=16, default="", blank=True)
    encoding_sure = models.BooleanField(default=True)
    delimiter = models.CharField(max_length=2, default="", blank=True)
    sheet = models.CharField(max_length=64, default="", blank=True)
    #: Rows with content below the header.
    rows = models.IntegerField(default=0)
    max_rows = models.IntegerField()
    #: Names of the columns; one that looks like a value is stored as its place.
    headers = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=64)
    #: Attribute key per column, "" = left out.
    mapping = models.JSONField(default=list)
    remembered = models.BooleanField(default=False)
    remarks = models.JSONField(default=list)
    source = models.CharField(max_length=32, default="", blank=True)
    label = models.CharField(max_length=120, default="", blank=True)
    purpose = models.CharField(max_length=48, default="", blank=True)
    basis = models.CharField(max_length=32, default="", blank=True)
    proof_file = models.UUIDField(null=True)
    source_act = models.UUIDField(null=True)
    write_known = models.BooleanField(default=False)
    stage = models.CharField(max_length=9, default="opened")
    cancel_asked = models.BooleanField(default=False)
    problem = models.CharField(max_length=64, default="", blank=True)
    #: The last row of the file that is finished, and how many rows that were.
    last_row = models.IntegerField(default=0)
    rows_done = models.IntegerField(default=0)
    new = models.IntegerField(default=0)
    known = models.IntegerField(default=0)
    repeated = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    written = models.IntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(stage__in=_STAGES), name="collection_run_stage")]
        indexes = [models.Index(fields=["opened_by", "-opened_at"], name="collection_run_mine")]


class ImportBatch(models.Model):
    """Rows written together, committed with them: what makes a killed import resume without a row twice or lost."""

    pk = models.CompositePrimaryKey("run_id", "first_row")
    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT)
    first_row = models.IntegerField()
    last_row = models.IntegerField()
    rows = models.IntegerField()
    written = models.IntegerField()
    at = models.DateTimeField()


class ImportRejection(models.Model):
    """A row that is not written, or is possibly known: its number and the reason's code; never a value."""

    pk = models.CompositePrimaryKey("run_id", "row")
    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT)
    row = models.IntegerField()
    verdict = models.CharField(max_length=8)
    attribute = models.CharField(max_length=48, default="", blank=True)
    code = models.CharField(max_length=32)
    #: The earlier row that a repeated one repeats.
    other_row = models.IntegerField(null=True)


class ColumnMemory(models.Model):
    """How one person matched the columns of files with these headers, so that the next one is matched at once."""

    pk = models.CompositePrimaryKey("person", "fingerprint")
    person = models.UUIDField()
    fingerprint = models.CharField(max_length=64)
    mapping = models.JSONField()
    at = models.DateTimeField()
