"""Signed notes: checkpoints and cosignatures as C2SP defines them (signed-note, tlog-checkpoint, tlog-cosignature)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

#: Signature types of signed-note: plain Ed25519 of a log, timestamped Ed25519 of a witness.
ED25519 = 0x01
COSIGNATURE = 0x04

Verifies = Callable[[bytes, bytes, bytes], bool]  # (public, signature, message)


class BadNote(ValueError):
    """The text is not a signed note of the shape asked for."""



def unbase(text: str) -> bytes:
    """Base64 in its one form: unused bits of the last character that are set would let two texts be one signature.
    Raises ValueError."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("base64 is not in its one form")
    return raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says about itself at one moment."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The signed text, newline at the end included."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key of a note's signer: ``name`` without spaces or plus signs, ``public`` 32 bytes, type of signature."""

    name: str
    public: bytes
    type: int = ED25519

    @property
    def id(self) -> bytes:
        """First four bytes of SHA-256(name, newline, type, public)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def vkey(self) -> str:
        """``name+hash+base64(type | public)``, the text form of signed-note."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"


def read_vkey(text: str) -> Key:
    """Read `Key.vkey`; raises BadNote."""
    try:
        name, digest, encoded = text.strip().split("+", 2)
        raw = unbase(encoded)
        key = Key(name=name, public=raw[1:], type=raw[0])
    except (ValueError, IndexError, binascii.Error) as error:
        raise BadNote("not a public key of the form name+hash+base64") from error
    if len(key.public) != 32 or key.type not in (ED25519, COSIGNATURE) or key.id.hex() != digest:
        raise BadNote("the public key does not match its own hash")
    return key


def signature_line(key: Key, signature: bytes) -> str:
    """One signature of a note, newline included."""
    return f"\u2014 {key.name} {base64.b64encode(key.id + signature).decode()}\n"


def split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The signed text and its signatures as (name, key id, signature)."""
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise BadNote("a signed note is a text, an empty line, and signatures")
    signatures = []
    for line in tail.splitlines():
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise BadNote("a signature line is malformed")
        try:
            raw = unbase(parts[2])
        except (ValueError, binascii.Error) as error:
            raise BadNote("a signature is not base64") from error
        signatures.append((parts[1], raw[:4], raw[4:]))
    return text + "\n", signatures


def read_checkpoint(text: str) -> Checkpoint:
    """Parse the signed text of a checkpoint strictly; raises BadNote."""
    lines = text.split("\n")
    try:
        root = unbase(lines[2])
        size = int(lines[1])
    except (ValueError, IndexError, binascii.Error) as error:
        raise BadNote("not a checkpoint: origin, size and root are missing") from error
    if not lines[0] or len(root) != 32 or str(size) != lines[1] or size < 0 or lines[3:] != [""]:
        raise BadNote("not a checkpoint: origin, size or root is malformed")
    return Checkpoint(origin=lines[0], size=size, root=root)


def cosigned_message(text: str, time_s: int) -> bytes:
    """What a witness signs: the checkpoint and when it saw it."""
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def signed_by(note: str, keys: list[Key], verifies: Verifies) -> Key | None:
    """The first of ``keys`` that signed this note, None when none did."""
    text, signatures = split(note)
    for key in keys:
        for name, key_id, signature in signatures:
            if name != key.name or key_id != key.id:
                continue
            message = text.encode()
            if key.type == COSIGNATURE:
                message = cosigned_message(text, int.from_bytes(signature[:8], "big"))
                signature = signature[8:]
            if verifies(key.public, signature, message):
                return key
    return None


def cosigned_at(note: str, key: Key) -> int:
    """Unix seconds in the cosignature of this key (0 when absent)."""
    for name, key_id, signature in split(note)[1]:
        if name == key.name and key_id == key.id:
            return int.from_bytes(signature[:8], "big")
    return 0
