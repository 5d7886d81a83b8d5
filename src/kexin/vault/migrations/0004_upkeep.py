"""Background work that remembers where it is, and records that are watched."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_atomic_counts")]

    operations = [
        migrations.CreateModel(
            name="Rebuild",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("plan", models.CharField(max_length=64)),
                ("stamp", models.CharField(max_length=16)),
                ("masks", models.JSONField(default=dict)),
                ("base", models.CharField(blank=True, default="", max_length=64)),
                ("tokens", models.BooleanField(default=False)),
                ("cursor", models.UUIDField(null=True)),
                ("done", models.IntegerField(default=0)),
                ("changed", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)), fields=["due_at"], name="vault_rebuild_open"
                    ),
                    models.Index(fields=["stamp"], name="vault_rebuild_stamp"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Upkeep",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                ("token", models.BinaryField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
