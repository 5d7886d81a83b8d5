"""Cryptographic primitives, thin over pyca/cryptography. Imported by `vault` and `evidence` alone (a contract)."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

KEY_BYTES = 32
#: Key of SM4 (GB/T 32907-2016), a block cipher of 128 bits.
SM4_KEY_BYTES = 16
GCM_NONCE_BYTES = 12
GCM_TAG_BYTES = 16


class DoesNotOpen(Exception):
    """The bytes are not what was sealed here, for this place, under this key. Never a value, never partial text."""


def random_bytes(count: int) -> bytes:
    """Bytes of the operating system's generator."""
    return os.urandom(count)


def sha256(data: bytes) -> bytes:
    """SHA-256 (FIPS 180-4), 32 bytes."""
    return hashlib.sha256(data).digest()


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104), 32 bytes."""
    return hmac.digest(key, data, "sha256")


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905-2016), 32 bytes. Not from hashlib: whether that knows SM3 depends on Python's own OpenSSL."""
    one = Hash(SM3())
    one.update(data)
    return one.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """HMAC (RFC 2104, GB/T 15852.2-2012) over SM3, 32 bytes."""
    one = HMAC(key, SM3())
    one.update(data)
    return one.finalize()


class Mac:
    """HMAC-SHA-256, or over SM3, under one key, for many messages: the key is taken in once."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes, *, chinese: bool = False) -> None:
        self._keyed = HMAC(key, SM3() if chinese else SHA256())

    def of(self, data: bytes) -> bytes:
        """The 32 bytes of `hmac_sha256` or `hmac_sm3`."""
        one = self._keyed.copy()
        one.update(data)
        return one.finalize()


def equal(left: bytes, right: bytes) -> bool:
    """Compare without telling by time where they differ."""
    return hmac.compare_digest(left, right)


def siv_seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """AES-256-GCM-SIV (RFC 8452): a repeated nonce shows equal messages and nothing else. Answer: ciphertext | tag."""
    return AESGCMSIV(key).encrypt(nonce, plaintext, aad)


class Siv:
    """`siv_seal` under one key, for many messages: the key schedule is made once."""

    __slots__ = ("seal",)

    def __init__(self, key: bytes) -> None:
        #: seal(nonce, plaintext, aad)
        self.seal = AESGCMSIV(key).encrypt


def siv_open(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
    """Open what `siv_seal` sealed; raises DoesNotOpen."""
    try:
        return AESGCMSIV(key).decrypt(nonce, ciphertext, aad)
    except (InvalidTag, ValueError) as error:
        raise DoesNotOpen("sealed bytes do not open") from error


def gcm_seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """AES-256-GCM (NIST SP 800-38D). The key must be fresh for each message: a repeated nonce breaks it."""
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def gcm_open(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
    """Open what `gcm_seal` sealed; raises DoesNotOpen."""
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, aad)
    except (InvalidTag, ValueError) as error:
        raise DoesNotOpen("sealed bytes do not open") from error


def sm4_seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """SM4-GCM (GB/T 32907-2016, GB/T 36624-2018, RFC 8998). The key must be fresh for each message. Answer as AES."""
    cipher = Cipher(SM4(key), GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(aad)
    sealed = cipher.update(plaintext) + cipher.finalize()
    return sealed + cipher.tag


def sm4_open(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
    """Open what `sm4_seal` sealed; raises DoesNotOpen. The library hands out plaintext before it has seen the tag, so
    everything waits here until `finalize` has agreed."""
    body, tag = ciphertext[:-GCM_TAG_BYTES], ciphertext[-GCM_TAG_BYTES:]
    try:
        cipher = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
        cipher.authenticate_additional_data(aad)
        waiting = cipher.update(body)
        return waiting + cipher.finalize()
    except (InvalidTag, ValueError) as error:
        raise DoesNotOpen("sealed bytes do not open") from error


def signing_key() -> bytes:
    """A new Ed25519 private key (RFC 8032), 32 raw bytes."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def public_key(private: bytes) -> bytes:
    """The 32-byte public half of an Ed25519 private key."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(private: bytes, message: bytes) -> bytes:
    """Ed25519 signature, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(message)


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature is that of this message under this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
