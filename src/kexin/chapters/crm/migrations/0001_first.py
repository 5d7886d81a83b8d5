"""Keyed requests of the API."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ApiRequest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("actor_id", models.UUIDField()),
                ("key_hash", models.BinaryField(max_length=32)),
                ("body_hmac", models.BinaryField(max_length=32)),
                ("subject_id", models.UUIDField(null=True)),
                ("number", models.CharField(blank=True, default="", max_length=24)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject_id"], name="crm_apirequest_subject"),
                    models.Index(fields=["at"], name="crm_apirequest_at"),
                ],
                "constraints": [models.UniqueConstraint(fields=("actor_id", "key_hash"), name="crm_apirequest_once")],
            },
        ),
    ]
