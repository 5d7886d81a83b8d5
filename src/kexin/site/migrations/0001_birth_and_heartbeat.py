"""How the installation was born, and which of its processes are alive."""

from django.db import migrations, models

NEVER_CHANGED = """
CREATE FUNCTION site_birth_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'how an installation was born never changes';
END $$;
CREATE TRIGGER site_birth_is_final BEFORE UPDATE OR DELETE ON site_birth
    FOR EACH ROW EXECUTE FUNCTION site_birth_is_final();
CREATE TRIGGER site_birth_is_final_for_all BEFORE TRUNCATE ON site_birth
    FOR EACH STATEMENT EXECUTE FUNCTION site_birth_is_final();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Birth",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("demo", models.BooleanField()),
                ("born_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="site_birth_once")],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("process", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(NEVER_CHANGED, migrations.RunSQL.noop),
    ]
