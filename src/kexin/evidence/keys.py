"""Signing keys, the pseudonym secret and the trust file, as files of one installation.

    KEXIN_HOME/evidence/keys/      0700; checkpoint, receipt, pseudonym: 32 bytes in hex, 0600
    KEXIN_HOME/evidence/trust.json public: origin, public keys, witnesses; what an outsider needs and nothing more
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from kexin.evidence.rules.notes import Key, read_vkey
from kexin.foundation import clock, crypto, ids
from kexin.foundation.problems import Unavailable

#: What a key may sign. A checkpoint key signs checkpoints alone; everything handed to people is a receipt.
PURPOSES = ("checkpoint", "receipt")
TRUST_FORMAT = "kexin-trust/1"


class KeysMissing(Unavailable):
    """The signing keys of this installation are not where they should be."""

    code = "evidence-keys-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The private side, loaded once per process. ``pseudonym`` keys the actor pseudonyms."""

    instance: str
    origin: str
    pseudonym: bytes
    private: dict[str, bytes]

    def key(self, purpose: str) -> Key:
        """The public half as a note key."""
        return Key(name=self.origin, public=crypto.public_key(self.private[purpose]))


def folder() -> Path:
    """Where the ledger keeps its files."""
    return Path(settings.INSTANCE.folder) / "evidence"


def trust_path() -> Path:
    """The public trust file."""
    return folder() / "trust.json"


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write beside, sync, then rename: a reader sees the old file or the new one, never half."""
    temporary = path.with_name(f".{path.name}.{ids.uuid7()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _read_secret(name: str) -> bytes:
    path = folder() / "keys" / name
    try:
        if path.stat().st_mode & 0o077:
            raise KeysMissing(f"{path} is readable by others: chmod 600 {path}")
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (FileNotFoundError, PermissionError, ValueError) as error:
        raise KeysMissing(f"{path} is missing or unreadable: run `kexin setup`, or restore it from its backup") from error


def create() -> str:
    """Make what is missing in a new installation; keys that exist are never replaced. Answers the origin."""
    place = folder() / "keys"
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    known = trust_path().exists()
    for name in (*PURPOSES, "pseudonym"):
        path = place / name
        if path.exists():
            continue
        if known:
            raise KeysMissing(f"{path} is missing, but this installation has signed with it: restore it from its backup")
        value = crypto.random_bytes(32) if name == "pseudonym" else crypto.signing_key()
        _write(path, value.hex().encode(), 0o600)
    if not known:
        instance = crypto.random_bytes(8).hex()
        origin = f"kexin/{instance}"
        public = [_public_entry(origin, purpose, _read_secret(purpose)) for purpose in PURPOSES]
        _write_trust(
            {"format": TRUST_FORMAT, "instance": instance, "origin": origin, "keys": public, "witnesses": []}
        )
    ring.cache_clear()
    return ring().origin


def _public_entry(origin: str, purpose: str, private: bytes) -> dict[str, Any]:
    key = Key(name=origin, public=crypto.public_key(private))
    since = clock.now().isoformat(timespec="seconds")
    return {"id": key.id.hex(), "purpose": purpose, "alg": "Ed25519", "vkey": key.vkey(), "since": since, "until": None}


def _write_trust(trust: dict[str, Any]) -> None:
    _write(trust_path(), (json.dumps(trust, indent=2, ensure_ascii=False) + "\n").encode(), 0o644)


def trust() -> dict[str, Any]:
    """The trust file."""
    try:
        answer: dict[str, Any] = json.loads(trust_path().read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KeysMissing(f"{trust_path()} is missing: run `kexin setup`") from error
    return answer


def trusted(purpose: str) -> list[Key]:
    """Every public key of this purpose, retired ones included: what they signed stays signed."""
    return [read_vkey(entry["vkey"]) for entry in trust()["keys"] if entry["purpose"] == purpose]


def witnesses() -> list[Key]:
    """Public keys of the witnesses that this installation believes."""
    return [read_vkey(text) for text in trust()["witnesses"]]


def trust_witness(vkey: str) -> Key:
    """Believe this witness from now on. A witness of the same name with another key is refused."""
    key = read_vkey(vkey)
    current = trust()
    for known in witnesses():
        if known == key:
            return key
        if known.name == key.name:
            raise KeysMissing(f"the witness {key.name} is known with another key; remove it from {trust_path()} first")
    current["witnesses"].append(key.vkey())
    _write_trust(current)
    return key


def rotate(purpose: str) -> Key:
    """Replace one signing key. The old public key stays in the trust file with its end date."""
    current = trust()
    now = clock.now().isoformat(timespec="seconds")
    for entry in current["keys"]:
        if entry["purpose"] == purpose and entry["until"] is None:
            entry["until"] = now
    private = crypto.signing_key()
    current["keys"].append(_public_entry(current["origin"], purpose, private))
    # The public half is published before the private half is used: a signature never appears without its key.
    _write_trust(current)
    _write(folder() / "keys" / purpose, private.hex().encode(), 0o600)
    ring.cache_clear()
    return ring().key(purpose)


@lru_cache(maxsize=1)
def ring() -> Ring:
    """The private keys, read once per process."""
    public = trust()
    return Ring(
        instance=public["instance"],
        origin=public["origin"],
        pseudonym=_read_secret("pseudonym"),
        private={purpose: _read_secret(purpose) for purpose in PURPOSES},
    )
