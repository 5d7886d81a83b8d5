"""By which masks a display envelope was rendered, and whether today's rulebook would still render it so.

A rendering cannot be narrowed after the fact: ``138****5678`` does not say what the digits under a stricter mask are
allowed to be. So each display envelope names the masks it was made by (a short digest), and where today's mask of an
attribute is another one the rendering is not shown until the record was rebuilt.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kexin.foundation import canonical
from kexin.regime.types import AttributeDef
from kexin.vault.models import Rebuild
from kexin.vault.search.indexes import all_indexes

#: Key of the digest among the renderings, and its mark there. No attribute has an empty key.
STAMP, MARK = "", "r"
#: What stands for a rendering that a stricter mask may not allow.
HIDDEN = "****"

_last: tuple[Mapping[str, AttributeDef], str] | None = None


def spoken(attributes: Mapping[str, AttributeDef]) -> dict[str, list[str]]:
    """Attribute -> semantic type and mask rule, which together render it."""
    return {key: [one.type, one.mask] for key, one in sorted(attributes.items()) if one.storage == "sealed"}


def stamp(attributes: Mapping[str, AttributeDef]) -> str:
    """Eight characters that name the masks of a catalogue. The last catalogue asked about is remembered."""
    global _last
    kept = _last
    if kept is None or kept[0] is not attributes:
        kept = _last = (attributes, _digest(spoken(attributes))[:8])
    return kept[1]


def plan(attributes: Mapping[str, AttributeDef]) -> str:
    """A digest of everything that decides where and how a value lies: masks, display, grades, storage, indexes."""
    return _digest(
        {
            key: [one.type, one.mask, one.display, one.storage, str(one.grade), *indexes([one])]
            for key, one in sorted(attributes.items())
        }
    )


def indexes(attributes: Iterable[AttributeDef]) -> list[str]:
    """Names of the indexes of these attributes."""
    return sorted(index.name for index in all_indexes(attributes))


def current(attributes: Mapping[str, AttributeDef], attribute: AttributeDef, display: Mapping[str, Any]) -> bool:
    """Whether the rendering of this attribute in a display envelope is what today's mask would make."""
    made_by = str((display.get(STAMP) or (MARK, ""))[1])
    if made_by == stamp(attributes):
        return True
    return _known(made_by).get(attribute.key) == [attribute.type, attribute.mask]


def _known(made_by: str) -> Mapping[str, list[str]]:
    """The masks behind a digest, from the run that brought them in; nothing for what nobody knows."""
    if not made_by:
        return {}
    try:
        return _recorded(made_by)
    except LookupError:
        return {}


@lru_cache(maxsize=16)
def _recorded(made_by: str) -> Mapping[str, list[str]]:
    found = Rebuild.objects.filter(stamp=made_by).values_list("masks", flat=True).first()
    if found is None:
        raise LookupError(made_by)
    return dict(found)


def _digest(facts: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.dumps(facts)).digest()).decode().rstrip("=")
