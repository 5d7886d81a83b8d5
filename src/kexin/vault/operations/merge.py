"""Two records found to be one person, and the way back."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from kexin.evidence.types import Event
from kexin.foundation import clock, ids
from kexin.foundation.caller import Caller
from kexin.foundation.problems import NotFound
from kexin.regime import queries as regime
from kexin.vault import envelopes, history, records, subjects
from kexin.vault.envelopes import DISPLAY, IDENTITY
from kexin.vault.models import Merge, Subject
from kexin.vault.operations.amend import announce, rewrite
from kexin.vault.records import Catalogue
from kexin.vault.types import MergeResult, WrongState


def merge(caller: Caller, *, source: uuid.UUID, target: uuid.UUID) -> MergeResult:
    """Fold `source` into `target`: the survivor keeps its values and takes those it lacks. The source keeps every
    byte under its own keys and leaves lists and searches; what other rooms hold moves to the survivor."""
    if source == target:
        raise WrongState(_("同一位客户不能与自己合并"))
    catalogue = Catalogue.now()
    with transaction.atomic():
        lost, kept = subjects.locked(source, target)
        if not (lost.visible and kept.visible) or lost.kind != kept.kind:
            raise WrongState
        subjects.require_any_write(caller, subject=lost)
        decision = subjects.require_any_write(caller, subject=kept)
        theirs = envelopes.load(subjects=[source], entity=IDENTITY)
        ours = envelopes.load(subjects=[target], entity=IDENTITY)
        foreign = envelopes.open_values(theirs, noted=announce(caller, lost, theirs))
        noted = announce(caller, kept, ours)
        own = envelopes.open_values(ours, noted=noted)
        taken = sorted(set(foreign) - set(own))
        facets = sorted(set(lost.facets) - set(kept.facets))
        row = Merge(
            id=ids.uuid7(), source_id=source, target_id=target, taken=taken, taken_facets=facets,
            target_ver_before=kept.ver, target_ver_after=kept.ver, merged_by=caller.id, merged_at=clock.now(),
        )  # fmt: skip
        if taken or facets:
            whole = {**foreign, **lost.facets, **own, **kept.facets}
            prepared = records.resort(whole, bundle=catalogue.bundle)
            rewrite(kept, ours, prepared, catalogue, removed=(), cause="merge", noted=noted, cause_id=row.id)
            row.target_ver_after = kept.ver
        row.save(force_insert=True)
        lost.merged_into = target
        lost.save(update_fields=["merged_into"])
        subjects.drop_tokens([source])
        for holding in regime.holdings():
            holding.rebind(caller, source, target, row.id)
        subjects.noted(caller, Event.CUSTOMER_MERGED, kept, decision=decision, ref=str(row.id))
    return MergeResult(merge_id=row.id, target_id=target, source_id=source, taken=(*taken, *facets))


def unmerge(caller: Caller, *, merge_id: uuid.UUID) -> MergeResult:
    """Undo a merge: the source returns byte for byte. The survivor returns byte for byte too when nobody worked on it
    since; otherwise it only loses the values that it took over and that are still unchanged: later work stays."""
    catalogue = Catalogue.now()
    with transaction.atomic():
        row = Merge.objects.select_for_update().filter(id=merge_id, undone_at__isnull=True).first()
        if row is None:
            raise NotFound(_("没有这次合并，或已经撤销"))
        lost, kept = subjects.locked(row.source_id, row.target_id)
        subjects.require_any_write(caller, subject=kept)
        lost.merged_into = None
        decision = subjects.require_any_write(caller, subject=lost)
        returned = _give_back(caller, row, lost, kept, catalogue)
        lost.save(update_fields=["merged_into"])
        row.undone_by, row.undone_at = caller.id, clock.now()
        row.save(update_fields=["undone_by", "undone_at"])
        for holding in regime.holdings():
            holding.rebind(caller, row.target_id, row.source_id, row.id)
        subjects.noted(caller, Event.CUSTOMER_UNMERGED, kept, decision=decision, ref=str(row.id))
    return MergeResult(merge_id=row.id, target_id=row.target_id, source_id=row.source_id, taken=returned)


def _give_back(caller: Caller, row: Merge, lost: Subject, kept: Subject, catalogue: Catalogue) -> tuple[str, ...]:
    """Restore the survivor's values and both records' tokens; answers with the attributes it lost again."""
    theirs = envelopes.load(subjects=[lost.id], entity=IDENTITY)
    foreign = envelopes.open_values(theirs, noted=announce(caller, lost, theirs))
    source = records.resort({**foreign, **lost.facets}, bundle=catalogue.bundle)
    subjects.write_tokens(lost.id, records.tokens_of(source, catalogue))
    taken = [*row.taken, *row.taken_facets]
    if not taken:
        return ()
    ours = envelopes.load(subjects=[kept.id], entity=IDENTITY)
    noted = announce(caller, kept, ours)
    own = {**envelopes.open_values(ours, noted=noted), **kept.facets}
    before = history.kept(kept.id, cause="merge", cause_id=row.id)
    back = tuple(key for key in taken if own.get(key) == source.values.get(key))
    prepared = records.resort({k: v for k, v in own.items() if k not in back}, bundle=catalogue.bundle)
    if kept.ver == row.target_ver_after and before:
        envelopes.drop([*ours, *envelopes.load(subjects=[kept.id], entity=DISPLAY)])
        envelopes.store(before)
        kept.ver += 1
        kept.facets = dict(prepared.facets)
        kept.save(update_fields=["ver", "facets"])
        subjects.write_tokens(kept.id, records.tokens_of(prepared, catalogue))
    elif back:
        rewrite(kept, ours, prepared, catalogue, removed=(), cause="unmerge", noted=noted, cause_id=row.id)
    return back
