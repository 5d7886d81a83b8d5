"""Suites of epochs and of index keys: what was made before is of suite 1."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("keyring", "0002_since")]

    operations = [
        migrations.AddField(
            model_name="epoch", name="suite", field=models.SmallIntegerField(default=1, db_default=1),
        ),
        migrations.AddField(
            model_name="indexkey", name="suite", field=models.SmallIntegerField(default=1, db_default=1),
        ),
    ]
