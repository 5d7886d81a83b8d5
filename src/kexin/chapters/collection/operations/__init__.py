"""Verbs of collection: an import is opened, matched, declared, tried and run; each step is a row and can be left."""

from kexin.chapters.collection.operations.errors import error_file
from kexin.chapters.collection.operations.opening import BROUGHT_IN, KEEP, declare, map_columns, open_import, reread
from kexin.chapters.collection.operations.working import begin, cancel, dry_run, perform, run, try_now, try_out

__all__ = [
    "BROUGHT_IN",
    "KEEP",
    "begin",
    "cancel",
    "declare",
    "dry_run",
    "error_file",
    "map_columns",
    "open_import",
    "perform",
    "reread",
    "run",
    "try_now",
    "try_out",
]
