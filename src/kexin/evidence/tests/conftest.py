"""A whole ledger for one test: committed database, sequencer, mirror folder and a listening witness."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kexin.evidence import keys, witness
from kexin.evidence.operations import note
from kexin.evidence.publishing import Publisher
from kexin.evidence.sequencer import Sequencer
from kexin.evidence.types import Entry, Event
from kexin.foundation.caller import Caller

SERVICE = Caller.for_service("importer", purpose="presale")


@dataclass
class Ledger:
    """What a test does with it."""

    databases: Any
    folder: Path
    witness: witness.Witness
    url: str

    def write(self, count: int = 1, **fields: Any) -> list[uuid.UUID]:
        """Note lines and number them."""
        fields.setdefault("event", Event.CUSTOMER_OPENED)
        ids = [note(SERVICE, Entry(**fields)).intake_id for _ in range(count)]
        self.sequence()
        return ids

    def sequence(self) -> None:
        """Drain, sign."""
        with self.databases.connect("sequencer") as connection:
            sequencer = Sequencer(connection)
            sequencer.start()
            while sequencer.drain():
                pass
            sequencer.sign()

    def deliver(self) -> None:
        """To mirror and witness."""
        with self.databases.connect("sequencer") as connection:
            Publisher().step(connection, now=True)

    def tamper(self, statement: str, *parameters: Any) -> None:
        """What a database superuser could do: switch the fences off, change, switch them on."""
        with psycopg.connect(self.databases.url("admin"), autocommit=True) as connection:
            for table in ("leaf", "tile", "checkpoint", "subject"):
                connection.execute(f"ALTER TABLE evidence_{table} DISABLE TRIGGER ALL")
            connection.execute(statement, parameters)


@pytest.fixture
def ledger(fresh_db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """An empty ledger with keepers of its own."""
    own = witness.Witness(
        folder=tmp_path / "witness", name="witness.example", log_keys=witness.keys_from_trust(keys.trust_path())
    )
    server = witness.server(own)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("KEXIN_WITNESS_URL", url)
    monkeypatch.setenv("KEXIN_MIRROR", str(tmp_path / "mirror"))
    kept = {path: path.read_bytes() for path in (keys.trust_path(), *(keys.folder() / "keys").iterdir())}
    yield Ledger(fresh_db, tmp_path, own, url)
    for path, data in kept.items():
        path.write_bytes(data)
    server.shutdown()
    server.server_close()
    thread.join()
