"""The background processes of an installation, each one program: `python -m kexin.site.processes NAME`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

import typer

from kexin.site import shell

BEAT_S = 5.0
_log = logging.getLogger(__name__)

_BEAT = """
INSERT INTO site_heartbeat (process, beat_at) VALUES (%s, now())
ON CONFLICT (process) DO UPDATE SET beat_at = excluded.beat_at
"""


def _enter(role: str) -> None:
    """Become a process of that role: Django ready, power checked."""
    os.environ["KEXIN_ROLE"] = role
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexin.site.settings")
    import django

    django.setup()
    from kexin.site import holdings, power

    power.refuse_excess()
    holdings.refuse_unclaimed()


def beat(name: str, stop: threading.Event) -> None:
    """Say every few seconds that this process lives; a database that is away is no reason to die."""
    from django.db import DatabaseError, connection

    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute(_BEAT, [name])
        except DatabaseError as error:
            _log.warning("heartbeat of %s: %s", name, type(error).__name__)
            connection.close()
        if stop.wait(BEAT_S):
            connection.close()
            return


def _with_heartbeat(name: str, work: Callable[[threading.Event], None]) -> None:
    stop = threading.Event()
    heart = threading.Thread(target=beat, args=(name, stop), name="heartbeat", daemon=True)
    heart.start()
    try:
        work(stop)
    finally:
        stop.set()
        heart.join(timeout=BEAT_S)


def worker() -> None:
    """Runs queued verbs. procrastinate itself ends after the job in hand on SIGTERM and SIGINT."""
    _enter("worker")
    from django.core.management import call_command

    concurrency = os.environ.get("KEXIN_WORKERS", "2")

    def work(_stop: threading.Event) -> None:
        call_command("procrastinate", "worker", "--name", "worker", "--concurrency", concurrency)

    _with_heartbeat("worker", work)


def sequencer() -> None:
    """Numbers, signs and delivers the ledger's lines."""
    _enter("sequencer")
    from kexin.evidence import sequencer as ledger

    def work(stop: threading.Event) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        ledger.run(stop)

    _with_heartbeat("sequencer", work)


def witness() -> None:
    """Countersigns the ledger's heads. Needs no database; best on another machine (`kexin witness`)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexin.site.settings")
    from django.conf import settings

    from kexin.evidence import keys, places
    from kexin.evidence import witness as keeper

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    known = keeper.keys_from_trust(keys.trust_path())
    name = f"{keys.trust()['origin']}/witness"
    keeping = keeper.Witness(folder=places.witness_folder(), name=name, log_keys=known)
    listening = keeper.server(keeping, port=settings.PORT + 1)
    serving = threading.Thread(target=listening.serve_forever, name="witness", daemon=True)
    serving.start()
    stop.wait()
    listening.shutdown()
    listening.server_close()


PROCESSES = {"worker": worker, "sequencer": sequencer, "witness": witness}


def main() -> None:
    """The program of one process."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in PROCESSES:
        raise SystemExit(f"usage: python -m kexin.site.processes {'|'.join(PROCESSES)}")
    try:
        with shell.told():  # one sentence instead of a stack: too much power, a missing secret
            PROCESSES[name]()
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


if __name__ == "__main__":
    main()
