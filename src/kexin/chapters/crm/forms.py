"""What the pages of chapter 7 read from a request: hostile until it is one of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kexin.foundation import canonical
from kexin.foundation.caller import Caller
from kexin.foundation.ids import uuid7
from kexin.foundation.problems import Invalid
from kexin.foundation.ui.words import say
from kexin.regime import queries as regime
from kexin.regime.semantic import Invalid as InvalidValue
from kexin.regime.semantic import normalise_for
from kexin.vault.types import SourceActRef
from kexin.vault.types_views import Filter, Sort

_FIELD = re.compile(r"f\.([a-z][a-z0-9_]{0,47})")
_ONCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST_FILTERS = 12
MOST_VALUES = 30


class UnknownUse(Invalid):
    """A use that is not one of 拨打, 短信, 邮件, 导航, 复制到快递单."""

    code = "unknown-use"
    title = _("没有执行：请从按钮里选择用法")


class TooManyFilters(Invalid):
    """More filters than a list takes."""

    code = "too-many-filters"
    title = _("筛选条件太多，请减少几项")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which list was asked for. ``view`` own, team or all; filters are facets and open facts by key."""

    view: str
    filters: tuple[Filter, ...]
    sort: Sort
    cursor: str | None
    query: str

    @property
    def set_count(self) -> int:
        """How many facets are set; the view is not one of them."""
        return sum(1 for one in self.filters if one.field != "relation")

    @classmethod
    def read(cls, query: QueryDict, *, usual: str) -> Listing:
        """From the address. Unknown keys are left aside; too many are refused. ``usual`` is the view of the post."""
        view = query.get("view", usual)
        view = view if view in ("own", "team", "all") else usual
        filters = [Filter(field="relation", op="eq", value=view)] if view != "all" else []
        for name in query:
            match = _FIELD.fullmatch(name)
            values = [value[:120] for value in query.getlist(name) if value][:MOST_VALUES]
            if match and values:
                filters.append(Filter(field=match[1], op="in", value=tuple(values)))
        if len(filters) > MOST_FILTERS:
            raise TooManyFilters
        kept = query.copy()
        kept.pop("cursor", None)
        return cls(
            view=view,
            filters=tuple(filters),
            sort=_sort(query.get("sort", "")),
            cursor=query.get("cursor") or None,
            query=kept.urlencode(),
        )


def _sort(text: str) -> Sort:
    field = text.lstrip("-")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,47}", field):
        return Sort()
    return Sort(field=field, descending=text.startswith("-"))


@dataclass(slots=True)
class Field:
    """One input of the form for a new customer."""

    key: str
    label: str
    required: bool
    grade: int
    choices: tuple[tuple[str, str], ...]
    hint: str
    value: str = ""
    error: str = ""


class NewCustomer:
    """A new customer by hand: the fields are those of the catalogue that the purpose in force may collect."""

    def __init__(self, caller: Caller, data: Mapping[str, Any] | None) -> None:
        bundle = regime.bundle()
        self.kind = "organisation" if data and data.get("kind") == "organisation" else "person"
        self.errors: dict[str, str] = {}
        self.purpose = caller.purpose
        self.fields = [
            Field(
                key=one.key,
                label=say(one.label),
                required=one.required,
                grade=one.grade,
                choices=tuple((code, say(text)) for code, text in one.choices.items()),
                hint=say(one.hint) if one.hint else "",
                value=str(data.get(one.key, "")) if data else "",
            )
            for one in bundle.attributes.values()
            if one.collect and caller.purpose in one.purposes and one.grade < 4 and self.kind in one.subject_kinds
        ]
        self.source = SourceActRef(source="counter", purpose=caller.purpose, basis="contract_if_asked")
        #: Made with the form and sent back with it, so that a second click is the same request.
        self.once = str(data.get("once", "")) if data else str(uuid7())
        if data is not None and data.get("basis") == "unproven":
            self.source = SourceActRef(source="counter", purpose=caller.purpose, basis="unproven")

        self._attributes = bundle.attributes

    @property
    def values(self) -> dict[str, str]:
        """What was filled in, as text; the vault validates it against the catalogue again."""
        return {field.key: field.value for field in self.fields if field.value.strip()}

    @property
    def key(self) -> str | None:
        """Of the repeatable request: this form with these contents. Changed after going back, it is another one."""
        contents = canonical.dumps({"kind": self.kind, "basis": self.source.basis, **self.values})
        return f"form:{self.once}:{sha256(contents).hexdigest()}" if _ONCE.fullmatch(self.once) else None

    def is_valid(self) -> bool:
        """Whether every field that was filled in can be read as what it should be; each mistake stands at its field."""
        language = "en" if (get_language() or "").startswith("en") else "zh"
        for field in self.fields:
            if not field.value.strip():
                field.error = str(_("请填写这一项")) if field.required else ""
                continue
            try:
                normalise_for(self._attributes[field.key], field.value)
            except InvalidValue as error:
                field.error = error.text(language)
        if not self.values:
            self.errors["form"] = str(_("请至少填写一项"))
        return not self.errors and not any(field.error for field in self.fields)
