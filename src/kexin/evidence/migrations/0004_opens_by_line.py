"""Opens are reported by the line that announced them (expand: processes from before keep reporting without it)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evidence", "0003_asked_by")]

    operations = [
        migrations.AddField("opencount", "intake_id", models.UUIDField(null=True)),
        migrations.AddField("opencount", "at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="OpenFinding",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "intake_id", "file", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("intake_id", models.UUIDField()),
                ("file", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("opened", models.BigIntegerField()),
                ("announced", models.BigIntegerField()),
                ("seq", models.BigIntegerField(null=True)),
                ("found_at", models.DateTimeField()),
            ],
        ),
    ]
