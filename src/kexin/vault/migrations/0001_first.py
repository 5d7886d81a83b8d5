"""The vault's first tables, the number sequence, and what the database itself refuses."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

NUMBERS = """
CREATE SEQUENCE vault_subject_number_seq AS bigint START 204817 OWNED BY vault_subject.number;
ALTER TABLE vault_subject ALTER COLUMN number SET DEFAULT nextval('vault_subject_number_seq');
"""
INSTALLATION = "INSERT INTO vault_installation (\"only\", id) VALUES (true, gen_random_uuid());"
# erased is terminal, erasing leads only to erased, and a subject's place is never given away.
STATES = """
CREATE FUNCTION vault_subject_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a subject row is never deleted' USING ERRCODE = '23001';
  END IF;
  IF NEW.id <> OLD.id OR NEW.number <> OLD.number THEN
    RAISE EXCEPTION 'the id and number of a subject never change' USING ERRCODE = '23001';
  END IF;
  IF OLD.state = 'erased' OR (OLD.state = 'erasing' AND NEW.state NOT IN ('erasing', 'erased')) THEN
    RAISE EXCEPTION 'a subject that is leaving never comes back' USING ERRCODE = '23001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER vault_subject_guard BEFORE UPDATE OR DELETE ON vault_subject
  FOR EACH ROW EXECUTE FUNCTION vault_subject_guard();
-- an erasure that has its certificate is history
CREATE FUNCTION vault_erasure_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a finished erasure never changes' USING ERRCODE = '23001';
END $$;
CREATE TRIGGER vault_erasure_guard BEFORE UPDATE OR DELETE ON vault_erasure
  FOR EACH ROW WHEN (OLD.state = 'done') EXECUTE FUNCTION vault_erasure_guard();
