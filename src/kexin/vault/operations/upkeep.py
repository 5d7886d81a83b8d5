"""Upkeep on the timetable: what has expired burns, what has no owner is swept, what waits is continued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from kexin.foundation import clock
from kexin.foundation.caller import Caller
from kexin.foundation.jobs import job
from kexin.vault import files, keys
from kexin.vault.keys import KeyRef
from kexin.vault.models import Erasure, File, RevealCount, Sealed, SealedHistory, Subject, TrialRows
from kexin.vault.operations.erase import continue_erasure, erase
from kexin.vault.operations.lifecycle import BIN_DAYS
from kexin.vault.types import PAYLOAD_CLASS

#: A key younger than this may belong to a record that is being written right now.
GRACE_S = 3600
_PAGE = 2_000
#: Counts of reveals are kept this long; the habit looks back 30 days.
COUNTS_DAYS = 31


@job(name="vault.sweep", lock="vault.sweep")
def sweep(caller: Caller) -> Mapping[str, int]:
    """Everything that is due; answers with counts. Safe to run at any time and again."""
    return {
        "files": burn_expired_files(),
        "history": drop_old_history(),
        "orphan_keys": sweep_orphan_keys(),
        "bin": empty_bin(),
        "counts": drop_old_counts(),
        "erasures": resume_erasures(),
    }


def empty_bin() -> int:
    """Records whose 30 days in the bin are over are deleted like any other: mark, keys, holdings, certificate."""
    before = clock.now() - timedelta(days=BIN_DAYS)
    due = Subject.objects.filter(discarded_at__lte=before, state__in=("active", "frozen")).values_list("id", flat=True)
    retention = Caller.for_service("retention", purpose="rights")
    started = 0
    for subject in list(due[:_PAGE]):
        erase(retention, subject=subject, ground="discarded")
        started += 1
    return started


def burn_expired_files() -> int:
    """Files past their end, and uploads that never finished."""
    now = clock.now()
    ended = File.objects.filter(expires_at__lte=now).exclude(state="burned")
    stale = File.objects.filter(state="receiving", created_at__lte=now - timedelta(seconds=GRACE_S))
    due = {row.id for row in [*ended.only("id"), *stale.only("id")]}
    return sum(files.burn(file_id) for file_id in due)


def drop_old_history() -> int:
    """Superseded envelopes whose undo window is over."""
    return int(SealedHistory.objects.filter(until__lte=clock.now()).delete()[0])


def drop_old_counts() -> int:
    """Days of reveal counts that no habit is computed from any more, and yesterday's dry runs."""
    before = clock.today_cn() - timedelta(days=COUNTS_DAYS)
    tried = TrialRows.objects.filter(at__lt=clock.now() - timedelta(days=1))
    return int(RevealCount.objects.filter(day__lt=before).delete()[0]) + int(tried.delete()[0])


def sweep_orphan_keys(*, grace_s: int = GRACE_S) -> int:
    """Keys whose data never came (the record's transaction failed) or went (an attribute was removed and the process
    died before it burned the old key). Such a key opens at most an envelope in a backup."""
    swept = 0
    for page in _old_keys(grace_s):
        for ref in _orphans(page):
            keys.burn_generation(ref)
            swept += 1
    return swept


def _old_keys(grace_s: int) -> Iterator[list[KeyRef]]:
    before = clock.now() - timedelta(seconds=grace_s)
    last: tuple[Any, ...] = ("00000000-0000-0000-0000-000000000000", -1, -1)
    while True:
        rows = keys.ask(
            "SELECT subject_id, grade, gen FROM keyring_subjectkey"
            " WHERE (subject_id, grade, gen) > (%s::uuid, %s, %s) AND created_at < %s"
            " ORDER BY subject_id, grade, gen LIMIT %s",
            [*last, before, _PAGE],
        )
        if not rows:
            return
        yield [KeyRef(*row) for row in rows]
        last = rows[-1]


def _orphans(page: list[KeyRef]) -> list[KeyRef]:
    subjects = {ref.subject_id for ref in page}
    known = set(Subject.objects.filter(id__in=subjects).values_list("id", flat=True))
    used = set(Sealed.objects.filter(subject_id__in=subjects).values_list("subject_id", "grade", "key_gen"))
    used |= set(SealedHistory.objects.filter(subject_id__in=subjects).values_list("subject_id", "grade", "key_gen"))
    return [
        ref
        for ref in page
        if ref.subject_id not in known
        or (ref.grade != PAYLOAD_CLASS and (ref.subject_id, ref.grade, ref.gen) not in used)
    ]


def resume_erasures() -> int:
    """Erasures whose job was lost (a keyring that was down for long, a queue that was restored)."""
    due = Erasure.objects.filter(state="erasing", asked_at__lte=clock.now() - timedelta(minutes=5))
    for row in due:
        continue_erasure.later(Caller.for_service("erasure", cause=f"erasure:{row.id}"), erasure=row.id)
    return len(due)
