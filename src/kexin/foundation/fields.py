"""Columns that the program fills when a row is made: identifiers and instants.

Their Python default is no part of the table, so that migrations do not know it and import nothing of the house.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from kexin.foundation.clock import now
from kexin.foundation.ids import uuid7


class IdField(models.UUIDField):
    """A version 7 UUID, made by us."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default": uuid7, "editable": False, **options})

    def deconstruct(self) -> Any:
        """As the plain field that the table has."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.UUIDField", arguments, _without_default(options)


class InstantField(models.DateTimeField):
    """The instant at which the row was made."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default": now, **options})

    def deconstruct(self) -> Any:
        """As the plain field that the table has."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.DateTimeField", arguments, _without_default(options)


def _without_default(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key != "default"}
