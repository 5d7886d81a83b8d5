"""The bytes of a line: canonical JSON of codes, counts and hashes. Made once; what is stored is what is hashed."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable

import msgspec

from kexin.evidence.rules import merkle
from kexin.evidence.types import Entry
from kexin.foundation import canonical

VERSION = 1
_CODE = re.compile(r"[A-Za-z0-9_.:/#-]{0,96}")
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")
_AUDIT_ITEM = re.compile(r"(?:A[0-9]{2}(?:\.[0-9]{1,2})?)?")
#: Seven digits in a row can be a telephone number; in a uuid or a digest they are chance.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGEST = re.compile(r"[0-9a-f]{40,64}")
_NUMBER = re.compile(r"[0-9]{7,}")
_RELATIONS = ("", "own", "team", "foreign")
_DECISIONS = ("allow", "deny", "none")


class NotACode(ValueError):
    """A value of a line is not a code, an id or a hash: it could be personal data, and a line can never be erased."""


def _code(name: str, value: str) -> str:
    bare = _DIGEST.sub("", _UUID.sub("", value))
    if not _CODE.fullmatch(value) or _NUMBER.search(bare):
        raise NotACode(f"evidence {name} must be a short code or an id, not free text or a number of seven digits")
    return value


class Claims(msgspec.Struct, frozen=True):
    """What a stored line says of itself, as far as it is compared with what stands beside it."""

    id: str
    t_us: int
    event: str
    decision: str
    actor: str
    opens: int
    subjects: str
    subject_count: int
    payload: str


_CLAIMS = msgspec.json.Decoder(Claims)


def claims(stored: bytes) -> Claims:
    """Read a stored line; raises ValueError for what is none."""
    try:
        return _CLAIMS.decode(stored)
    except msgspec.MsgspecError as error:
        raise ValueError("not a line") from error


def audit_root(audit_ids: Iterable[uuid.UUID]) -> str:
    """Merkle root (hex) over the sorted distinct audit ids, "" for none: a line binds whom it touched without naming."""
    return packed_root(b"".join(sorted({audit_id.bytes for audit_id in audit_ids})))


def packed_root(packed: bytes) -> str:
    """The same over distinct ids that stand sorted one after the other, 16 bytes each."""
    leaves = [merkle.leaf_hash(packed[at : at + 16]) for at in range(0, len(packed), 16)]
    return merkle.root_of(leaves).hex() if leaves else ""


def build(
    entry: Entry, *, intake_id: uuid.UUID, t_us: int, instance: str, origin: str, actor: str, kind: str, purpose: str
) -> bytes:
    """The canonical bytes of one line. Raises NotACode for anything that is not a code, a count or a hash."""
    if entry.relation not in _RELATIONS or entry.decision not in _DECISIONS:
        raise NotACode("evidence relation or decision is not one of the known words")
    if not _SHA256.fullmatch(entry.rulebook) or not _SHA256.fullmatch(entry.document):
        raise NotACode("evidence rulebook and document are sha256 in hex")
    if not _AUDIT_ITEM.fullmatch(entry.audit_item):
        raise NotACode("evidence audit_item is A02 to A25")
    return canonical.dumps_plain(
        {
            "v": VERSION,
            "id": str(intake_id),
            "instance": instance,
            "origin": origin,
            "event": entry.event.value,
            "actor": actor,
            "kind": kind,
            "purpose": _code("purpose", purpose),
            "action": _code("action", entry.action),
            "decision": entry.decision,
            "rules": [_code("rule", rule) for rule in entry.rule_ids],
            "rulebook": entry.rulebook,
            "audit": entry.audit_item,
            "relation": entry.relation,
            "flags": sorted({flag.value for flag in entry.flags}),
            "subjects": audit_root(entry.audit_ids),
            "subject_count": len(set(entry.audit_ids)),
            "count": int(entry.count),
            "opens": int(entry.opens),
            "ref": _code("ref", entry.ref),
            "document": entry.document,
            "payload": hashlib.sha256(entry.payload).hexdigest() if entry.payload else "",
            "t_us": t_us,
        }
    )
