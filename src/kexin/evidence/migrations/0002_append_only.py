"""Leaves, tiles, checkpoints and the subject index can only grow, whoever asks and in whatever replication role."""

from django.db import migrations

TABLES = ("evidence_leaf", "evidence_tile", "evidence_checkpoint", "evidence_subject")

FUNCTION = """
CREATE FUNCTION evidence_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""

GUARD = """
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_only_grows();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_only_grows;
"""

UNGUARD = "DROP TRIGGER {table}_only_grows ON {table}"


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION evidence_only_grows()"),
        *(migrations.RunSQL(GUARD.format(table=table), UNGUARD.format(table=table)) for table in TABLES),
    ]
