"""The witness: one key, one file, one promise. It signs a checkpoint only if it contains everything it signed before.

Run it where the company's administrators have no hand: an auditor, a parent company, another machine. It speaks C2SP
tlog-witness (``POST /add-checkpoint``) on loopback or behind a TLS proxy, plus ``GET /checkpoint?origin=`` for readers and
``POST /add-keys`` for a log that changed its key: believed when the key before it signed that. No Django, no database.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kexin.evidence.rules import merkle, notes
from kexin.evidence.rules.trust import Signer, signer_of, signers
from kexin.foundation import crypto

LIMIT_BYTES = 64_000
#: C2SP allows 63 hashes in a consistency proof.
LIMIT_HASHES = 63


class Refused(Exception):
    """A checkpoint that the witness does not sign, as an HTTP status and a line of text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Witness:
    """The state file and the key. `add` is one atomic compare-and-store. ``log_keys`` are those given by hand."""

    def __init__(self, *, folder: Path, name: str, log_keys: Callable[[], list[Signer]]) -> None:
        self._folder = folder
        self._log_keys = log_keys
        self._threads = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._private = self._load_key()
        self.key = notes.Key(name=name, public=crypto.public_key(self._private), type=notes.COSIGNATURE)

    def _load_key(self) -> bytes:
        path = self._folder / "key"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(crypto.signing_key().hex())
        return bytes.fromhex(path.read_text(encoding="ascii").strip())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread or process is between reading and storing."""
        with self._threads, open(self._folder / "lock", "a", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self, name: str = "state.json") -> dict[str, Any]:
        path = self._folder / name
        if not path.exists():
            return {}
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return state

    def _store(self, state: dict[str, Any], name: str = "state.json") -> None:
        temporary = self._folder / f"{name}.new"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(state, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def latest(self, origin: str) -> str | None:
        """The last note signed for this log, cosignature included."""
        entry = self._read().get(origin)
        return str(entry["note"]) if entry else None

    def _signers(self, origin: str) -> list[Signer]:
        """Keys of one log: those given by hand, then those that were handed over. What was given by hand wins."""
        given = [one for one in self._log_keys() if one.key.name == origin]
        told = self._read("keys.json").get(origin)
        if not given or not told:
            return given
        try:
            return signers({"origin": origin, "keys": told}, "checkpoint", crypto.signature_holds, known=given)
        except notes.BadNote:
            return given

    def learn(self, trust: Mapping[str, Any]) -> None:
        """Take in later keys from a log's own trust file. Raises Refused (404, 403): one that the key before it did not
        sign is a stranger's, and nothing of that file is kept."""
        try:
            origin, offered = str(trust["origin"]), [one for one in trust["keys"] if one["purpose"] == "checkpoint"]
            with self._alone():
                known = self._signers(origin)
                if not known:
                    raise Refused(404, "this witness does not know that log")
                found = signers({"origin": origin, "keys": offered}, "checkpoint", crypto.signature_holds, known=known)
                if len(found) > len(known):
                    self._store({**self._read("keys.json"), origin: offered}, "keys.json")
        except (notes.BadNote, KeyError, TypeError, ValueError) as error:
            raise Refused(403, "a key was not handed over by the key before it") from error

    def add(self, *, old: int, path: list[bytes], note: str) -> str:
        """Sign a newer checkpoint; answers the cosignature line. Raises Refused (404, 403, 409, 422)."""
        try:
            text, _ = notes.split(note)
            checkpoint = notes.read_checkpoint(text)
        except notes.BadNote as error:
            raise Refused(400, str(error)) from error
        keys = self._signers(checkpoint.origin)
        if not keys:
            raise Refused(404, "this witness does not know that log")
        if signer_of(note, keys, crypto.signature_holds) is None:
            raise Refused(403, "no key of that log, within its range, signed the checkpoint")
        with self._alone():
            state = self._read()
            known = state.get(checkpoint.origin, {"size": 0, "root": merkle.EMPTY_ROOT.hex()})
            if old > checkpoint.size:
                raise Refused(400, "the old size is larger than the checkpoint")
            if old != known["size"] or checkpoint.size < known["size"]:
                raise Refused(409, str(known["size"]))
            if checkpoint.size == known["size"] and checkpoint.root.hex() != known["root"]:
                raise Refused(409, str(known["size"]))
            try:
                merkle.check_consistency(old, bytes.fromhex(known["root"]), checkpoint.size, checkpoint.root, path)
            except merkle.ProofFails as error:
                raise Refused(422, str(error)) from error
            line = self._cosign(text)
            entry = {"size": checkpoint.size, "root": checkpoint.root.hex(), "note": note + line}
            self._store({**state, checkpoint.origin: entry})
        return line

    def _cosign(self, text: str) -> str:
        now = int(time.time())
        signature = crypto.sign(self._private, notes.cosigned_message(text, now))
        return notes.signature_line(self.key, now.to_bytes(8, "big") + signature)


