"""Primitives against the vectors of their standards, and against each flipped bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.foundation import crypto


def test_gcm_siv_matches_rfc_8452_appendix_c2():
    key = bytes.fromhex("01" + "00" * 31)
    nonce = bytes.fromhex("03" + "00" * 11)
    sealed = crypto.siv_seal(key, nonce, bytes.fromhex("0100000000000000"), b"")
    assert sealed.hex() == "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"


def test_ed25519_matches_rfc_8032_test_1():
    private = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert crypto.public_key(private) == public
    signature = crypto.sign(private, b"")
    assert signature.hex().startswith("e5564300c360ac729086e2cc806e828a")
    assert crypto.signature_holds(public, signature, b"") and not crypto.signature_holds(public, signature, b"x")


@pytest.mark.parametrize(("seal", "open_"), [(crypto.siv_seal, crypto.siv_open), (crypto.gcm_seal, crypto.gcm_open)])
@given(text=st.binary(min_size=1, max_size=40), aad=st.binary(max_size=10), position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_or_another_place_never_opens(seal, open_, text, aad, position, bit):
    key, nonce = crypto.random_bytes(32), crypto.random_bytes(12)
    sealed = seal(key, nonce, text, aad)
    assert open_(key, nonce, sealed, aad) == text
    damaged = bytearray(sealed)
    damaged[position % len(damaged)] ^= 1 << bit
    for wrong in ((key, nonce, bytes(damaged), aad), (key, nonce, sealed, aad + b"x"), (crypto.random_bytes(32), nonce, sealed, aad)):
        with pytest.raises(crypto.DoesNotOpen):
            open_(*wrong)
    with pytest.raises(crypto.DoesNotOpen):
        open_(key, nonce, sealed[:10], aad)
