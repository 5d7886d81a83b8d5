"""Sealing one record: suites, padding and what a seal is bound to. Pure: keys come in, bytes go out, nothing is kept.

An envelope is ``suite (1 byte) | nonce (12) or salt (24) | ciphertext | tag (16)``. Suite 1 is AES-256-GCM-SIV under
the subject key; suites 2 and 3 are GCM under a key derived for this one message: SM4 with HMAC-SM3 (国密), and AES-256
with HMAC-SHA-256 (providers limited to FIPS modes). Keys are wrapped the same way, and a suite decides the hash of
everything keyed beside it. Measurements and reasons: docs/decisions, RFC 8452, RFC 8998, NIST SP 800-38D.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kexin.foundation import canonical, crypto
from kexin.foundation.crypto import DoesNotOpen

SUITE_SIV = 1
SUITE_SM4 = 2
SUITE_GCM_DERIVED = 3
SUITES = (SUITE_SIV, SUITE_SM4, SUITE_GCM_DERIVED)
#: Version of what the associated data says; part of every seal.
SCHEMA = 1
_NUMBERS = struct.Struct(">HBIBII")
_SALT_BYTES = 24
_ZERO_NONCE = bytes(crypto.GCM_NONCE_BYTES)
_PAD_STEPS = (64, 256, 1024, 4096)
#: One record of one grade; a value longer than this belongs into a file.
MAX_PLAINTEXT_BYTES = 1 << 20


class RandomnessBroken(RuntimeError):
    """The system's generator repeated itself: sealing stops rather than repeat a key (FIPS 140-2 §4.9.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an envelope lives. All of it is bound into the seal, so it opens nowhere else."""

    installation: uuid.UUID
    entity: str
    entity_id: uuid.UUID
    subject_id: uuid.UUID
    grade: int
    ver: int
    key_gen: int

    def aad(self, suite: int) -> bytes:
        """Associated data of this place."""
        rest = numbers(self.entity, grade=self.grade, ver=self.ver, suite=suite, key_gen=self.key_gen)
        return associated(self.installation.bytes, self.entity_id.bytes, self.subject_id.bytes, rest)


def numbers(entity: str, *, grade: int, ver: int, suite: int, key_gen: int) -> bytes:
    """The end of associated data: numbers of fixed length, then the entity after its own length."""
    name = entity.encode()
    return _NUMBERS.pack(SCHEMA, grade, ver, suite, key_gen, len(name)) + name


def associated(installation: bytes, entity_id: bytes, subject_id: bytes, rest: bytes) -> bytes:
    """Associated data: parts of fixed length (16 bytes each), and `numbers`, so that no two places share bytes."""
    return b"kexin seal" + installation + entity_id + subject_id + rest


