"""Since when an index key is in its state: a switch waits until every process knows the generation being built."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("keyring", "0001_first")]

    operations = [
        migrations.AddField(
            model_name="indexkey", name="since", field=models.DateTimeField(null=True),
        ),
    ]