"""
STATES_UNDO = """
DROP TRIGGER vault_erasure_guard ON vault_erasure; DROP FUNCTION vault_erasure_guard();
DROP TRIGGER vault_subject_guard ON vault_subject; DROP FUNCTION vault_subject_guard();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ErasureStep",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "erasure_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("erasure_id", models.UUIDField()),
                ("key", models.CharField(max_length=64)),
                ("order", models.IntegerField()),
                ("removed", models.IntegerField(default=0)),
                ("remaining", models.IntegerField(default=0)),
                ("note", models.CharField(blank=True, default="", max_length=120)),
                ("attempts", models.IntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="FileChunk",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "file_id", "no", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("file_id", models.UUIDField()),
                ("no", models.IntegerField()),
                ("ct", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="SourceAct",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=32)),
                ("label", models.CharField(blank=True, default="", max_length=120)),
                ("purpose", models.CharField(max_length=48)),
                ("basis", models.CharField(max_length=32)),
                ("notice", models.CharField(blank=True, default="", max_length=64)),
                ("proof_file", models.UUIDField(null=True)),
                ("declared_by", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField()),
                ("kind", models.CharField(max_length=8)),
                ("recipient", models.CharField(blank=True, default="", max_length=48)),
                ("purpose", models.CharField(max_length=48)),
                (
                    "attributes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=48), size=None),
                ),
                ("batch", models.UUIDField()),
                ("actor_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("recalled_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_id", "-at"], name="vault_disclosure_subject"),
                    models.Index(fields=["batch"], name="vault_disclosure_batch"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField()),
                ("number", models.BigIntegerField()),
                ("ground", models.CharField(max_length=24)),
                ("request_ref", models.UUIDField(null=True)),
                ("state", models.CharField(default="erasing", max_length=8)),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("keys_burned_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("intake_id", models.UUIDField(null=True)),
                ("certificate", models.BinaryField(null=True)),
                ("signature", models.BinaryField(null=True)),
                ("signing_key", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "indexes": [models.Index(fields=["subject_id"], name="vault_erasure_subject")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=("subject_id",),
                        name="vault_erasure_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["erasing", "held", "done"])), name="vault_erasure_state"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="File",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=16)),
                ("subject_id", models.UUIDField(null=True)),
                ("state", models.CharField(default="receiving", max_length=9)),
                ("name_ct", models.BinaryField(null=True)),
                ("media_type", models.CharField(default="application/octet-stream", max_length=100)),
                ("size_bytes", models.BigIntegerField(default=0)),
                ("chunks", models.IntegerField(default=0)),
                ("kept_by", models.UUIDField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("burned_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("subject_id__isnull", False)),
                        fields=["subject_id"],
                        name="vault_file_subject",
                    ),
                    models.Index(
                        condition=models.Q(("state", "burned"), _negated=True),
                        fields=["expires_at"],
                        name="vault_file_expiry",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["receiving", "kept", "burned"])), name="vault_file_state"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField()),
                (
                    "attributes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=48), size=None),
                ),
                ("ground", models.CharField(max_length=64)),
                ("article", models.CharField(blank=True, default="", max_length=120)),
                ("until", models.DateTimeField(null=True)),
                ("placed_by", models.UUIDField()),
                ("placed_at", models.DateTimeField()),
                ("released_by", models.UUIDField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("released_at__isnull", True)), fields=["subject_id"], name="vault_hold_live"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("only", models.BooleanField(default=True, primary_key=True, serialize=False)),
                ("id", models.UUIDField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("only", True)), name="vault_installation_single")
                ],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("source_id", models.UUIDField()),
                ("target_id", models.UUIDField()),
                ("taken", models.JSONField(default=list)),
                ("taken_facets", models.JSONField(default=list)),
                ("target_ver_before", models.IntegerField()),
                ("target_ver_after", models.IntegerField()),
                ("merged_by", models.UUIDField()),
                ("merged_at", models.DateTimeField()),
                ("undone_by", models.UUIDField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["target_id"], name="vault_merge_target")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)), fields=("source_id",), name="vault_merge_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source_id", models.F("target_id")), _negated=True), name="vault_merge_two"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Provenance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject_id", "source_act_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("source_act_id", models.UUIDField()),
                (
                    "attributes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=48), null=True, size=None
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["source_act_id"], name="vault_provenance_act")],
            },
        ),
        migrations.CreateModel(
            name="Reveal",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField()),
                ("attribute", models.CharField(max_length=48)),
                ("kind", models.CharField(default="reveal", max_length=8)),
                ("purpose", models.CharField(max_length=48)),
                ("actor_id", models.UUIDField()),
                ("ticket", models.CharField(blank=True, default="", max_length=64)),
                ("reason_ct", models.BinaryField(null=True)),
                ("intake_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_id", "-at"], name="vault_reveal_subject"),
                    models.Index(fields=["actor_id", "-at"], name="vault_reveal_actor"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Sealed",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject_id",
                        "entity",
                        "entity_id",
                        "grade",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("entity", models.CharField(max_length=24)),
                ("entity_id", models.UUIDField()),
                ("grade", models.SmallIntegerField()),
                ("ver", models.IntegerField()),
                ("suite", models.SmallIntegerField()),
                ("key_gen", models.SmallIntegerField()),
                ("ct", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("grade__gte", 1), ("grade__lte", 4)), name="vault_sealed_grade"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SealedHistory",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField()),
                ("entity", models.CharField(max_length=24)),
                ("entity_id", models.UUIDField()),
                ("grade", models.SmallIntegerField()),
                ("ver", models.IntegerField()),
                ("suite", models.SmallIntegerField()),
                ("key_gen", models.SmallIntegerField()),
                ("ct", models.BinaryField()),
                ("cause", models.CharField(max_length=16)),
                ("cause_id", models.UUIDField(null=True)),
                ("superseded_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["until"], name="vault_history_until")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_id", "entity", "entity_id", "grade", "ver", "key_gen"),
                        name="vault_history_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(unique=True)),
                ("kind", models.CharField(default="person", max_length=16)),
                ("state", models.CharField(default="active", max_length=8)),
                ("age_status", models.CharField(default="unknown", max_length=8)),
                ("unproven", models.BooleanField(default=False)),
                ("audit_id", models.UUIDField(null=True, unique=True)),
                ("facets", models.JSONField(default=dict)),
                ("contact_at", models.DateTimeField(null=True)),
                ("discarded_at", models.DateTimeField(null=True)),
                ("merged_into", models.UUIDField(null=True)),
                ("freeze_ground", models.CharField(blank=True, default="", max_length=32)),
                ("created_at", models.DateTimeField()),
                ("ver", models.IntegerField(default=1)),
                (
                    "visible",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                models.Q(
                                    ("state__in", ["active", "frozen"]),
                                    ("discarded_at__isnull", True),
                                    ("merged_into__isnull", True),
                                ),
                                then=models.Value(True),
                            ),
                            default=models.Value(False),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["facets"], name="vault_subject_facets", opclasses=["jsonb_path_ops"]
                    ),
                    models.Index(
                        condition=models.Q(("visible", True)),
                        fields=["-created_at", "-id"],
                        name="vault_subject_newest",
                    ),
                    models.Index(
                        condition=models.Q(("contact_at__isnull", False)),
                        fields=["-contact_at"],
                        name="vault_subject_contact",
                    ),
                    models.Index(
                        condition=models.Q(("discarded_at__isnull", False)),
                        fields=["discarded_at"],
                        name="vault_subject_bin",
                    ),
                    models.Index(
                        condition=models.Q(("state", "erasing")), fields=["state"], name="vault_subject_leaving"
                    ),
                    models.Index(
                        condition=models.Q(("merged_into__isnull", False)),
                        fields=["merged_into"],
                        name="vault_subject_merged",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["person", "organisation"])), name="vault_subject_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["active", "frozen", "erasing", "erased"])),
                        name="vault_subject_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("age_status__in", ["adult", "minor", "under14", "unknown"])),
                        name="vault_subject_age",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "erased"), _negated=True),
                            models.Q(("audit_id__isnull", True), ("facets", {})),
                            _connector="OR",
                        ),
                        name="vault_subject_erased",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TokenExact",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "index",
                        "gen",
                        "token",
                        "subject_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("index", models.CharField(max_length=48)),
                ("gen", models.SmallIntegerField()),
                ("token", models.BinaryField()),
                ("subject_id", models.UUIDField()),
            ],
            options={
                "indexes": [models.Index(fields=["subject_id"], name="vault_exact_subject")],
            },
        ),
        migrations.CreateModel(
            name="TokenGram",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject_id", "index", "gen", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("index", models.CharField(max_length=48)),
                ("gen", models.SmallIntegerField()),
                ("tokens", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
            ],
            options={
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["tokens"], name="vault_gram_tokens")],
            },
        ),
        migrations.RunSQL(NUMBERS, "DROP SEQUENCE vault_subject_number_seq CASCADE"),
        migrations.RunSQL(INSTALLATION, "DELETE FROM vault_installation"),
        migrations.RunSQL(STATES, STATES_UNDO),
    ]
