"""The keyring's own constraints: an erased subject never gets a key again, whoever asks and at whatever instant."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

REFUSED, STAYS = "KX001", "KX002"
_KEY = (
    "INSERT INTO keyring_subjectkey (subject_id, grade, gen, epoch_id, wrapped, commit16, created_at)"
    " VALUES (%s, 3, %s, gen_random_uuid(), 'x', 'x', now())"
)
_FILE_KEY = (
    "INSERT INTO keyring_filekey (file_id, subject_id, epoch_id, wrapped, commit16, created_at)"
    " VALUES (gen_random_uuid(), %s, gen_random_uuid(), 'x', 'x', now())"
)
_TOMBSTONE = "INSERT INTO keyring_tombstone (subject_id, at) VALUES (%s, now())"
_COPY = "COPY keyring_subjectkey (subject_id, grade, gen, epoch_id, wrapped, commit16, created_at) FROM STDIN"


def refused(connection: psycopg.Connection[Any], code: str, statement: Callable[[], Any]) -> None:
    """The database says no, for exactly this reason."""
    with pytest.raises(psycopg.Error) as refusal:
        statement()
    assert refusal.value.sqlstate == code
    connection.rollback()


def no_new_key_by_insert(databases: Any) -> None:
    erased, living = uuid.uuid4(), uuid.uuid4()
    with databases.connect("web", "keyring") as web:
        web.execute(_TOMBSTONE, (erased,))
        refused(web, REFUSED, lambda: web.execute(_KEY, (erased, 1)))
        web.execute(_KEY, (living, 1))


def no_new_key_by_copy(databases: Any) -> None:
    """One line among others, as `admit_many` writes them."""
    erased = uuid.uuid4()

    def copy(connection: psycopg.Connection[Any]) -> None:
        with connection.cursor() as cursor, cursor.copy(_COPY) as lines:
            for subject in (uuid.uuid4(), erased):
                lines.write_row((subject, 3, 1, uuid.uuid4(), b"x", b"x", "2026-11-23T00:00:00Z"))

    with databases.connect("web", "keyring") as web:
        web.execute(_TOMBSTONE, (erased,))
        refused(web, REFUSED, lambda: copy(web))


def no_key_of_another_becomes_theirs(databases: Any) -> None:
    erased, living = uuid.uuid4(), uuid.uuid4()
    with databases.connect("worker", "keyring") as worker:
        worker.execute(_TOMBSTONE, (erased,))
        worker.execute(_KEY, (living, 1))
        change = "UPDATE keyring_subjectkey SET subject_id = %s WHERE subject_id = %s"
        refused(worker, REFUSED, lambda: worker.execute(change, (erased, living)))


def no_new_key_of_a_file(databases: Any) -> None:
    erased = uuid.uuid4()
    with databases.connect("web", "keyring") as web:
        web.execute(_TOMBSTONE, (erased,))
        refused(web, REFUSED, lambda: web.execute(_FILE_KEY, (erased,)))
        web.execute(_FILE_KEY, (uuid.uuid4(),))


def no_key_of_the_same_instant(databases: Any) -> None:
    """A key that another session has written and not yet committed when the tombstone comes: the tombstone waits for
    it, so that the DELETE after it finds it."""
    for statement, table in ((lambda c, s: c.execute(_KEY, (s, 1)), "subjectkey"), (lambda c, s: c.execute(_FILE_KEY, (s,)), "filekey")):  # fmt: skip
        subject = uuid.uuid4()
        with databases.connect("web", "keyring", autocommit=False) as writer:
            statement(writer, subject)
            burner = threading.Thread(target=_burn, args=(databases, subject, table))
            burner.start()
            burner.join(timeout=0.5)
            writer.commit()
            burner.join()
        with databases.connect("web", "keyring") as web:
            left = web.execute(f"SELECT count(*) FROM keyring_{table} WHERE subject_id = %s", (subject,)).fetchone()
        assert left == (0,), "a key that was written at the instant of the erasure outlived it"


def _burn(databases: Any, subject: uuid.UUID, table: str) -> None:
    """As `keys.burn` does it."""
    with databases.connect("web", "keyring", autocommit=False) as burner:
        burner.execute(_TOMBSTONE, (subject,))
        burner.execute(f"DELETE FROM keyring_{table} WHERE subject_id = %s", (subject,))
        burner.commit()


def no_tombstone_changes_or_leaves(databases: Any) -> None:
    with databases.connect("admin", "keyring") as admin:
        admin.execute(_TOMBSTONE, (uuid.uuid4(),))
        for statement in ("DELETE FROM keyring_tombstone", "UPDATE keyring_tombstone SET at = now()"):
            refused(admin, STAYS, lambda statement=statement: admin.execute(statement))


def no_tombstones_are_swept_away(databases: Any) -> None:
    with databases.connect("admin", "keyring") as admin:
        admin.execute(_TOMBSTONE, (uuid.uuid4(),))
        refused(admin, STAYS, lambda: admin.execute("TRUNCATE keyring_tombstone"))


#: Promise -> the trigger that keeps it.
KEPT_BY: dict[Callable[[Any], None], tuple[str, str]] = {
    no_new_key_by_insert: ("keyring_refuse_erased_insert", "keyring_subjectkey"),
    no_new_key_by_copy: ("keyring_refuse_erased_insert", "keyring_subjectkey"),
    no_key_of_another_becomes_theirs: ("keyring_refuse_erased_update", "keyring_subjectkey"),
    no_new_key_of_a_file: ("keyring_refuse_erased_insert", "keyring_filekey"),
    no_key_of_the_same_instant: ("keyring_tombstone_alone", "keyring_tombstone"),
    no_tombstone_changes_or_leaves: ("keyring_tombstone_stays", "keyring_tombstone"),
    no_tombstones_are_swept_away: ("keyring_tombstone_whole", "keyring_tombstone"),
}
every_promise = pytest.mark.parametrize(("promise", "trigger"), KEPT_BY.items(), ids=[one.__name__ for one in KEPT_BY])


@every_promise
def test_the_keyring_refuses(promise: Callable[[Any], None], trigger: tuple[str, str], fresh_db: Any) -> None:
    promise(fresh_db)


@every_promise
def test_it_is_the_trigger_that_refuses(
    promise: Callable[[Any], None], trigger: tuple[str, str], fresh_db: Any
) -> None:
    """Without it the test above goes red: nothing else stands in the way."""
    name, table = trigger
    with fresh_db.connect("admin", "keyring") as admin:
        admin.execute(f"DROP TRIGGER {name} ON {table}")
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        promise(fresh_db)


def test_no_trigger_of_the_keyring_is_without_its_promise(fresh_db: Any) -> None:
    with fresh_db.connect("admin", "keyring") as admin:
        found = admin.execute(
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND c.relname LIKE 'keyring_%'"
        ).fetchall()
    assert set(found) == set(KEPT_BY.values())
