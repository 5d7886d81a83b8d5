"""The seal: opens in its own place, under its own key, whole, or not at all (I2)."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import replace

import pytest

from kexin.foundation import crypto
from kexin.foundation.crypto import DoesNotOpen
from kexin.vault import sealing
from kexin.vault.sealing import SUITE_GCM_DERIVED, SUITE_SIV, SUITE_SM4, SUITES, Place

pytestmark = pytest.mark.no_db

KEY = bytes(range(32))
VALUES = {"name": "欧阳𠮷·阿卜杜拉", "mobile": "13812345678"}


def place(**changes: object) -> Place:
    whole = Place(
        installation=uuid.UUID(int=1),
        entity="identity",
        entity_id=uuid.UUID(int=2),
        subject_id=uuid.UUID(int=3),
        grade=3,
        ver=7,
        key_gen=1,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("suite", SUITES)
def test_what_was_sealed_opens_in_its_place(suite: int) -> None:
    envelope = sealing.seal_values(key=KEY, place=place(), values=VALUES, suite=suite)
    assert envelope[0] == suite
    assert b"13812345678" not in envelope
    assert sealing.open_values(key=KEY, place=place(), envelope=envelope, suite=suite) == VALUES


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    "moved",
    [
        {"installation": uuid.UUID(int=9)},
        {"entity": "display"},
        {"entity_id": uuid.UUID(int=9)},
        {"subject_id": uuid.UUID(int=9)},
        {"grade": 2},
        {"ver": 6},
        {"key_gen": 2},
    ],
)
def test_it_opens_in_no_other_place(suite: int, moved: dict[str, object]) -> None:
    envelope = sealing.seal_values(key=KEY, place=place(), values=VALUES, suite=suite)
    with pytest.raises(DoesNotOpen):
        sealing.open_values(key=KEY, place=place(**moved), envelope=envelope, suite=suite)


@pytest.mark.parametrize("suite", SUITES)
def test_every_flipped_byte_is_noticed(suite: int) -> None:
    envelope = sealing.seal_values(key=KEY, place=place(), values=VALUES, suite=suite)
    for at in range(len(envelope)):
        broken = bytearray(envelope)
        broken[at] ^= 0x01
        with pytest.raises(DoesNotOpen):
            sealing.open_values(key=KEY, place=place(), envelope=bytes(broken), suite=suite)


@pytest.mark.parametrize("suite", SUITES)
def test_every_cut_is_noticed(suite: int) -> None:
    envelope = sealing.seal_values(key=KEY, place=place(), values=VALUES, suite=suite)
    for length in range(len(envelope)):
        with pytest.raises(DoesNotOpen):
            sealing.open_values(key=KEY, place=place(), envelope=envelope[:length], suite=suite)


def test_a_row_that_names_another_suite_does_not_open() -> None:
    for sealed, named in [*itertools.permutations(SUITES, 2), *((suite, 4) for suite in SUITES)]:
        envelope = sealing.seal_values(key=KEY, place=place(), values=VALUES, suite=sealed)
        for forged in (envelope, bytes((named,)) + envelope[1:]):
            with pytest.raises(DoesNotOpen):
                sealing.open_values(key=KEY, place=place(), envelope=forged, suite=named)


def test_the_associated_data_of_two_places_is_never_the_same_bytes() -> None:
    assert place(entity="ab").aad(1) != place(entity="a").aad(1)
    assert len({place(ver=ver, key_gen=gen, grade=grade).aad(suite)
                for ver in range(4) for gen in range(4) for grade in range(1, 5) for suite in SUITES}) == 64 * len(SUITES)  # fmt: skip


def test_sizes_tell_only_their_step() -> None:
    sizes = {len(sealing.pad(bytes(count))) for count in range(0, 9000, 7)}
    assert sizes == {64, 256, 1024, 4096, 8192, 12288}
    for count in (0, 1, 59, 60, 61, 252, 253, 4091, 4092, 4093):
        assert sealing.unpad(sealing.pad(b"x" * count)) == b"x" * count


def test_a_frame_that_lies_is_refused() -> None:
    good = bytearray(sealing.pad(b"abc"))
    good[-1] = 1
    for frame in (b"", b"\0\0", bytes(good), (99).to_bytes(4, "big") + bytes(60)):
        with pytest.raises(DoesNotOpen):
            sealing.unpad(frame)


@pytest.mark.parametrize("suite", SUITES)
def test_no_nonce_or_salt_repeats_under_one_key(suite: int) -> None:
    size = 13 if suite == SUITE_SIV else 25
    heads = {sealing.seal_bytes(key=KEY, place=place(), plaintext=b"x", suite=suite)[:size] for _ in range(20_000)}
    assert len(heads) == 20_000


@pytest.mark.parametrize("derived", [SUITE_SM4, SUITE_GCM_DERIVED])
def test_a_generator_that_repeats_itself_harms_nothing(derived: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suite 1 stays distinct for distinct texts and places; suites 2 and 3 refuse."""
    monkeypatch.setattr(crypto, "random_bytes", lambda count: bytes(count))
    seals = {
        sealing.seal_bytes(key=KEY, place=place(ver=ver), plaintext=bytes((text,)))[13:]
        for ver in range(10)
        for text in range(10)
    }
    assert len(seals) == 100
    monkeypatch.setattr(sealing, "_last_salt", b"")
    sealing.seal_bytes(key=KEY, place=place(), plaintext=b"a", suite=derived)
    with pytest.raises(sealing.RandomnessBroken):
        sealing.seal_bytes(key=KEY, place=place(), plaintext=b"b", suite=derived)


def test_commitments_tell_keys_apart_and_hide_them() -> None:
    other = bytes(reversed(KEY))
    assert sealing.commitment(KEY) != sealing.commitment(other)
    assert len(sealing.commitment(KEY)) == 16 and sealing.commitment(KEY) not in KEY


@pytest.mark.parametrize("suite", SUITES)
def test_a_wrapped_key_opens_under_its_suite_alone(suite: int) -> None:
    wrapped = sealing.wrap(key=KEY, aad=b"here", plaintext=KEY[::-1], suite=suite)
    assert sealing.unwrap(key=KEY, aad=b"here", wrapped=wrapped, suite=suite) == KEY[::-1]
    elsewhere = [{"aad": b"there"}, {"key": bytes(32)}, *({"suite": other} for other in (*SUITES, 4) if other != suite)]
    for moved in elsewhere:
        with pytest.raises(DoesNotOpen):
            sealing.unwrap(**{"key": KEY, "aad": b"here", "wrapped": wrapped, "suite": suite, **moved})  # type: ignore[arg-type]
    for at in range(len(wrapped)):
        broken = bytearray(wrapped)
        broken[at] ^= 0x80
        with pytest.raises(DoesNotOpen):
            sealing.unwrap(key=KEY, aad=b"here", wrapped=bytes(broken), suite=suite)


def test_the_hash_of_suite_2_is_sm3_everywhere_and_that_of_the_others_is_not() -> None:
    commitments = {suite: sealing.commitment(KEY, suite=suite) for suite in SUITES}
    assert commitments[SUITE_SIV] == commitments[SUITE_GCM_DERIVED] != commitments[SUITE_SM4]
    assert commitments[SUITE_SM4] == crypto.hmac_sm3(KEY, b"kexin commit")[:16]


def test_a_value_too_long_for_an_envelope_is_refused() -> None:
    with pytest.raises(ValueError, match="1 MiB"):
        sealing.seal_bytes(key=KEY, place=place(), plaintext=bytes(sealing.MAX_PLAINTEXT_BYTES + 1))
