"""A model without a holding and not declared impersonal stops the process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error

from kexin.regime.register import Unclaimed, unclaimed


def model_labels() -> list[str]:
    """Every concrete model of every installed room and library, tables of relations included."""
    models = apps.get_models(include_auto_created=True)
    return [model._meta.label for model in models if not model._meta.proxy]


def holdings_check(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """One error for each model that nobody claims."""
    return [
        Error(
            f"{label} has no holding and is not declared impersonal",
            hint="claim it in the room's holdings.py and register it with kexin.regime.operations.register_holding; "
            "tables of libraries are declared in kexin/site",
            id="kexin.E001",
        )
        for label in unclaimed(model_labels())
    ]


def require_holdings() -> None:
    """Refuse to start: called by `site` in every process, because a web server does not run Django's checks."""
    missing = unclaimed(model_labels())
    if missing:
        raise Unclaimed("no holding and not impersonal: " + ", ".join(missing))
