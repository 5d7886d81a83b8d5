"""Requests to delete."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=24, unique=True)),
                ("subject_id", models.UUIDField()),
                ("ground", models.CharField(max_length=24)),
                ("door", models.CharField(max_length=16)),
                ("taken_by", models.UUIDField()),
                ("taken_at", models.DateTimeField()),
                ("answer_by", models.DateTimeField()),
                ("erasure_id", models.UUIDField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_id"], name="privacy_erasurereq_subject"),
                    models.Index(fields=["-taken_at", "-id"], name="privacy_erasurereq_newest"),
                ],
            },
        ),
    ]
