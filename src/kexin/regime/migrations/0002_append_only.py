"""Consent events, receipts and notices can only grow, whoever asks and in whatever replication role."""

from django.db import migrations

TABLES = ("regime_consentevent", "regime_receipt", "regime_notice", "regime_noticetext")

FUNCTION = """
CREATE FUNCTION regime_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""

GUARD = """
CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION regime_only_grows();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_only_grows;
"""

UNGUARD = "DROP TRIGGER {table}_only_grows ON {table}"


class Migration(migrations.Migration):
    dependencies = [("regime", "0001_grants_consents_notices")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION regime_only_grows()"),
        *(migrations.RunSQL(GUARD.format(table=table), UNGUARD.format(table=table)) for table in TABLES),
    ]
