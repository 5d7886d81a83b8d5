"""The keyring's tables, and the refusal of any key for an erased subject."""

from django.db import migrations, models

# A key and a tombstone may be written at the same instant by two sessions. The tombstone takes the key tables for
# itself first, so a key written before it is seen by the DELETE that follows it, and a key written after it meets it.
REFUSAL = """
CREATE FUNCTION keyring_refuse_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh JOIN keyring_tombstone t USING (subject_id)) THEN
    RAISE EXCEPTION 'an erased subject never gets a key again' USING ERRCODE = 'KX001';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keyring_refuse_erased_insert AFTER INSERT ON keyring_subjectkey
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keyring_refuse_erased();
CREATE TRIGGER keyring_refuse_erased_update AFTER UPDATE ON keyring_subjectkey
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keyring_refuse_erased();
CREATE TRIGGER keyring_refuse_erased_insert AFTER INSERT ON keyring_filekey
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keyring_refuse_erased();
CREATE FUNCTION keyring_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE keyring_subjectkey, keyring_filekey IN SHARE ROW EXCLUSIVE MODE;
  RETURN NULL;
END $$;
CREATE TRIGGER keyring_tombstone_alone BEFORE INSERT ON keyring_tombstone
  FOR EACH STATEMENT EXECUTE FUNCTION keyring_alone();
CREATE FUNCTION keyring_tombstone_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a tombstone stays' USING ERRCODE = 'KX002';
END $$;
CREATE TRIGGER keyring_tombstone_stays BEFORE UPDATE OR DELETE ON keyring_tombstone
  FOR EACH ROW EXECUTE FUNCTION keyring_tombstone_stays();
CREATE TRIGGER keyring_tombstone_whole BEFORE TRUNCATE ON keyring_tombstone
  FOR EACH STATEMENT EXECUTE FUNCTION keyring_tombstone_stays();
"""
REFUSAL_UNDO = """
DROP TRIGGER keyring_tombstone_whole ON keyring_tombstone;
DROP TRIGGER keyring_tombstone_stays ON keyring_tombstone; DROP FUNCTION keyring_tombstone_stays();
DROP TRIGGER keyring_tombstone_alone ON keyring_tombstone; DROP FUNCTION keyring_alone();
DROP TRIGGER keyring_refuse_erased_insert ON keyring_filekey;
DROP TRIGGER keyring_refuse_erased_update ON keyring_subjectkey;
DROP TRIGGER keyring_refuse_erased_insert ON keyring_subjectkey; DROP FUNCTION keyring_refuse_erased();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                ("subject_id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("grade", models.SmallIntegerField()),
                ("provider", models.CharField(max_length=24)),
                ("provider_ref", models.CharField(max_length=120)),
                ("wrapped", models.BinaryField()),
                ("commit16", models.BinaryField()),
                ("state", models.CharField(default="active", max_length=9)),
                ("created_at", models.DateTimeField()),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")), fields=("grade",), name="keyring_epoch_one_active"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["active", "retiring", "destroyed"])),
                        name="keyring_epoch_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FileKey",
            fields=[
                ("file_id", models.UUIDField(primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField(null=True)),
                ("epoch_id", models.UUIDField()),
                ("wrapped", models.BinaryField()),
                ("commit16", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["epoch_id"], name="keyring_file_epoch"),
                    models.Index(fields=["subject_id"], name="keyring_file_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IndexKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "index", "gen", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("index", models.CharField(max_length=48)),
                ("gen", models.SmallIntegerField()),
                ("epoch_id", models.UUIDField()),
                ("wrapped", models.BinaryField()),
                ("commit16", models.BinaryField()),
                ("state", models.CharField(default="active", max_length=8)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")), fields=("index",), name="keyring_index_one_active"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject_id", "grade", "gen", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("grade", models.SmallIntegerField()),
                ("gen", models.SmallIntegerField()),
                ("epoch_id", models.UUIDField()),
                ("wrapped", models.BinaryField()),
                ("commit16", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["epoch_id"], name="keyring_key_epoch")],
            },
        ),
        migrations.RunSQL(REFUSAL, REFUSAL_UNDO),
    ]
