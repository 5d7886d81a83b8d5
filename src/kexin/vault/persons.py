"""How many natural persons the safe holds information on: what the profile of a rulebook depends on."""

from __future__ import annotations

from django.db import connection

from kexin.regime import operations as regime_operations
from kexin.regime import queries as regime
from kexin.vault.search.indexes import indexes_of

#: Merged records are one person; erased ones are nobody. An organisation counts where it names somebody: where it has a
#: search token of an item that singles a person out (its contact, a phone), which is known without opening anything.
_PERSONS = """
SELECT count(*) FROM vault_subject s WHERE s.state <> 'erased' AND s.merged_into IS NULL AND (s.kind = 'person'
    OR EXISTS (SELECT 1 FROM vault_tokengram g WHERE g.subject_id = s.id AND g.index = ANY(%(indexes)s))
    OR EXISTS (SELECT 1 FROM vault_tokenexact e WHERE e.subject_id = s.id AND e.index = ANY(%(indexes)s)))
"""


def persons() -> int:
    """Natural persons (人) held now: people, and contacts of organisations. Staff are not counted."""
    bundle = regime.bundle_or_none()
    personal = [one for one in bundle.attributes.values() if one.personal and one.grade >= 3] if bundle else []
    indexes = [index.name for attribute in personal for index in indexes_of(attribute)]
    with connection.cursor() as cursor:
        cursor.execute(_PERSONS, {"indexes": indexes})
        return int(cursor.fetchone()[0])


def register() -> None:
    """Tell the regime how to count."""
    regime_operations.register_person_counter(persons)
