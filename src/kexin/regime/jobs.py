"""The jobs of this room, where the worker looks for them: a worker that does not know a task leaves it undone."""

from kexin.regime.operations.assessing import count_impact
from kexin.regime.operations.consents import renew_consents

__all__ = ["count_impact", "renew_consents"]
