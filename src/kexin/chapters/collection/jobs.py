"""The jobs of this room, where the worker looks for them: a worker that does not know a task leaves it undone."""

from kexin.chapters.collection.operations import perform, try_out

__all__ = ["perform", "try_out"]
