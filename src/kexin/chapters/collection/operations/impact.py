"""What a new rulebook would take from imports that are on their way, for the impact preview."""

from __future__ import annotations

from kexin.chapters.collection.models import ImportRun
from kexin.chapters.collection.types import Stage
from kexin.foundation.caller import Caller
from kexin.regime.types import Affected, Rulebook


def affected_by(caller: Caller, before: Rulebook | None, after: Rulebook) -> tuple[Affected, ...]:
    """For the impact preview: imports on their way that would write less under a new rulebook than under the old one,
    because one of their columns is no longer collected for their purpose, or the purpose itself is gone."""
    under_way = ImportRun.objects.exclude(stage__in=(Stage.DONE, Stage.CANCELLED)).exclude(purpose="")
    poorer = sum(bool(before and _written(row, before) - _written(row, after)) for row in under_way.only("purpose", "mapping"))
    label = {"zh": "次进行中的导入会少写几列，或全部停下", "en": "imports under way would write fewer columns, or stop"}
    return (Affected(kind="collection.import", label=label, count=poorer),)


def _written(row: ImportRun, book: Rulebook) -> set[str]:
    """The attributes that an import may write under a rulebook."""
    if book.prohibited(row.purpose):
        return set()
    known = book.attributes
    return {key for key in row.mapping if key in known and known[key].collect and row.purpose in known[key].purposes}
