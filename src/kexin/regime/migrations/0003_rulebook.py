"""Versions of the rulebook, their signatures and activations; all three can only grow."""

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("regime_rulebookversion", "regime_rulebooksignature", "regime_rulebookactivation")

GUARD = """
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION regime_only_grows();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_only_grows;
"""

UNGUARD = "DROP TRIGGER {table}_only_grows ON {table}"

ID = models.UUIDField(primary_key=True, editable=False, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("regime", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="RulebookVersion",
            fields=[
                ("id", ID.clone()),
                ("number", models.IntegerField(unique=True)),
                ("sha256", models.CharField(max_length=64)),
                ("source", models.BinaryField()),
                ("base_sha256", models.CharField(max_length=64, default="", blank=True)),
                ("loosens", models.BooleanField()),
                ("drafted_by", models.UUIDField()),
                ("drafted_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(number__gt=0), name="regime_rulebookversion_number")
                ]
            },
        ),
        migrations.CreateModel(
            name="RulebookSignature",
            fields=[
                ("id", ID.clone()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="regime.rulebookversion",
                    ),
                ),
                ("signer", models.UUIDField()),
                ("body", models.BinaryField()),
                ("key_id", models.CharField(max_length=64)),
                ("alg", models.CharField(max_length=16)),
                ("sig", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["version", "signer"], name="regime_rulebooksignature_once")
                ]
            },
        ),
        migrations.CreateModel(
            name="RulebookActivation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activations",
                        to="regime.rulebookversion",
                    ),
                ),
                ("effective_at", models.DateTimeField()),
                ("activated_by", models.UUIDField()),
                ("activated_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["version"], name="regime_rulebookactivation_once")],
                "indexes": [models.Index(fields=["-effective_at", "-id"], name="regime_activation_effective")],
            },
        ),
        *(migrations.RunSQL(GUARD.format(table=table), UNGUARD.format(table=table)) for table in TABLES),
    ]
