"""Canonical bytes of a JSON value: what is signed, hashed and sealed is stored as these bytes and never rebuilt."""

from __future__ import annotations

import json
from typing import Any

import msgspec

#: One encoder for all: `json.dumps` with these arguments would make a new one for every call.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def dumps(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8, no NaN: the same value always gives the same bytes (in the spirit of RFC 8785).

    Raises TypeError for values that JSON does not know (datetimes included: write them as text first) and
    ValueError for NaN and infinities.
    """
    return _ENCODER.encode(value).encode("utf-8")


_PLAIN = msgspec.json.Encoder(order="sorted")


def dumps_plain(value: Any) -> bytes:
    """The same bytes as `dumps`, ten times as fast, for maps and lists of text, whole numbers, true, false and nothing.
    The caller knows that there is no fraction and no other type inside: those would be written in another way."""
    return _PLAIN.encode(value)


def loads(data: bytes) -> Any:
    """Read canonical bytes back."""
    return json.loads(data.decode("utf-8"))


def length_prefixed(*parts: bytes) -> bytes:
    """Join byte strings so that no two different lists give the same bytes: uint32 length before each part."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
