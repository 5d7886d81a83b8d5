"""The first and only module that a sealing process imports by name: it sets Django up before anything needs it."""

from __future__ import annotations

import signal
from typing import Any

_act: Any = None
_tools: Any = None


def begin(given: bytes) -> None:
    """Called once in the new process, with what sealing needs (pickled: its classes need Django first)."""
    global _act, _tools
    import pickle

    import django

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, which ends us
    django.setup()
    from kexin.vault import bulk

    # Made by the parent, sent through the pipe between two processes of one user: never bytes from outside.
    tools, _act = pickle.loads(given)
    _tools = bulk.rebuild(tools)


def work(rows: bytes) -> Any:
    """Prepare and seal one pickled batch."""
    import pickle

    from kexin.vault import bulk

    return pickle.dumps(bulk.seal_batch(pickle.loads(rows), _act, _tools), protocol=5)