def read_request(data: bytes) -> tuple[int, list[bytes], str]:
    """The body of ``add-checkpoint``: ``old N``, proof lines, an empty line, the note."""
    try:
        head, _, note = data.decode("utf-8").partition("\n\n")
        first, *proof = head.split("\n")
        word, number = first.split(" ")
        if word != "old" or str(int(number)) != number or int(number) < 0 or len(proof) > LIMIT_HASHES:
            raise ValueError("old")
        path = [base64.b64decode(line, validate=True) for line in proof]
    except (UnicodeDecodeError, ValueError, binascii.Error) as error:
        raise Refused(400, "the request is not an add-checkpoint request") from error
    return int(number), path, note


def read_trust(data: bytes) -> Mapping[str, Any]:
    """The body of ``add-keys``: the log's public trust file."""
    try:
        trust = json.loads(data)
    except ValueError as error:
        raise Refused(400, "the request is not a trust file") from error
    if not isinstance(trust, dict):
        raise Refused(400, "the request is not a trust file")
    return trust


def _handler(witness: Witness) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "kexin-witness"
        sys_version = ""
        timeout = 10

        def _answer(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/key":
                self._answer(200, witness.key.vkey() + "\n")
                return
            origin = parse_qs(parts.query).get("origin", [""])[0]
            note = witness.latest(origin) if parts.path == "/checkpoint" else None
            self._answer(200 if note else 404, note or "nothing is known of that log\n")

        def do_POST(self) -> None:
            try:
                length = int(self.headers.get("Content-Length", ""))
                place = urlsplit(self.path).path
                if place not in ("/add-checkpoint", "/add-keys"):
                    raise Refused(404, "nothing here")
                if not 0 < length <= LIMIT_BYTES:
                    raise Refused(413 if length > 0 else 400, "the request is empty or too large")
                data = self.rfile.read(length)
                if place == "/add-keys":
                    witness.learn(read_trust(data))
                    self._answer(200, "known\n")
                    return
                old, path, note = read_request(data)
                self._answer(200, witness.add(old=old, path=path, note=note))
            except ValueError:
                self._answer(400, "Content-Length is missing\n")
            except Refused as refused:
                kind = "text/x.tlog.size" if refused.status == 409 else "text/plain; charset=utf-8"
                self._answer(refused.status, refused.text + "\n", kind)

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are not logged: the state file is the record."""

    return Handler


def server(witness: Witness, *, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """An HTTP server that is listening and not yet serving."""
    return ThreadingHTTPServer((host, port), _handler(witness))


def keys_from_trust(path: Path) -> Callable[[], list[Signer]]:
    """Log keys as the company's trust file names them, read again at each request: the file may be replaced by hand."""

    def read() -> list[Signer]:
        trust = json.loads(path.read_text(encoding="utf-8"))
        return signers(trust, "checkpoint", crypto.signature_holds)

    return read
