"""Talking to the witness: asking what it has seen, and showing it what is new."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from urllib.parse import quote

from kexin.evidence import keys
from kexin.evidence.rules import notes
from kexin.foundation import crypto

TIMEOUT_S = 3.0
#: Proxies are for the way out of the house; a witness is named by its own address.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class Unreachable(Exception):
    """The witness does not answer."""


class Contradicts(Exception):
    """The witness has seen something else."""


class UnknownKey(Contradicts):
    """The witness does not believe the key that signed; it may not have heard of a rotation."""


def _get(url: str) -> str | None:
    try:
        with _open(url, timeout=TIMEOUT_S) as answer:
            return str(answer.read(100_000).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 404:
            return None
        raise Unreachable(f"the witness answered {error.code}") from error
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise Unreachable("the witness does not answer") from error


def introduce(base: str) -> notes.Key:
    """Its key; believed on first contact, held to ever after (`keys.trust_witness`)."""
    known = keys.witnesses()
    if known:
        return known[0]
    text = _get(f"{base}/key")
    if text is None:
        raise Unreachable("the witness does not say its key")
    return keys.trust_witness(text)


def latest(base: str) -> str | None:
    """The note that the witness signed last for this ledger, checked; None when it has seen nothing."""
    note = _get(f"{base}/checkpoint?origin={quote(keys.ring().origin, safe='')}")
    if note is not None:
        check(note)
    return note


def check(note: str) -> notes.Checkpoint:
    """The checkpoint inside a cosigned note; raises Contradicts unless both signatures are believed."""
    try:
        checkpoint = notes.read_checkpoint(notes.split(note)[0])
        ours = keys.signer(note)
        theirs = notes.signed_by(note, keys.witnesses(), crypto.signature_holds)
    except notes.BadNote as error:
        raise Contradicts(f"the witness's note is malformed: {error}") from error
    if ours is None or theirs is None:
        raise Contradicts("the witness's note is not signed by this ledger and by a trusted witness")
    if checkpoint.origin != keys.ring().origin:
        raise Contradicts(f"the witness's note is of {checkpoint.origin}")
    return checkpoint


def submit(base: str, *, old: int, path: list[bytes], note: str) -> str:
    """Show a newer checkpoint; answers the cosigned note. Raises Contradicts when the witness refuses.

    A witness that does not know the key (403) is told who handed over to it, and asked once more.
    """
    proof = "".join(base64.b64encode(value).decode() + "\n" for value in path)
    shown = f"old {old}\n{proof}\n{note}".encode()
    try:
        cosigned = note + _post(f"{base}/add-checkpoint", shown)
    except UnknownKey:
        _post(f"{base}/add-keys", json.dumps(keys.trust()).encode())
        cosigned = note + _post(f"{base}/add-checkpoint", shown)
    check(cosigned)
    return cosigned


def _post(url: str, data: bytes) -> str:
    try:
        with _open(urllib.request.Request(url, data=data, method="POST"), timeout=TIMEOUT_S) as answer:
            return str(answer.read(10_000).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        reason = error.read(200).decode("utf-8", "replace").strip()
        error.close()
        refusal = UnknownKey if error.code == 403 else Contradicts
        raise refusal(f"the witness refused ({error.code}): {reason}") from error
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise Unreachable("the witness does not answer") from error
