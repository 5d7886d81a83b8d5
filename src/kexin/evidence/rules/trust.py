"""What a trust file says: which key of a ledger signs which trees, and who vouches for a key that came later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kexin.evidence.rules.notes import BadNote, Key, Verifies, read_checkpoint, read_vkey, signed_by, split, unbase

ROTATION_FORMAT = "kexin-rotation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key with its range: a checkpoint key signs trees of more than ``after`` lines and, once retired, of at most
    ``upto``. So a key that leaks after its time signs nothing new. (Receipts have no size: there it only informs.)"""

    key: Key
    purpose: str
    after: int = 0
    upto: int | None = None

    def covers(self, size: int) -> bool:
        """Whether a tree of this size is in the range."""
        return self.after < size and (self.upto is None or size <= self.upto)


def rotation_message(origin: str, purpose: str, old: Key, new: Key, after: int) -> bytes:
    """What the old key signs to hand over to the new one."""
    return f"{ROTATION_FORMAT}\n{origin}\n{purpose}\n{old.vkey()}\n{new.vkey()}\n{after}\n".encode()


def signers(trust: Mapping[str, Any], purpose: str, verifies: Verifies, *, known: Sequence[Signer] = ()) -> list[Signer]:
    """Keys of this purpose in the order in which they took over; raises BadNote for one that nobody vouches for.

    ``known``: keys that the reader has from elsewhere; then every key of the file must follow from them, however many
    rotations lie between. Otherwise the file's first key is where trust begins.
    """
    found = list(known)
    for entry in trust["keys"]:
        key = read_vkey(entry["vkey"])
        if entry["purpose"] != purpose or any(one.key == key for one in found):
            continue
        if not found:
            found.append(Signer(key=key, purpose=purpose, after=int(entry.get("after", 0))))
            continue
        old, after = found[-1], int(entry.get("after", 0))
        message = rotation_message(trust["origin"], purpose, old.key, key, after)
        if after < old.after or not verifies(old.key.public, _signature(entry), message):
            raise BadNote(f"no known key hands over to the {purpose} key {key.id.hex()}")
        found[-1] = replace(old, upto=after)
        found.append(Signer(key=key, purpose=purpose, after=after))
    return found


def _signature(entry: Mapping[str, Any]) -> bytes:
    try:
        return unbase(str(entry.get("handed_over", "")))
    except ValueError:
        return b""


def signer_of(note: str, keys: Sequence[Signer], verifies: Verifies) -> Signer | None:
    """Which of the keys signed this checkpoint within its range; None when none did. Raises BadNote."""
    size = read_checkpoint(split(note)[0]).size
    fitting = [one for one in keys if one.covers(size)]
    key = signed_by(note, [one.key for one in fitting], verifies)
    return next((one for one in fitting if one.key == key), None)
