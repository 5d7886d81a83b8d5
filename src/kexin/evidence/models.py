"""Tables of the ledger. Leaves, tiles, checkpoints and the subject index only ever grow (triggers in the migration)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Intake(models.Model):
    """A line that waits for its number. Written in the caller's own transaction by one INSERT, taken by the sequencer."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    event = models.TextField()
    decision = models.TextField()
    actor = models.TextField()
    opens = models.IntegerField(default=0)
    body = models.BinaryField()
    audit_ids = ArrayField(models.UUIDField(), default=list)
    payload = models.BinaryField(null=True)


class Leaf(models.Model):
    """A numbered line: ``hash`` = SHA-256(0x00 | body) over the stored bytes. Other columns repeat the body for filters."""

    seq = models.BigIntegerField(primary_key=True)
    intake_id = models.UUIDField(unique=True)
    hash = models.BinaryField()
    body = models.BinaryField()
    at = models.DateTimeField()
    event = models.TextField()
    decision = models.TextField()
    actor = models.TextField()
    opens = models.IntegerField(default=0)

    class Meta:
        indexes = [
            BrinIndex(fields=["at"], name="evidence_leaf_at", pages_per_range=16),
            models.Index(fields=["event", "seq"], name="evidence_leaf_event"),
            models.Index(fields=["actor", "seq"], name="evidence_leaf_actor"),
            models.Index(fields=["seq"], condition=models.Q(decision="deny"), name="evidence_leaf_deny"),
        ]


class Payload(models.Model):
    """Sealed details beside a line. May go earlier than the line: the body holds their hash, so the tree still stands."""

    seq = models.BigIntegerField(primary_key=True)
    sealed = models.BinaryField()


class Subject(models.Model):
    """Which lines touched which customer, by random audit id: "who looked at me" is one index scan."""

    pk = models.CompositePrimaryKey("audit_id", "seq")
    audit_id = models.UUIDField()
    seq = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["seq"], name="evidence_subject_seq")]


class Tile(models.Model):
    """A full tile of 256 hashes (C2SP tlog-tiles); ``root`` is its Merkle root, the hash one level up. Partial tiles are
    read from the rows that make them, because a row here can never be changed."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()


class Checkpoint(models.Model):
    """A signed note over (origin, size, root), C2SP tlog-checkpoint."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()


class KeeperState(models.Model):
    """What an outside keeper last answered. A convenience for pages; verification asks the keepers themselves."""

    kind = models.TextField(primary_key=True)
    name = models.TextField(default="")
    size = models.BigIntegerField(default=0)
    root = models.TextField(default="")
    at = models.DateTimeField(null=True)
    state = models.TextField(default="behind")
    detail = models.TextField(default="")


class Verification(models.Model):
    """One run of verification, resumable: ``frontier`` are the compact-range hashes after ``checked`` lines."""

    id = models.UUIDField(primary_key=True)
    #: Who asked for it, as the ledger knows them; "" for the timetable.
    asked_by = models.TextField(default="", db_default="")
    state = models.TextField(default="queued")
    depth = models.TextField(default="full")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    size = models.BigIntegerField(default=0)
    checked = models.BigIntegerField(default=0)
    frontier = models.BinaryField(default=b"")
    witness_size = models.BigIntegerField(default=0)
    mirror_size = models.BigIntegerField(default=0)
    undelivered = models.BigIntegerField(default=0)
    damage_kind = models.TextField(default="")
    damage_seq = models.BigIntegerField(null=True)
    damage_detail = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="evidence_verification_recent")]


class Refusal(models.Model):
    """Refusals of the unauthenticated, added up per minute and kind until the sequencer writes one line for them."""

    pk = models.CompositePrimaryKey("minute", "kind")
    minute = models.DateTimeField()
    kind = models.TextField()
    count = models.BigIntegerField()


class OpenCount(models.Model):
    """What the seal layer opened under one announcing line, as each process reports it once a second."""

    id = models.UUIDField(primary_key=True)
    #: The announcing line (`Intake.id`, `Leaf.intake_id`) and the instant written into it. NULL only in what processes
    #: from before these columns report while an upgrade runs: added up, not compared. A later migration ends that.
    intake_id = models.UUIDField(null=True)
    at = models.DateTimeField(null=True)
    minute = models.DateTimeField()
    #: Grade of the envelopes, or 5 for files.
    grade = models.SmallIntegerField()
    opens = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["minute"], name="evidence_opencount_minute")]


class OpenFinding(models.Model):
    """A line that announced fewer opens than happened under it; without ``seq`` there is no such line at all."""

    pk = models.CompositePrimaryKey("intake_id", "file")
    intake_id = models.UUIDField()
    file = models.BooleanField()
    at = models.DateTimeField()
    opened = models.BigIntegerField()
    announced = models.BigIntegerField()
    seq = models.BigIntegerField(null=True)
    found_at = models.DateTimeField()


class Reconciliation(models.Model):
    """One minute added up: what the seal layer opened, and what the ledger announced. Kept when the reports are gone."""

    minute = models.DateTimeField(primary_key=True)
    opened = models.BigIntegerField()
    announced = models.BigIntegerField()
    at = models.DateTimeField()
