"""Signing keys, the pseudonym secret and the trust file, as files of one installation.

    KEXIN_HOME/evidence/keys/      0700; checkpoint, receipt, pseudonym: 32 bytes in hex, 0600; while one is exchanged
                                   its successor beside it (`checkpoint.next`)
    KEXIN_HOME/evidence/trust.json public: origin, public keys, witnesses; what an outsider needs and nothing more
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from kexin.evidence.rules.notes import BadNote, Key, read_vkey
from kexin.evidence.rules.trust import Signer, rotation_message, signer_of, signers
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
    """The private side, as the files have it. ``pseudonym`` keys the actor pseudonyms."""

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


@contextmanager
def unchanged(*, changing: bool = False) -> Iterator[None]:
    """Nobody exchanges a key while this is open (``changing``: nobody even reads one). Between processes, by a lock
    that dies with its holder. The sequencer signs inside it, so that a key's range ends exactly where it says."""
    trust()  # says what is missing where nothing was set up
    with (folder() / "keys" / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if changing else fcntl.LOCK_SH)
        yield


def _read_secret(name: str) -> bytes:
    path = folder() / "keys" / name
    try:
        if path.stat().st_mode & 0o077:
            raise KeysMissing(_("%(path)s 别人也能读：chmod 600 %(path)s") % {"path": path})
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (FileNotFoundError, PermissionError, ValueError) as error:
        said = _("%(path)s 不在或读不出：请运行 `kexin setup`，或从备份中恢复它")
        raise KeysMissing(said % {"path": path}) from error


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
            raise KeysMissing(_("%(path)s 不在，而这套系统用它签过名：请从备份中恢复它") % {"path": path})
        value = crypto.random_bytes(32) if name == "pseudonym" else crypto.signing_key()
        _write(path, value.hex().encode(), 0o600)
    if not known:
        instance = crypto.random_bytes(8).hex()
        origin = f"kexin/{instance}"
        public = [_public_entry(origin, purpose, _read_secret(purpose)) for purpose in PURPOSES]
        _write_trust(
            {"format": TRUST_FORMAT, "instance": instance, "origin": origin, "keys": public, "witnesses": []}
        )
    return ring().origin


def _public_entry(origin: str, purpose: str, private: bytes, *, after: int = 0, handed_over: bytes = b"") -> dict[str, Any]:
    key = Key(name=origin, public=crypto.public_key(private))
    since = clock.now().isoformat(timespec="seconds")
    entry: dict[str, Any] = {
        "id": key.id.hex(), "purpose": purpose, "alg": "Ed25519", "vkey": key.vkey(), "since": since, "until": None,
        "after": after, "upto": None,
    }  # fmt: skip
    return {**entry, "handed_over": base64.b64encode(handed_over).decode()} if handed_over else entry


def _write_trust(trust: dict[str, Any]) -> None:
    _write(trust_path(), (json.dumps(trust, indent=2, ensure_ascii=False) + "\n").encode(), 0o644)


def trust() -> dict[str, Any]:
    """The trust file."""
    try:
        answer: dict[str, Any] = json.loads(trust_path().read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KeysMissing(_("%(path)s 不在：请运行 `kexin setup`") % {"path": trust_path()}) from error
    return answer


def trusted(purpose: str) -> list[Signer]:
    """Every public key of this purpose with its range, retired ones included: what they signed stays signed."""
    facts = trust_path().stat() if trust_path().exists() else None
    return list(_trusted(purpose, (facts.st_ino, facts.st_mtime_ns) if facts else None))


@lru_cache(maxsize=len(PURPOSES))
def _trusted(purpose: str, _stamp: object) -> tuple[Signer, ...]:
    try:
        return tuple(signers(trust(), purpose, crypto.signature_holds))
    except BadNote as error:
        said = _("%(path)s 被改动过（%(said)s）：请从备份中恢复它")
        raise KeysMissing(said % {"path": trust_path(), "said": error}) from error


def signer(note: str) -> Key | None:
    """Which key of this ledger signed a checkpoint, None when none did within its range. Raises BadNote."""
    found = signer_of(note, trusted("checkpoint"), crypto.signature_holds)
    return found.key if found else None


def witnesses() -> list[Key]:
    """Public keys of the witnesses that this installation believes."""
    return [read_vkey(text) for text in trust()["witnesses"]]


def trust_witness(vkey: str) -> Key:
    """Believe this witness from now on. A witness of the same name with another key is refused."""
    key = read_vkey(vkey)
    with unchanged(changing=True):
        current = trust()
        for known in witnesses():
            if known == key:
                return key
            if known.name == key.name:
                said = _("见证方 %(name)s 已用另一把密钥登记，请先从 %(path)s 中去掉它")
                raise KeysMissing(said % {"name": key.name, "path": trust_path()})
        current["witnesses"].append(key.vkey())
        _write_trust(current)
    return key


def rotate(purpose: str, *, after: Callable[[], int]) -> Key:
    """Replace one signing key. ``after()`` says how many lines are signed; asked when nobody signs.

    The old key signs that the new one takes over, and stays in the trust file with its range. A crash in between leaves
    either the old key in use or a successor that the next reader puts in its place.
    """
    with unchanged(changing=True):
        _finish_rotation(purpose)
        _successor(purpose).unlink(missing_ok=True)  # one that was never published
        current, old = trust(), _read_secret(purpose)
        origin, lines, now = current["origin"], after(), clock.now().isoformat(timespec="seconds")
        private = crypto.signing_key()
        old_key, new_key = (Key(name=origin, public=crypto.public_key(one)) for one in (old, private))
        for entry in current["keys"]:
            if entry["vkey"] == old_key.vkey():
                entry |= {"until": now, "upto": lines}
        signed = crypto.sign(old, rotation_message(origin, purpose, old_key, new_key, lines))
        current["keys"].append(_public_entry(origin, purpose, private, after=lines, handed_over=signed))
        # The public half is published before the private half is used: a signature never appears without its key.
        _write(_successor(purpose), private.hex().encode(), 0o600)
        _write_trust(current)
        _finish_rotation(purpose)
    return new_key


def _successor(purpose: str) -> Path:
    return folder() / "keys" / f"{purpose}.next"


def _finish_rotation(purpose: str) -> None:
    """Put a successor in place once the trust file names it. Two may do so at once: the second finds it done."""
    path = _successor(purpose)
    with suppress(FileNotFoundError):
        waiting = crypto.public_key(bytes.fromhex(path.read_text(encoding="ascii")))
        public = trust()
        vkeys = {entry["vkey"] for entry in public["keys"] if entry["purpose"] == purpose}
        if Key(name=public["origin"], public=waiting).vkey() in vkeys:
            path.replace(folder() / "keys" / purpose)


def ring() -> Ring:
    """The private keys, read again when a file changed: a process that runs for weeks learns of a rotation."""
    try:
        facts = [path.stat() for path in (trust_path(), *(folder() / "keys" / purpose for purpose in PURPOSES))]
    except FileNotFoundError:
        return _read_ring(None)
    return _read_ring(tuple((one.st_ino, one.st_mtime_ns) for one in facts))


@lru_cache(maxsize=1)
def _read_ring(_stamp: object) -> Ring:
    for purpose in PURPOSES:
        _finish_rotation(purpose)
    public = trust()
    return Ring(
        instance=public["instance"],
        origin=public["origin"],
        pseudonym=_read_secret("pseudonym"),
        private={purpose: _read_secret(purpose) for purpose in PURPOSES},
    )
