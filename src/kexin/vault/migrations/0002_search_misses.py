"""Searches that found nobody."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_first")]

    operations = [
        migrations.CreateModel(
            name="SearchMiss",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("actor_id", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["actor_id", "at"], name="vault_miss_actor")]},
        ),
    ]
