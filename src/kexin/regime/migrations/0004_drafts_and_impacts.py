"""Drafts of a rulebook, and what a text would change as it was counted."""

from django.db import migrations, models
from django.db.models import Q

ID = models.UUIDField(primary_key=True, editable=False, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("regime", "0003_rulebook")]

    operations = [
        migrations.CreateModel(
            name="RulebookDraft",
            fields=[
                ("id", ID.clone()),
                ("author", models.UUIDField(unique=True)),
                ("source", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("base_number", models.IntegerField()),
                ("base_sha256", models.CharField(max_length=64)),
                ("ver", models.IntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RulebookImpact",
            fields=[
                ("id", ID.clone()),
                ("sha256", models.CharField(max_length=64)),
                ("source", models.BinaryField()),
                ("base_number", models.IntegerField()),
                ("base_sha256", models.CharField(max_length=64)),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("state", models.CharField(default="queued", max_length=8)),
                ("done", models.IntegerField(default=0)),
                ("total", models.IntegerField(default=0)),
                ("problem", models.CharField(blank=True, default="", max_length=64)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("result", models.BinaryField(null=True)),
                ("digest", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state__in=["queued", "running", "done", "failed"]), name="regime_impact_state"
                    ),
                    models.CheckConstraint(condition=~Q(state="done") | ~Q(digest=""), name="regime_impact_digest"),
                ],
                "indexes": [models.Index(fields=["sha256", "base_sha256", "-asked_at"], name="regime_impact_text")],
            },
        ),
    ]
