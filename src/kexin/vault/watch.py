"""Records that nobody has a reason to open (诱饵数据): marked by a keyed token, so that the mark itself tells nothing.

Somebody who reads the tables, a backup or a copy of a disk sees random bytes; somebody who asks through the doors gets
the same answer, by the same statements, for a watched record and for any other. The ledger knows afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import connections

from kexin.foundation import clock
from kexin.foundation.canonical import length_prefixed
from kexin.vault import envelopes, index_keys, sealing

#: Name of the key in the keyring; not an index of the catalogue, so that no renewal of indexes forgets the marks.
_KEY = "watch"


def token(subject: uuid.UUID) -> bytes:
    """What marks this record here: 128 bits under the newest key of this name."""
    [(_gen, key, suite), *_rest] = index_keys.of(_KEY)
    return sealing.keyed(suite)(key, length_prefixed(b"watch/1", envelopes.installation().bytes, subject.bytes))[:16]


#: The same for one person within another statement; parameter ``watch``: the person's `token`.
WATCHED = "EXISTS (SELECT 1 FROM vault_watch WHERE token = %(watch)s)"


def any_watched(subjects: Collection[uuid.UUID]) -> bool:
    """Whether one of these is marked: one statement, whatever the answer."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM vault_watch WHERE token = ANY(%s::bytea[]))", [[token(one) for one in subjects]]
        )
        return bool(cursor.fetchone()[0])


def mark(subject: uuid.UUID) -> bool:
    """Mark a record; False when it was marked already."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_watch (token, at) VALUES (%s, %s) ON CONFLICT DO NOTHING", [token(subject), clock.now()]
        )
        return bool(cursor.rowcount)


def unmark(subject: uuid.UUID) -> bool:
    """End the mark; False when there was none."""
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM vault_watch WHERE token = %s", [token(subject)])
        return bool(cursor.rowcount)
