"""What was done outside, and who said so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("site", "0001_birth_and_heartbeat")]

    operations = [
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                ("step", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
