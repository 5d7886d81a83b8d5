"""How much each attribute is really used."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0007_file_suite")]

    operations = [
        migrations.CreateModel(
            name="UseMeasure",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("days", models.IntegerField()),
                ("people", models.IntegerField(default=0)),
                ("observed", models.IntegerField(default=0)),
                ("looked", models.IntegerField(default=0)),
                ("attributes", models.JSONField(default=dict)),
            ],
        ),
    ]
