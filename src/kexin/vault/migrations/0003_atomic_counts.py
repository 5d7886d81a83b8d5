"""Counts that are taken in one statement: searches without a result, and values opened per person and day."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# Days that were counted from the rows until now keep their numbers.
CARRY = """
INSERT INTO vault_revealcount (actor_id, day, opened, last_at)
SELECT actor_id, (at AT TIME ZONE 'Asia/Shanghai')::date, count(*), max(at) FROM vault_reveal
WHERE kind = 'reveal' GROUP BY 1, 2
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_search_misses")]

    operations = [
        migrations.DeleteModel(name="SearchMiss"),
        migrations.CreateModel(
            name="SearchMisses",
            fields=[
                ("actor_id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", ArrayField(base_field=models.DateTimeField(), size=None)),
            ],
        ),
        migrations.CreateModel(
            name="RevealCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "actor_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("actor_id", models.UUIDField()),
                ("day", models.DateField()),
                ("opened", models.IntegerField()),
                ("last_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(CARRY, migrations.RunSQL.noop),
    ]