def pad(plaintext: bytes) -> bytes:
    """Length (4 bytes), text, zeros: up to 64, 256, 1024, 4096, then multiples of 4096, so that size tells little."""
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise ValueError("a sealed record is at most 1 MiB per grade")
    framed = len(plaintext).to_bytes(4, "big") + plaintext
    length = len(framed)
    for step in _PAD_STEPS:
        if length <= step:
            return framed.ljust(step, b"\0")
    return framed.ljust(-(-length // 4096) * 4096, b"\0")


def unpad(padded: bytes) -> bytes:
    """The text inside a padded frame; raises DoesNotOpen when the frame lies."""
    size = int.from_bytes(padded[:4], "big")
    if len(padded) < 4 or size > len(padded) - 4 or padded[4 + size :].strip(b"\0"):
        raise DoesNotOpen("sealed bytes are not framed as they should be")
    return padded[4 : 4 + size]


def seal_bytes(*, key: bytes, place: Place, plaintext: bytes, suite: int = SUITE_SIV) -> bytes:
    """Seal bytes for one place."""
    return seal_under(key=key, aad=place.aad(suite), plaintext=plaintext, suite=suite)


def seal_under(*, key: bytes, aad: bytes, plaintext: bytes, suite: int) -> bytes:
    """Seal bytes for the place that this associated data describes."""
    return bytes((suite,)) + wrap(key=key, aad=aad, plaintext=pad(plaintext), suite=suite)


def wrap(*, key: bytes, aad: bytes, plaintext: bytes, suite: int) -> bytes:
    """Seal bytes whose length is no secret (a key): nonce or salt, ciphertext, tag. A nonce that repeats by chance
    shows nothing under suite 1; the others never use a message key twice."""
    if suite == SUITE_SIV:
        nonce = crypto.random_bytes(crypto.GCM_NONCE_BYTES)
        return nonce + crypto.siv_seal(key, nonce, plaintext, aad)
    if suite not in SUITES:
        raise ValueError(f"no suite {suite}")
    salt = _fresh_salt()
    seal = crypto.sm4_seal if suite == SUITE_SM4 else crypto.gcm_seal
    return salt + seal(_message_key(key, salt, aad, suite), _ZERO_NONCE, plaintext, aad)


def unwrap(*, key: bytes, aad: bytes, wrapped: bytes, suite: int) -> bytes:
    """Open what `wrap` sealed; raises DoesNotOpen."""
    if suite == SUITE_SIV:
        return crypto.siv_open(key, wrapped[: crypto.GCM_NONCE_BYTES], wrapped[crypto.GCM_NONCE_BYTES :], aad)
    if suite not in SUITES:
        raise DoesNotOpen(f"no suite {suite}")
    salt, sealed = wrapped[:_SALT_BYTES], wrapped[_SALT_BYTES:]
    open_ = crypto.sm4_open if suite == SUITE_SM4 else crypto.gcm_open
    return open_(_message_key(key, salt, aad, suite), _ZERO_NONCE, sealed, aad)


def open_bytes(*, key: bytes, place: Place, envelope: bytes, suite: int) -> bytes:
    """Open what `seal_bytes` sealed for this place; `suite` is what the row says. Raises DoesNotOpen."""
    if not envelope or envelope[0] != suite:
        raise DoesNotOpen("the envelope is not of the suite that its row names")
    return unpad(unwrap(key=key, aad=place.aad(suite), wrapped=envelope[1:], suite=suite))


def seal_values(*, key: bytes, place: Place, values: dict[str, Any], suite: int = SUITE_SIV) -> bytes:
    """Seal all values of one grade of one record as canonical JSON."""
    return seal_bytes(key=key, place=place, plaintext=canonical.dumps(values), suite=suite)


def open_values(*, key: bytes, place: Place, envelope: bytes, suite: int) -> dict[str, Any]:
    """The values of one grade of one record; raises DoesNotOpen."""
    values = canonical.loads(open_bytes(key=key, place=place, envelope=envelope, suite=suite))
    if not isinstance(values, dict):
        raise DoesNotOpen("a record is a map of values")
    return values


def commitment(key: bytes, *, suite: int = SUITE_SIV) -> bytes:
    """16 bytes that only this key has: AEAD tags alone do not commit to one key. ``suite``: that of the wrapping."""
    return keyed(suite)(key, b"kexin commit")[:16]


def keyed(suite: int) -> Callable[[bytes, bytes], bytes]:
    """The keyed hash of a suite: HMAC over SM3 for suite 2, over SHA-256 for the others."""
    return crypto.hmac_sm3 if suite == SUITE_SM4 else crypto.hmac_sha256


_last_salt = b""


def _fresh_salt() -> bytes:
    """24 random bytes, refused when the generator repeats itself: a repeated salt here would repeat a key."""
    global _last_salt
    salt = crypto.random_bytes(_SALT_BYTES)
    if salt == _last_salt:
        raise RandomnessBroken("the random generator repeated itself")
    _last_salt = salt
    return salt


def _message_key(key: bytes, salt: bytes, aad: bytes, suite: int) -> bytes:
    """The key of one message: bound to its place as well as to its salt."""
    if suite == SUITE_SM4:
        return crypto.hmac_sm3(key, b"kexin seal 2" + salt + crypto.sm3(aad))[: crypto.SM4_KEY_BYTES]
    return crypto.hmac_sha256(key, b"kexin seal 3" + salt + crypto.sha256(aad))
