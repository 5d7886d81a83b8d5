"""The suite of a file: what was kept before is of suite 1."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0006_trial_rows")]

    operations = [
        migrations.AddField(
            model_name="file", name="suite", field=models.SmallIntegerField(default=1, db_default=1),
        ),
    ]
