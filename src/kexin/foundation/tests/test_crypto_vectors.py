"""The primitives against the vectors of their standards: a wrong one would agree with itself."""

from __future__ import annotations

import pytest

from kexin.foundation import crypto
from kexin.foundation.crypto import DoesNotOpen

pytestmark = pytest.mark.no_db

#: RFC 8998 A.1, SM4-GCM.
SM4_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
SM4_NONCE = bytes.fromhex("00001234567800000000abcd")
SM4_AAD = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
SM4_TEXT = bytes.fromhex("aa" * 8 + "bb" * 8 + "cc" * 8 + "dd" * 8 + "ee" * 8 + "ff" * 8 + "ee" * 8 + "aa" * 8)
SM4_SEALED = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    "83de3541e4c2b58177e065a9bf7b62ec"
)


def test_sm4_gcm_of_rfc_8998() -> None:
    assert crypto.sm4_seal(SM4_KEY, SM4_NONCE, SM4_TEXT, SM4_AAD) == SM4_SEALED
    assert crypto.sm4_open(SM4_KEY, SM4_NONCE, SM4_SEALED, SM4_AAD) == SM4_TEXT


@pytest.mark.parametrize("at", range(len(SM4_SEALED)))
def test_sm4_gcm_gives_nothing_out_before_the_tag_has_agreed(at: int) -> None:
    broken = bytearray(SM4_SEALED)
    broken[at] ^= 1
    with pytest.raises(DoesNotOpen):
        crypto.sm4_open(SM4_KEY, SM4_NONCE, bytes(broken), SM4_AAD)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17])
def test_sm4_gcm_refuses_what_is_too_short_or_cut(length: int) -> None:
    with pytest.raises(DoesNotOpen):
        crypto.sm4_open(SM4_KEY, SM4_NONCE, SM4_SEALED[:length], SM4_AAD)


def test_sm3_of_gb_t_32905() -> None:
    """Annex A of GB/T 32905-2016, both examples."""
    assert crypto.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert crypto.sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_hmac_sm3_is_rfc_2104_over_sm3() -> None:
    """Written out from RFC 2104: the block of SM3 is 64 bytes. Keys shorter and longer than a block."""
    for key in (b"k", bytes(range(37)), bytes(range(64)), bytes(200)):
        block = (crypto.sm3(key) if len(key) > 64 else key).ljust(64, b"\0")
        inner = crypto.sm3(bytes(byte ^ 0x36 for byte in block) + b"message")
        assert crypto.hmac_sm3(key, b"message") == crypto.sm3(bytes(byte ^ 0x5C for byte in block) + inner)
        assert crypto.Mac(key, chinese=True).of(b"message") == crypto.hmac_sm3(key, b"message")
        assert crypto.Mac(key).of(b"message") == crypto.hmac_sha256(key, b"message") != crypto.hmac_sm3(key, b"message")


def test_aes_gcm_siv_of_rfc_8452() -> None:
    """C.2, AEAD_AES_256_GCM_SIV: empty text, and eight bytes."""
    key, nonce = bytes.fromhex("01" + "00" * 31), bytes.fromhex("03" + "00" * 11)
    assert crypto.siv_seal(key, nonce, b"", b"").hex() == "07f5f4169bbf55a8400cd47ea6fd400f"
    sealed = crypto.siv_seal(key, nonce, bytes.fromhex("0100000000000000"), b"")
    assert sealed.hex() == "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"


def test_aes_gcm_of_nist() -> None:
    """Test case 16 of the GCM specification (McGrew and Viega), AES-256."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    text = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = crypto.gcm_seal(key, bytes.fromhex("cafebabefacedbaddecaf888"), text, SM4_AAD)
    assert sealed[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"
