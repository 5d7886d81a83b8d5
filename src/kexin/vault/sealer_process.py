"""The first and only module that a sealing process imports by name: it sets Django up before anything needs it."""

from __future__ import annotations

import signal
from typing import Any

_tools: Any = None


def begin(attributes: bytes, secrets: bytes, house: Any, epochs: bytes) -> None:
    """Called once in the new process, with what sealing needs (pickled: their classes need Django first)."""
    global _tools
    import pickle

    import django

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, which ends us
    django.setup()
    from kexin.vault import bulk

    # Made by the parent, sent through the pipe between two processes of one user: never bytes from outside.
    _tools = bulk.rebuild(pickle.loads(attributes), pickle.loads(secrets), house, pickle.loads(epochs))


def work(batch: bytes) -> Any:
    """Seal one pickled batch."""
    import pickle

    from kexin.vault import bulk

    return pickle.dumps(bulk.seal_batch(pickle.loads(batch), _tools), protocol=5)
