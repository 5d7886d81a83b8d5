"""Files say what they are about and whom they show (expand: processes from before write neither, and burn as ever)."""

import django.contrib.postgres.fields
from django.db import migrations, models

CODE = models.CharField(max_length=48)
# Until now every upload came in by the import wizard, and every exported list has its disclosures. Anything else says
# nothing about itself and opens for nobody any more.
SAY = """
UPDATE vault_file SET permission = 'collection:import:run' WHERE kind = 'upload' AND state <> 'burned';
UPDATE vault_file f SET action = 'export', purpose = d.purpose, attributes = d.attributes
  FROM (SELECT batch, min(purpose) AS purpose, array_agg(DISTINCT one) FILTER (WHERE one IS NOT NULL) AS attributes
          FROM vault_disclosure LEFT JOIN LATERAL unnest(attributes) AS one ON TRUE GROUP BY batch) AS d
 WHERE d.batch = f.id AND f.kind = 'export' AND f.state <> 'burned';
INSERT INTO vault_filesubject (file_id, subject_id, attributes, "full")
SELECT DISTINCT ON (d.batch, d.subject_id) d.batch, d.subject_id, d.attributes, '{}'
  FROM vault_disclosure d JOIN vault_file f ON f.id = d.batch AND f.kind = 'export' AND f.state <> 'burned'
 ORDER BY d.batch, d.subject_id, d.at;
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0004_upkeep")]

    operations = [
        migrations.AddField("file", "permission", models.CharField(blank=True, db_default="", max_length=64)),
        migrations.AddField("file", "purpose", models.CharField(blank=True, db_default="", max_length=48)),
        migrations.AddField("file", "action", models.CharField(blank=True, db_default="", max_length=16)),
        migrations.AddField(
            "file", "attributes", django.contrib.postgres.fields.ArrayField(base_field=CODE, null=True, size=None)
        ),
        migrations.CreateModel(
            name="FileSubject",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "file_id", "subject_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("file_id", models.UUIDField()),
                ("subject_id", models.UUIDField()),
                ("attributes", django.contrib.postgres.fields.ArrayField(base_field=CODE, size=None)),
                ("full", django.contrib.postgres.fields.ArrayField(base_field=CODE, size=None)),
            ],
            options={"indexes": [models.Index(fields=["subject_id"], name="vault_filesubject_subject")]},
        ),
        migrations.RunSQL(SAY, migrations.RunSQL.noop),
    ]
