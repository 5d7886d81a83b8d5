"""Dry runs of files are counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0005_files_decided")]

    operations = [
        migrations.CreateModel(
            name="TrialRows",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("actor_id", models.UUIDField()),
                ("file_id", models.UUIDField()),
                ("rows", models.IntegerField()),
                ("unused", models.IntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["actor_id", "at"], name="vault_trialrows_actor")]},
        ),
    ]
